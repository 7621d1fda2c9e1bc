"""The refusals of zmprov: same code over LDAP and over SOAP, and nothing changed."""

import pytest
from lab.node import Lab

from tests.lab.zimbra_tools import Tool, tool

# They are about the lab itself: what it stands in for changes seldom.
pytestmark = [pytest.mark.lab, pytest.mark.proof]

MODES = pytest.mark.parametrize("mode", [("-l",), ()], ids=["ldap", "soap"])

# what was tried -> command, code, text: the table of the captured outputs
REFUSALS = {
    "unknown attribute": (
        ("mcf", "zimbraNoSuchAttr", "x"),
        "account.INVALID_ATTR_NAME",
        "zimbraNoSuchAttr: attribute type undefined",
    ),
    "bad long": (
        ("mcf", "zimbraMtaMaxMessageSize", "abc"),
        "account.INVALID_ATTR_VALUE",
        "(zimbraMtaMaxMessageSize must be a valid long: abc)",
    ),
    "bad boolean": (
        ("mcf", "zimbraMtaTlsAuthOnly", "yes"),
        "account.INVALID_ATTR_VALUE",
        "(zimbraMtaTlsAuthOnly must be TRUE or FALSE)",
    ),
    "bad boolean, case matters": (
        ("mcf", "zimbraMtaTlsAuthOnly", "true"),
        "account.INVALID_ATTR_VALUE",
        "(zimbraMtaTlsAuthOnly must be TRUE or FALSE)",
    ),
    "bad enum": (
        ("mcf", "zimbraMtaTlsSecurityLevel", "encrypt"),
        "account.INVALID_ATTR_VALUE",
        "(zimbraMtaTlsSecurityLevel must be one of: may,none)",
    ),
    "bad duration": (
        ("mc", "default", "zimbraAuthTokenLifetime", "1y"),
        "account.INVALID_ATTR_VALUE",
        "(zimbraAuthTokenLifetime Must be in valid duration format: {digits}",
    ),
    "below minimum": (
        ("mc", "default", "zimbraPasswordMinLength", "-5"),
        "account.INVALID_ATTR_VALUE",
        "(zimbraPasswordMinLength value(-5) smaller than minimum allowed: 0)",
    ),
    "COS attribute on config": (
        ("mcf", "zimbraPasswordMinLength", "9"),
        "service.FAILURE",
        "attribute 'zimbraPasswordMinLength' not allowed",
    ),
    "immutable": (
        ("mc", "default", "zimbraId", "x"),
        "service.INVALID_REQUEST",
        "(invalid request: zimbraId is immutable)",
    ),
    "two relay hosts": (
        ("mcf", "zimbraMtaRelayHost", "a:25", "zimbraMtaRelayHost", "b:25"),
        "service.INVALID_REQUEST",
        "(invalid request: zimbraMtaRelayHost can only have one value)",
    ),
    "too long": (
        ("ma", "user001@example.test", "zimbraPrefMailSignature", "x" * 10241),
        "service.INVALID_REQUEST",
        "zimbraPrefMailSignature is longer than the limited value 10240)",
    ),
    "no such COS": (
        ("gc", "nobody"),
        "account.NO_SUCH_COS",
        "(no such cos: nobody)",
    ),
    "no such domain": (
        ("gd", "nobody.test"),
        "account.NO_SUCH_DOMAIN",
        "(no such domain: nobody.test)",
    ),
    "no such server": (
        ("gs", "nobody"),
        "account.NO_SUCH_SERVER",
        "(no such server: nobody)",
    ),
    "no such account": (
        ("ga", "nobody@example.test"),
        "account.NO_SUCH_ACCOUNT",
        "(no such account: nobody@example.test)",
    ),
    "password policy": (
        ("sp", "user001@example.test", "a"),
        "account.INVALID_PASSWORD",
        "(invalid password: too short)",
    ),
    "name with and without a sign": (
        ("mcf", "zimbraMtaRelayHost", "a:25", "+zimbraMtaRelayHost", "b:25"),
        "service.INVALID_REQUEST",
        "can't mix +attrName/-attrName with attrName",
    ),
}


@pytest.fixture
def zmprov(lab_default: Lab) -> Tool:
    return tool(lab_default, "zmprov")


@MODES
@pytest.mark.parametrize("tried", REFUSALS)
def test_each_refusal_has_its_code_and_text(
    zmprov: Tool, mode: tuple[str, ...], tried: str
) -> None:
    words, code, text = REFUSALS[tried]
    done = zmprov(*mode, *words)
    assert (done.returncode, done.stdout) == (2, "")
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"ERROR: {code} (")
    assert text in last


def test_a_bad_login_is_refused(zmprov: Tool) -> None:
    """Quote: bad login: account.AUTH_FAILED, authentication failed for [...]."""
    done = zmprov("-a", "admin@example.test", "-p", "wrong", "gac")
    assert done.returncode == 2
    wanted = "account.AUTH_FAILED (authentication failed for [admin@example.test])"
    assert done.stderr == f"ERROR: {wanted}\n"


@MODES
def test_one_good_and_one_bad_attribute_change_nothing(
    zmprov: Tool, mode: tuple[str, ...]
) -> None:
    """Quote: A request with one good and one bad attribute changes nothing."""
    good = ("zimbraSmtpSendAddMailer", "FALSE")
    for bad in (("zimbraMtaTlsAuthOnly", "yes"), ("zimbraPasswordMinLength", "9")):
        assert zmprov(*mode, "mcf", *good, *bad).returncode == 2
        shown = zmprov("-l", "gcf", "zimbraSmtpSendAddMailer").stdout
        assert shown == "zimbraSmtpSendAddMailer: TRUE\n"


def test_guarded_lists_are_replaced_with_r_only(zmprov: Tool) -> None:
    words = ("ms", "mail.example.test", "zimbraServiceEnabled", "mailbox")
    done = zmprov("-l", *words)
    assert done.returncode == 2
    assert "unless -r is specified" in done.stderr
    shown = zmprov("-l", "gs", "-e", "mail.example.test", "zimbraServiceEnabled").stdout
    assert "zimbraServiceEnabled: mta\n" in shown


@MODES
def test_closing_an_account_takes_it_from_its_lists(
    zmprov: Tool, mode: tuple[str, ...]
) -> None:
    """Quote: closed removes the account from all distribution lists."""
    member, group = "user010@example.test", "all-staff@example.test"
    zmprov("-l", "ma", member, "zimbraAccountStatus", "active")
    done = zmprov(*mode, "ma", member, "zimbraAccountStatus", "closed")
    shown = zmprov("-l", "ga", member, "zimbraMailStatus", "zimbraAccountStatus").stdout
    members = zmprov("-l", "gdl", group, "cn").stdout
    zmprov(*mode, "ma", member, "zimbraAccountStatus", "active")
    zmprov("fc", "all")
    assert done.returncode == 0
    assert "zimbraAccountStatus: closed\nzimbraMailStatus: disabled\n" in shown
    assert members.startswith(f"# distributionList {group} memberCount=")
    assert member not in members
    assert "user020@example.test" in members
