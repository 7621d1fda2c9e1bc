"""The door past mailboxd: zmprov's words, its complaints, and what LDAP shows then."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engine.zimbra_home import Watched
from zmward.doors.host import Done
from zmward.doors.open_directory import READY, open_directory
from zmward.doors.soap_directory import SoapDirectory
from zmward.doors.zimbra_host import ZimbraHost, filtered
from zmward.doors.zmprov import ZmprovDirectory
from zmward.errors import Fault, NotZimbra, Refused

SURVEY = Done(
    0,
    b"key zimbra_server_hostname mail.example.test\n"
    b"key ldap_master_url ldap://mail.example.test:389\n"
    b"key ldap_url ldap://replica.example.test:389\n"
    b"key ldap_starttls_supported 1\n"
    b"curl /usr/bin/curl\n",
)
NAME = "zimbraMtaRelayHost"
CONFIG = "dn: cn=config,cn=zimbra\n"


def opened(*then: Done) -> tuple[ZmprovDirectory, Watched]:
    door = Watched(instead=[SURVEY, *then])
    return ZmprovDirectory(ZimbraHost(door, user="")), door


def ldif(*lines: str) -> Done:
    return Done(0, "\n".join(lines).encode() + b"\n")


# What zmprov -l prints for the mistakes of the captured outputs.
LONG = "unable to modify attributes: ldap host=127.0.0.1:13389"
COMPLAINTS = [
    (
        "account.INVALID_ATTR_NAME",
        (
            f"invalid attr name: invalid attr name - {LONG}: zimbraNoSuchAttr: attribute "
            "type undefined"
        ),
    ),
    (
        "account.INVALID_ATTR_VALUE",
        "zimbraMtaMaxMessageSize must be a valid long: abc",
    ),
    ("account.INVALID_ATTR_VALUE", "zimbraMtaTlsAuthOnly must be TRUE or FALSE"),
    (
        "account.INVALID_ATTR_VALUE",
        "zimbraMtaTlsSecurityLevel must be one of: may,none",
    ),
    (
        "account.INVALID_ATTR_VALUE",
        (
            "zimbraAuthTokenLifetime Must be in valid duration format: "
            "{digits}{time-unit}.  digits: 0-9, ..."
        ),
    ),
    (
        "account.INVALID_ATTR_VALUE",
        "zimbraPasswordMinLength value(-5) smaller than minimum allowed: 0",
    ),
    (
        "service.FAILURE",
        (
            "system failure: unable to modify attrs: object class violation - ... "
            "attribute 'zimbraPasswordMinLength' not allowed"
        ),
    ),
    ("service.INVALID_REQUEST", "invalid request: zimbraId is immutable"),
    (
        "service.INVALID_REQUEST",
        "invalid request: zimbraMtaRelayHost can only have one value",
    ),
    (
        "service.INVALID_REQUEST",
        "zimbraPrefMailSignature is longer than the limited value 10240",
    ),
    ("account.NO_SUCH_COS", "no such cos: X"),
    ("account.NO_SUCH_DOMAIN", "no such domain: X"),
    ("account.NO_SUCH_SERVER", "no such server: X"),
    ("account.NO_SUCH_ACCOUNT", "no such account: X"),
    ("account.INVALID_PASSWORD", "invalid password: too short"),
    ("account.AUTH_FAILED", "authentication failed for [admin@example.test]"),
]


@pytest.mark.parametrize("cause", ["", " (cause: com.example.Some (odd) message)"])
@pytest.mark.parametrize(("code", "text"), COMPLAINTS)
def test_every_complaint_is_a_typed_fault(code: str, text: str, cause: str) -> None:
    log = "2026-01-01 10:00:00 [main] WARN : checkValue: no attribute info\n"
    said = f"{log}ERROR: {code} ({text}){cause}\n".encode()
    door, _ = opened(Done(2, b"", said))
    with pytest.raises(Fault) as failure:
        door.write("global", {NAME: ("x",)})
    assert failure.value.fault == code
    assert failure.value.text == " ".join(text.split())
    assert door.unflushed == ()


@pytest.mark.parametrize("done", [Done(1, b"usage:  modifyConfig"), Done(124)])
def test_what_is_no_complaint_is_a_fault_too(done: Done) -> None:
    door, _ = opened(done)
    with pytest.raises(Fault) as failure:
        door.write("global", {NAME: ("x",)})
    assert failure.value.fault == f"zmprov.{done.code}"


def test_one_command_sets_all_and_ldap_is_asked_what_is_stored() -> None:
    stored = ldif(CONFIG + f"{NAME}: -x", "zimbraNotes:: YQpi")
    door, watched = opened(Done(0), stored)
    door.write("global", {NAME: ("-x",), "zimbraNotes": ("a\nb",)})
    words = ("mcf", NAME, "-x", "zimbraNotes", "a\nb")
    assert watched.calls[1] == ("/opt/zimbra/bin/zmprov", "-l", *words)
    search = watched.calls[2]
    # A replica may not have the new value yet.
    assert search[search.index("-H") + 1] == "ldap://mail.example.test:389"
    assert "-ZZ" in search


@pytest.mark.parametrize(
    ("target", "verb"),
    [
        ("server:mail.example.test", ("ms", "mail.example.test")),
        ("cos:default", ("mc", "default")),
        ("domain:example.test", ("md", "example.test")),
    ],
)
def test_unsetting_gives_an_empty_word(target: str, verb: tuple[str, ...]) -> None:
    door, watched = opened(Done(0), ldif("dn: cn=x"))
    door.write(target, {"zimbraNotes": None})
    assert watched.calls[1][2:] == (*verb, "zimbraNotes", "")


def test_a_guarded_list_is_replaced_by_leave() -> None:
    name = "zimbraServiceEnabled"
    door, watched = opened(Done(0), ldif("dn: cn=x", f"{name}: mta", f"{name}: ldap"))
    door.write("server:mail.example.test", {name: ("ldap", "mta")})
    assert watched.calls[1][1:3] == ("-l", "-r")


def test_a_value_that_zmprov_lost_is_noticed() -> None:
    door, _ = opened(Done(0), ldif(CONFIG))
    with pytest.raises(Fault) as failure:
        door.write("global", {NAME: ("x",)})
    assert failure.value.fault == "zmprov.not_stored"
    # Something may have been written all the same.
    assert door.unflushed == ("config",)


@pytest.mark.parametrize("value", ["--", "x" * (128 * 1024)])
def test_words_that_zmprov_would_lose_are_refused(value: str) -> None:
    door, watched = opened()
    with pytest.raises(Refused):
        door.write("global", {NAME: (value,)})
    assert len(watched.calls) == 1


@pytest.mark.parametrize(
    "entry",
    [
        (
            "dn: uid=u,ou=people,dc=example,dc=test",
            "uid: u",
            "zimbraIsSystemAccount: TRUE",
        ),
        (
            "dn: uid=u,ou=people,dc=example,dc=test",
            "uid: u",
            "zimbraCalResType: Equipment",
        ),
        ("dn: uid=u,cn=admins,cn=zimbra", "uid: u"),
        ("dn: uid=u,cn=appaccts,cn=zimbra", "uid: u"),
        ("dn: uid=real,ou=people,dc=example,dc=test", "uid: real"),
        ("dn: uid=u,ou=people,dc=other,dc=test", "uid: u"),
    ],
)
def test_zimbras_own_accounts_and_other_names_are_refused(
    entry: tuple[str, ...],
) -> None:
    door, watched = opened(ldif(*entry))
    with pytest.raises(Refused):
        door.write("account:u@example.test", {"zimbraNotes": ("x",)})
    assert len(watched.calls) == 2


def test_what_was_not_flushed_is_kept_until_mailboxd_answers() -> None:
    down = Done(2, b"", b"ERROR: zclient.IO_ERROR (invoke Connection refused)")
    door, watched = opened(Done(0), ldif(CONFIG + f"{NAME}: x"), down, Done(0))
    door.write("global", {NAME: ("x",)})
    door.flush(("cos",))
    assert list(door.unflushed) == ["config", "cos"]
    door.close()
    assert watched.calls[-1][1:] == ("fc", "-a", "config,cos")
    assert not door.unflushed


@pytest.mark.parametrize("code", [49, 255])
def test_a_directory_that_does_not_answer_is_a_fault(code: int) -> None:
    door, _ = opened(Done(code, b"", b"ldap_bind: no"))
    with pytest.raises(Fault) as failure:
        door.read("global", (NAME,))
    assert failure.value.fault == f"ldap.{code}"


@pytest.mark.parametrize("done", [Done(32), Done(0)])
def test_a_missing_object_is_a_typed_fault(done: Done) -> None:
    door, _ = opened(done)
    with pytest.raises(Fault) as failure:
        door.read("cos:none", (NAME,))
    assert failure.value.fault == "account.NO_SUCH_COS"


def test_names_cannot_steer_a_search() -> None:
    assert filtered("cn", "a*(b)\\") == "(cn=a\\2a\\28b\\29\\5c)"


NOBODY, RUNS, STOPPED = [Done(7)] * 4, Done(0), Done(1)
LOGIN = [SURVEY, ldif(CONFIG + "zimbraAdminPort: 7071")]


def ready_once(ready: Callable[[], bool], seconds: float, _every: float) -> bool:
    assert seconds == READY
    return ready()


def test_the_way_is_chosen_and_said() -> None:
    said: list[str] = []
    door = Watched(instead=[*LOGIN, *NOBODY, STOPPED, SURVEY])
    found = open_directory(ZimbraHost(door, user=""), said.append)
    assert isinstance(found, ZmprovDirectory)
    assert not found.beside
    assert "zmprov -l" in said[0]


def test_mailboxd_that_still_starts_is_waited_for() -> None:
    said: list[str] = []
    token = b'{"Body":{"AuthResponse":{"authToken":"t"}}}\n200 text/javascript'
    again = [*LOGIN, Done(0, token)]
    door = Watched(instead=[*LOGIN, *NOBODY, RUNS, *again])
    host = ZimbraHost(door, user="")
    assert isinstance(open_directory(host, said.append, ready_once), SoapDirectory)
    assert "waiting" in said[0]


@pytest.mark.parametrize("code", [7, 28, 35, 52, 56])
def test_mailboxd_that_runs_and_never_answers_is_no_reason_to_go_around_it(
    code: int,
) -> None:
    silence = [*LOGIN, *([Done(code)] * (4 if code in {7, 35} else 1))]
    door = Watched(instead=[*silence, RUNS, *silence, RUNS, RUNS])
    with pytest.raises(Fault, match="gave no answer"):
        open_directory(ZimbraHost(door, user=""), print, ready_once)


def test_what_must_be_taken_back_goes_around_a_mailboxd_that_never_answers() -> None:
    silence = [*LOGIN, *NOBODY]
    door = Watched(instead=[*silence, RUNS, *silence, RUNS, RUNS, SURVEY])
    host = ZimbraHost(door, user="")
    found = open_directory(host, print, ready_once, whatever=lambda: True)
    assert isinstance(found, ZmprovDirectory)
    assert found.beside


def test_a_host_without_zimbra_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(NotZimbra):
        open_directory(ZimbraHost(Watched(), str(tmp_path), ""), print)
