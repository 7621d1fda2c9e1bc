"""Filters that are pasted everywhere, and what they are worth."""

import pytest

from zmward.bans.foreign import Flaw, flaws

AUDIT = "/opt/zimbra/log/audit.log"
MAILBOX = "/opt/zimbra/log/mailbox.log"
SYSLOG = "/var/log/zimbra.log"


def of(expression: str, *logs: str, more: str = "") -> set[Flaw] | None:
    found = flaws(f"{more}[Definition]\nfailregex = {expression}\n", logs)
    return None if found is None else set(found)


@pytest.mark.parametrize(
    ("expression", "log", "wanted"),
    [
        (
            (
                r"INFO .*;oip=<HOST>;.* SoapEngine - handler exception: authentication "
                r"failed for .*, invalid password$"
            ),
            MAILBOX,
            {"fooled"},
        ),
        (
            (
                r"INFO .*;ip=<HOST>;.* SoapEngine - handler exception: authentication "
                r"failed for .*, invalid password$"
            ),
            MAILBOX,
            {"fooled"},
        ),
        (r"^.*oip=<HOST>[,;].*error=authentication failed", AUDIT, {"fooled"}),
        (r"\[ip=<HOST>;.*security - cmd=Auth; .* error=", AUDIT, {"proxy"}),
        (r"cmd=AdminAuth; account=.*; error=auth.* for <HOST>", AUDIT, {"deaf"}),
        (
            (
                r"postfix\/submission\/smtpd\[\d+\]: warning: .*\[<HOST>\]: SASL \w+ "
                r"authentication failed: authentication failure$"
            ),
            SYSLOG,
            set(),
        ),
        (
            (
                r"postfix\/submission\/smtpd\[\d+\]: warning: .*\[<HOST>\]: SASL \w+ "
                r"authentication failed: nothing else$"
            ),
            SYSLOG,
            {"deaf"},
        ),
    ],
)
def test_a_filter_is_worth_what_it_finds(
    expression: str, log: str, wanted: set[Flaw]
) -> None:
    assert of(expression, log) == wanted


def test_whoever_reads_what_clients_write_whole_lines_into_is_fooled() -> None:
    """The filter is right about each line; the line is a client's."""
    begin = r"\[name=[^;\]]*;ip=<HOST>;port=\d+;soapId=1;\] "
    web = f"{begin}SoapEngine - handler exception: authentication failed"
    assert of(web, MAILBOX) == {"fooled"}
    log_in = f"[Definition]\nfailregex = {begin}security - cmd=Auth;\n"
    assert flaws(log_in, [AUDIT]) == frozenset()
    assert flaws(log_in, [AUDIT], unknown_logged=True) == frozenset(("fooled",))
    assert flaws(log_in, [SYSLOG], unknown_logged=True) == frozenset(("deaf",))


@pytest.mark.parametrize(
    "expression",
    [
        r"%(__prefix_line)s SASL <HOST>",
        r"(?:a+)+ SASL <HOST>",
        r"SASL (unfinished <HOST>",
        r"SASL <HOST> <F-USER>x</F-USER> <HOST>",
        r"NOQUEUE: reject: RCPT from .*\[<HOST>\]",
        "SASL <HOST>" + "x" * 3000,
    ],
)
def test_what_cannot_be_tried_is_not_known(expression: str) -> None:
    assert of(expression, SYSLOG) is None


def test_other_logs_and_included_filters_are_not_known() -> None:
    assert of(r"SASL <HOST>", "/var/log/auth.log") is None
    assert of(r"SASL <HOST>", SYSLOG, more="[INCLUDES]\nbefore = x.conf\n") is None
    assert flaws("no section\n", [SYSLOG]) is None
    for other in ("ignoreregex = oproto", "prefregex = ^x <F-CONTENT>.+</F-CONTENT>"):
        text = f"[Definition]\nfailregex = SASL <HOST>\n{other}\n"
        assert flaws(text, [SYSLOG]) is None
