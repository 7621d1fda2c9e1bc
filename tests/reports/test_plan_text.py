"""A plan as people read it: every kind of change, 80 columns, no escape codes."""

import pytest
from msgspec.structs import replace
from rich.cells import cell_len

from tests.test_plan import SAMPLE, failed, report
from zmward.change import (
    Change,
    FileText,
    InstallPackage,
    Mode,
    SetAttr,
    SetCrontab,
    SetLocalConfig,
    SetMode,
    SetUnit,
    UnitState,
    WriteFile,
)
from zmward.plan import Left, plan
from zmward.reports.plan_text import render

NODE = "mail.example.com"
ON = UnitState(enabled=True, active=True)
OFF = UnitState(enabled=False, active=False)
KINDS: dict[str, tuple[Change, tuple[str, ...]]] = {
    "attribute": (
        SetAttr("global", "zimbraMailTrustedIP", ("192.0.2.1",), ("192.0.2.1", "192.0.2.2")),
        ("1 value stays", "+ 192.0.2.2", "$ zmprov mcf zimbraMailTrustedIP 192.0.2.1"),
    ),
    "quoted": (
        SetAttr("cos:a b'c", "zimbraImapEnabled", None, ("FALSE",)),
        ("$ zmprov mc 'a b'\"'\"'c' zimbraImapEnabled FALSE",),
    ),
    "localconfig": (
        SetLocalConfig(NODE, "zimbra_same_site_cookie", None, "Lax"),
        (
            "- (not set here: what is inherited is in force)",
            "$ zmlocalconfig -e zimbra_same_site_cookie=Lax",
            "undo $ zmlocalconfig -u zimbra_same_site_cookie",
            "we restart mailbox, once at the end",
        ),
    ),
    "empty": (
        SetLocalConfig(NODE, "zimbra_feed_manager_whitelist", "10.0.0.0/8", ""),
        ("- 10.0.0.0/8", "+ (empty)"),
    ),
    "file": (
        WriteFile(NODE, "/etc/chrony/conf.d/zmward.conf", FileText("a\nb\n"), FileText("a\nc\n")),
        ("@ line 1", "- b", "+ c", "undo $ install -m 0644 /dev/stdin"),
    ),
    "new file": (
        WriteFile(NODE, "/etc/chrony/conf.d/zmward.conf", None, FileText("a\n")),
        ("- (no such file)", "+ 0644 root:root", "undo $ rm -- /etc/chrony"),
    ),
    "mode": (
        SetMode(NODE, "/opt/zimbra/conf", Mode(0o777, "root", "root"), Mode(0o755, "zimbra", "zimbra")),
        ("- 0777 root:root", "+ 0755 zimbra:zimbra", "$ chmod 0755 -- /opt/zimbra/conf"),
    ),
    "crontab": (
        SetCrontab(NODE, "zimbra", "a\n", "a\nb\n"),
        ("+ b", "$ crontab -u zimbra -"),
    ),
    "unit": (
        SetUnit(NODE, "ntp.service", ON, OFF),
        ("- enabled, running", "+ disabled, stopped", "undo $ systemctl enable ntp.service"),
    ),
    "package": (
        InstallPackage(NODE, "pax", "apt"),
        (f"{NODE} · package pax", "+ installed", "$ apt-get install -y --no-install-recommends pax", "undo: what was installed stays"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_shows_its_difference_command_and_way_back(kind: str) -> None:
    change, said = KINDS[kind]
    text = render(plan(report(failed("a", change))))
    for words in said:
        assert words in text, text
    assert "users will notice: Somebody notices." in text


def test_lines_keep_their_width_but_for_commands() -> None:
    text = render(plan(SAMPLE, allowed=lambda _: True))
    for line in text.splitlines():
        assert cell_len(line) <= 80 or "$ " in line, line
    assert "\x1b" not in text


def test_colours_say_nothing_that_the_signs_do_not() -> None:
    found = plan(SAMPLE)
    colored = render(found, color=True)
    assert "\x1b[" in colored
    assert "\x1b" not in render(found)


def test_text_from_servers_steers_no_terminal() -> None:
    cure = SetAttr("cos:\u202eevil", "zimbraMailTrustedIP", ("\x1b[2J",), ("\x07",))
    cure = replace(cure, target="global")
    text = render(plan(report(failed("a\x1b[2J", cure))))
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "\\x1b" in text


def test_an_empty_plan_says_so() -> None:
    assert "Changes              0\n" in render(plan(report()))


def test_the_same_change_of_several_objects_is_shown_once() -> None:
    cures = [
        SetAttr(f"cos:{name}", "zimbraImapEnabled", ("TRUE",), ("FALSE",))
        for name in ("one", "two")
    ]
    text = render(plan(report(failed("a", *cures))))
    assert text.count("+ FALSE") == 1
    for name in ("one", "two"):
        assert f"cos:{name} · zimbraImapEnabled" in text
        assert f"$ zmprov mc {name} zimbraImapEnabled FALSE" in text
        assert f"undo $ zmprov mc {name} zimbraImapEnabled TRUE" in text


HANDS = tuple(Left(f"control-{n}", f"Do thing {n} by hand.") for n in range(120))
DECISION = Left("imap-off", "can hurt users of IMAP; plan it by name: --only imap-off")
CONFLICT = Left("b", "conflict: x on global: a, b")


def test_many_reasons_do_not_bury_the_plan() -> None:
    found = replace(plan(SAMPLE), left=(*HANDS, DECISION, CONFLICT))
    text = render(found)
    assert "Do thing 7 by hand." not in text
    assert "control-119" in text
    assert "`--all` or `zmward explain ID` says how" in text
    assert "users of IMAP" in text
    assert "conflict: x on global" in text
    assert (
        text.index("conflict") < text.index("users of IMAP") < text.index("control-1")
    )
    assert (
        len(text.splitlines()) < len(render(replace(found, left=())).splitlines()) + 60
    )


def test_all_of_them_are_shown_when_asked_for() -> None:
    found = replace(plan(SAMPLE), left=HANDS)
    text = render(found, everything=True)
    assert all(row.control in text for row in HANDS)
    assert "Do thing 7 by hand." in text


def test_a_few_reasons_are_all_shown() -> None:
    text = render(replace(plan(SAMPLE), left=HANDS[:2]))
    assert "Do thing 0 by hand." in text


def test_the_page_of_one_change() -> None:
    cure = SetAttr("global", "zimbraMtaTlsAuthOnly", ("FALSE",), ("TRUE",))
    found = plan(
        report(failed("tls-only", cure, locks_out="old clients")), only=["tls-only"]
    )
    assert render(found) == """\
mail.example.com · Zimbra 10.1.20 · 2026-11-21 12:00 UTC
Changes              1: 1 for you to decide
zmconfigd restarts   mta, by itself
Can hurt             read who: 1 change can shut somebody out
Nodes reached        1: mail.example.com
Nothing has been changed: this only shows.
zmprov and zmlocalconfig run as user zimbra, the rest as root.
Numbers say in which order it is done.

Needs your decision · somebody may be shut out: read who
  • tls-only is so
    tls-only
    users will notice: Somebody notices.
    can hurt: old clients
    1 global · zimbraMtaTlsAuthOnly
        - FALSE
        + TRUE
        $ zmprov mcf zimbraMtaTlsAuthOnly TRUE
        undo $ zmprov mcf zimbraMtaTlsAuthOnly FALSE
        zmconfigd renders main.cf, master.cf, postfix_header_checks on
        mail.example.com
        zmconfigd then restarts mta by itself

Keep it with --output FILE, then: `zmward apply FILE`.
"""  # fmt: skip
