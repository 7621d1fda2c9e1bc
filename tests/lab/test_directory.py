"""slapd on a node: what it refuses and shows, as a real Zimbra directory does."""

import pytest
from lab.node import Lab
from lab.tree.identity import USER_PASSWORD

from tests.lab.zimbra_tools import Done, tool

pytestmark = pytest.mark.lab

CONFIG = "cn=config,cn=zimbra"
ADMIN = "uid=zimbra,cn=admins,cn=zimbra"
USER = "uid=user001,ou=people,dc=example,dc=test"
URL = "ldap://mail.example.test:389"
NO_SUCH_OBJECT = 32
INVALID_CREDENTIALS = 49


@pytest.fixture(scope="module")
def password(lab_default: Lab) -> str:
    run = tool(lab_default, "zmlocalconfig")
    return run("-s", "-m", "nokey", "zimbra_ldap_password").stdout.strip()


def _search(lab: Lab, *words: str, binding: tuple[str, str] | None = None) -> Done:
    bound = ["-D", binding[0], "-w", binding[1]] if binding else []
    program = "/opt/zimbra/common/bin/ldapsearch"
    return lab.run("mail", [program, "-x", "-LLL", "-H", URL, *bound, *words])


def _modify(lab: Lab, password: str, change: str, dn: str = CONFIG) -> Done:
    program = "/opt/zimbra/common/bin/ldapmodify"
    argv = [program, "-x", "-H", URL, "-D", ADMIN, "-w", password]
    return lab.run("mail", argv, given=f"dn: {dn}\nchangetype: modify\n{change}\n")


def _value(lab: Lab, password: str, name: str) -> str:
    words = ("-b", CONFIG, "-s", "base", "(objectClass=*)", name)
    return _search(lab, *words, binding=(ADMIN, password)).stdout


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("replace: zimbraMtaTlsAuthOnly\nzimbraMtaTlsAuthOnly: true", 21),
        ("replace: zimbraMtaMaxMessageSize\nzimbraMtaMaxMessageSize: abc", 21),
        ("add: zimbraNoSuchAttr\nzimbraNoSuchAttr: x", 17),
        ("add: zimbraPasswordMinLength\nzimbraPasswordMinLength: 9", 65),
        ("add: zimbraMtaRestriction\nzimbraMtaRestriction: REJECT_NON_FQDN_SENDER", 20),
        ("delete: zimbraMtaRestriction\nzimbraMtaRestriction: absent", 16),
        ("delete: zimbraMtaRelayHost", 16),
        ("replace: zimbraMtaRelayHost", 0),
    ],
    ids=[
        "a boolean is TRUE or FALSE only",
        "integer syntax is checked",
        "an unknown attribute",
        "a COS attribute on config",
        "a present value, whatever its case",
        "an absent value",
        "an absent attribute",
        "a replacement by nothing",
    ],
)
def test_slapd_answers_with_the_code_of_the_real_one(
    lab_default: Lab, password: str, change: str, code: int
) -> None:
    assert _modify(lab_default, password, change).returncode == code


@pytest.mark.parametrize(
    ("change", "name", "stored"),
    [
        (
            "replace: zimbraMtaTlsSecurityLevel\nzimbraMtaTlsSecurityLevel: foo",
            "zimbraMtaTlsSecurityLevel",
            "foo",
        ),
        (
            "add: zimbraMtaRelayHost\nzimbraMtaRelayHost: a:25\nzimbraMtaRelayHost: b:25",
            "zimbraMtaRelayHost",
            "b:25",
        ),
        (
            "replace: zimbraMtaSmtpdTlsLoglevel\nzimbraMtaSmtpdTlsLoglevel: 99",
            "zimbraMtaSmtpdTlsLoglevel",
            "99",
        ),
    ],
    ids=["enum", "callback", "range"],
)
def test_slapd_stores_what_zimbra_alone_would_refuse(
    lab_default: Lab, password: str, change: str, name: str, stored: str
) -> None:
    """Quote: Enum is NOT checked by slapd, nor callbacks, nor min/max."""
    before = _value(lab_default, password, name).splitlines()[1:]
    assert _modify(lab_default, password, change).returncode == 0
    assert f"{name}: {stored}\n" in _value(lab_default, password, name)
    back = "\n".join([f"replace: {name}", *filter(None, before)])
    assert _modify(lab_default, password, back).returncode == 0


def test_a_wrong_password_is_49(lab_default: Lab) -> None:
    done = _search(lab_default, "-b", "", binding=(ADMIN, "wrong"))
    assert done.returncode == INVALID_CREDENTIALS


@pytest.mark.parametrize("base", [CONFIG, "dc=example,dc=test", "cn=zimbra"])
def test_anonymous_finds_no_such_object(lab_default: Lab, base: str) -> None:
    """Quote: Anonymous gets 32 noSuchObject, not 50."""
    done = _search(lab_default, "-b", base, "-s", "base")
    assert (done.returncode, done.stdout) == (NO_SUCH_OBJECT, "")


def test_the_root_is_the_suffix(lab_default: Lab, password: str) -> None:
    """Quote: suffix is "" (root), so base "" sub works with the admin DN."""
    done = _search(
        lab_default,
        "-b",
        "",
        "(objectClass=zimbraDomain)",
        "zimbraDomainName",
        binding=(ADMIN, password),
    )
    assert done.stdout.count("dn: ") == 3


def test_a_user_reads_the_address_book_and_no_more(lab_default: Lab) -> None:
    """Quote: A user can bind with his mail password as uid=user1,ou=people,..."""
    bound = (USER, USER_PASSWORD)
    done = _search(
        lab_default, "-b", "dc=example,dc=test", "(uid=user002)", binding=bound
    )
    assert "mail: user002@example.test" in done.stdout
    assert "zimbra" not in done.stdout.replace("objectClass: zimbra", "")
    assert "userPassword" not in done.stdout
    hidden = _search(lab_default, "-b", CONFIG, "-s", "base", binding=bound)
    assert hidden.returncode == NO_SUCH_OBJECT


def test_an_account_carries_only_its_own_values(
    lab_default: Lab, password: str
) -> None:
    done = _search(lab_default, "-b", USER, "-s", "base", binding=(ADMIN, password))
    assert "zimbraAuthTokenLifetime" not in done.stdout
    assert "zimbraMailDeliveryAddress: user001@example.test" in done.stdout


def test_anonymous_reads_the_address_book_of_the_careless(lab_careless: Lab) -> None:
    done = _search(lab_careless, "-b", "dc=example,dc=test", "(uid=user002)", "mail")
    assert "mail: user002@example.test" in done.stdout
    hidden = _search(lab_careless, "-b", CONFIG, "-s", "base")
    assert hidden.returncode == NO_SUCH_OBJECT
