"""The SOAP door against a mailbox server in this process, through sh and real curl."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lab.zimbra.mailboxd.tls import Keystore

from tests.engine.zimbra_home import SECRET, Watched, make, stranger, trust
from tests.standins import mailboxd_twin as twin
from tests.standins.memory import Memory, account, directory
from zmward.doors.host import Done
from zmward.doors.soap_directory import SoapDirectory, _own
from zmward.doors.zimbra_host import ZimbraHost
from zmward.errors import Fault, Refused

if shutil.which("curl") is None:
    pytest.skip("the system has no curl", allow_module_level=True)

SERVER, COS, DOMAIN = "server:mail.example.test", "cos:default", "domain:example.test"
USER = "account:user1@example.test"


@pytest.fixture(scope="module")
def keystore(tmp_path_factory: pytest.TempPathFactory) -> Keystore:
    return twin.make_keystore(tmp_path_factory.mktemp("keystore"))


def store() -> Memory:
    found = directory()
    made = account("ham@example.test", zimbraIsSystemResource="TRUE")
    found.entries[made.dn] = made
    return found


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, keystore: Keystore
) -> Iterator[twin.Running]:
    place = tmp_path_factory.mktemp("server")
    local = {"zimbra_directory_max_search_result": "3"}
    with twin.running(store(), local, place, keystore) as running:
        yield running


@pytest.fixture(scope="module")
def home(
    tmp_path_factory: pytest.TempPathFactory,
    server: twin.Running,
    keystore: Keystore,
) -> Path:
    place = tmp_path_factory.mktemp("home")
    made = make(place, server.ports["admin"], keystore)
    trust(made, keystore.path.with_name("server.crt"))
    return made


@pytest.fixture
def door() -> Watched:
    return Watched()


@pytest.fixture
def soap(door: Watched, home: Path) -> Iterator[SoapDirectory]:
    opened = SoapDirectory(ZimbraHost(door, str(home), ""), sleep=lambda _: None)
    yield opened
    opened.close()


def test_own_values_are_told_from_inherited_ones(soap: SoapDirectory) -> None:
    names = ("zimbraMailMode", "zimbraServiceEnabled")
    assert soap.read(SERVER, names) == {
        "zimbraMailMode": None,
        "zimbraServiceEnabled": ("mailbox", "mta"),
    }
    assert soap.read("global", ("zimbraMailMode",)) == {"zimbraMailMode": ("https",)}
    assert soap.read(USER, ("zimbraImapEnabled",)) == {"zimbraImapEnabled": None}
    assert soap.read(COS, ("zimbraImapEnabled",)) == {"zimbraImapEnabled": ("TRUE",)}


@pytest.mark.parametrize("target", ["global", SERVER, COS, DOMAIN, USER])
def test_what_is_set_is_read_and_unsetting_gives_inheritance_back(
    soap: SoapDirectory, target: str
) -> None:
    name = {
        "global": "zimbraMtaMaxMessageSize",
        SERVER: "zimbraMtaMyNetworks",
        COS: "zimbraPasswordMaxAge",
        DOMAIN: "zimbraPublicServiceHostname",
        USER: "zimbraPasswordMaxAge",
    }[target]
    assert soap.read(target, (name,)) == {name: None}
    soap.write(target, {name: ("42",)})
    assert soap.read(target, (name,)) == {name: ("42",)}
    soap.write(target, {name: None})
    assert soap.read(target, (name,)) == {name: None}


def test_a_set_is_replaced_whole(soap: SoapDirectory) -> None:
    name = "zimbraProxyAllowedDomains"
    before = soap.read(COS, (name,))[name]
    for wanted in (("a.test", "b.test", "c.test"), ("c.test",)):
        soap.write(COS, {name: wanted})
        assert set(soap.read(COS, (name,))[name] or ()) == set(wanted)
    soap.write(COS, {name: before})


# What XML can carry; Zimbra itself cannot store the rest.
TEXT = st.text(
    st.characters(
        exclude_categories=("Cs", "Cc"),
        exclude_characters="\ufffe\uffff",
        include_characters="\n\r\t",
    ),
    min_size=1,
    max_size=60,
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    value=TEXT
    | st.sampled_from(["-x", "+a", "]]>", "&amp;", "'\"", " a  b ", "a\r\nb"])
)
def test_every_text_comes_back_as_it_went(soap: SoapDirectory, value: str) -> None:
    soap.write(DOMAIN, {"zimbraNotes": (value,)})
    assert soap.read(DOMAIN, ("zimbraNotes",)) == {"zimbraNotes": (value,)}


FAULTS = [
    ("global", "zimbraNoSuchAttr", "x", "account.INVALID_ATTR_NAME", "undefined"),
    ("global", "zimbraMtaMaxMessageSize", "abc", "account.INVALID_ATTR_VALUE", "long"),
    ("global", "zimbraMtaTlsAuthOnly", "yes", "account.INVALID_ATTR_VALUE", "TRUE or"),
    (
        "global",
        "zimbraMtaTlsSecurityLevel",
        "x",
        "account.INVALID_ATTR_VALUE",
        "one of",
    ),
    (COS, "zimbraAuthTokenLifetime", "2 d", "account.INVALID_ATTR_VALUE", "duration"),
    (
        COS,
        "zimbraPasswordMinLength",
        "-5",
        "account.INVALID_ATTR_VALUE",
        "smaller than",
    ),
    ("cos:none", "zimbraPasswordMinLength", "5", "account.NO_SUCH_COS", "no such cos"),
    ("domain:x.test", "zimbraNotes", "5", "account.NO_SUCH_DOMAIN", "no such domain"),
    ("server:none", "zimbraNotes", "5", "account.NO_SUCH_SERVER", "no such server"),
    ("account:n@x.test", "zimbraNotes", "5", "account.NO_SUCH_ACCOUNT", "no such acc"),
]


@pytest.mark.parametrize("row", FAULTS, ids=lambda row: f"{row[0]}-{row[1]}")
def test_a_fault_is_typed_and_changes_nothing(
    soap: SoapDirectory,
    server: twin.Running,
    row: tuple[str, str, str, str, str],
) -> None:
    target, name, value, code, text = row
    before = dict(server.store.entries)
    with pytest.raises(Fault, match=text) as failure:
        soap.write(target, {"zimbraNotes": ("good",), name: (value,)})
    assert failure.value.fault == code
    assert server.store.entries == before


@pytest.mark.parametrize(
    ("target", "values", "text"),
    [
        ("account:zimbra", {"zimbraNotes": ("x",)}, "own accounts"),
        ("account:ham@example.test", {"zimbraNotes": ("x",)}, "system account"),
        ("account:u@example.test", {"zimbraNotes": ("x",)}, "another name of"),
        ("global", {"zimbraId": ("x",)}, "immutable"),
        ("global", {"zimbraNotes": ("",)}, "empty value"),
        ("global", {"zimbraNotes": ()}, "empty value"),
        ("global", {"zimbraNotes": ("a\x01",)}, "control characters"),
        ("global", {"a><b": ("x",)}, "no attribute's name"),
        ("global", {}, "nothing to write"),
        ("global:x", {"zimbraNotes": ("x",)}, "no object"),
        ("dl:x", {"zimbraNotes": ("x",)}, "no object"),
    ],
)
def test_what_is_never_touched_is_refused(
    soap: SoapDirectory, target: str, values: dict[str, tuple[str, ...]], text: str
) -> None:
    with pytest.raises(Refused, match=text):
        soap.write(target, values)


def test_a_change_behind_mailboxds_back_is_seen(
    soap: SoapDirectory, server: twin.Running
) -> None:
    for target, kind, name in (("global", "config", "config"), (COS, "cos", "default")):
        soap.read(target, ("zimbraNotes",))
        entry = server.store.get(kind, "name", name)
        server.store.modify(entry, [("zimbraNotes", "behind")])
        assert soap.read(target, ("zimbraNotes",)) == {"zimbraNotes": ("behind",)}
        server.store.modify(server.store.get(kind, "name", name), [("zimbraNotes", "")])


def test_several_objects_are_read_by_one_message(soap: SoapDirectory) -> None:
    wanted = dict.fromkeys(("global", SERVER, COS, DOMAIN), ("zimbraNotes",))
    soap.read_many(wanted)
    before = soap.requests
    soap.read_many(wanted)
    for target in wanted:
        soap.write(target, {"zimbraNotes": ("n",)})
    assert soap.requests - before == 1 + len(wanted)
    for target in wanted:
        soap.write(target, {"zimbraNotes": None})


def test_a_token_that_ended_is_renewed_once(
    soap: SoapDirectory, server: twin.Running
) -> None:
    soap.read(COS, ("zimbraNotes",))
    for use in (
        lambda: soap.write(COS, {"zimbraNotes": ("again",)}),
        lambda: soap.read(COS, ("zimbraNotes",)),
    ):
        before = soap.logins
        server.clock.now += 13 * 3600
        use()
        assert soap.logins == before + 1
    soap.write(COS, {"zimbraNotes": None})


def test_closing_ends_the_token(
    door: Watched, home: Path, server: twin.Running
) -> None:
    opened = SoapDirectory(ZimbraHost(door, str(home), ""))
    token = opened._port.token()
    body = '<GetAllConfigRequest xmlns="urn:zimbraAdmin"/>'
    assert server.soap(body, token).code is None
    opened.close()
    assert server.soap(body, token).code in {
        "service.AUTH_EXPIRED",
        "service.AUTH_REQUIRED",
    }


def test_no_secret_is_an_argument(soap: SoapDirectory, door: Watched) -> None:
    soap.write(COS, {"zimbraNotes": ("n",)})
    soap.write(COS, {"zimbraNotes": None})
    words = "\n".join(word for call in door.calls for word in call)
    assert SECRET not in words
    assert "changeit" not in words
    assert soap._port.token() not in words
    assert not any(SECRET.encode() in given for given in door.given)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Done(0, b"<html>no</html>\n403 text/html"), "http.403"),
        (Done(0, b"\n404 text/html;charset=utf-8"), "http.404"),
        (Done(0, b"\n502 text/html"), "http.502"),
        (Done(0, b"\n503 text/html"), "http.503"),
        (Done(0, b"not json\n200 text/javascript"), "answer.unreadable"),
        (Done(0, b"{}\n200 text/javascript"), "answer.unreadable"),
        (Done(0, b'{"Body": {}}\n200 text/javascript'), "answer.mixed"),
        (
            Done(0, b"<Code>service.PARSE_ERROR</Code>\n500 text/xml"),
            "service.PARSE_ERROR",
        ),
        (Done(7, b"", b"curl: (7) refused"), "mailboxd.down"),
        (Done(28, b"", b"curl: (28) timeout"), "mailboxd.silent"),
        (Done(52, b"", b"curl: (52) empty"), "mailboxd.silent"),
        (Done(124, b"", b"no answer"), "mailboxd.silent"),
        (Done(3, b"", b"curl: (3) odd"), "host.3"),
    ],
)
def test_what_is_no_answer_has_a_code_too(
    soap: SoapDirectory, door: Watched, answer: Done, code: str
) -> None:
    door.instead = [answer]
    with pytest.raises(Fault) as failure:
        soap.write("global", {"zimbraNotes": ("x",)})
    assert failure.value.fault == code
    assert SECRET not in str(failure.value)


def test_another_certificate_half_way_is_refused(
    soap: SoapDirectory, door: Watched
) -> None:
    door.instead = [Done(60, b"", b"curl: (60) no")]
    with pytest.raises(Refused, match="another certificate"):
        soap.write("global", {"zimbraNotes": ("x",)})


def test_too_many_requests_are_waited_for_a_bounded_time(
    door: Watched, home: Path
) -> None:
    waited: list[float] = []
    opened = SoapDirectory(ZimbraHost(door, str(home), ""), sleep=waited.append)
    flood = Done(0, b"<html/>\n429 text/html")
    door.instead = [flood, flood]
    opened.write("global", {"zimbraNotes": ("x",)})
    assert len(waited) == 2
    door.instead = [flood] * 9
    with pytest.raises(Fault) as failure:
        opened.write("global", {"zimbraNotes": ("x",)})
    assert failure.value.fault == "http.429"
    assert sum(waited) < 30
    door.instead = []
    opened.write("global", {"zimbraNotes": None})


@pytest.mark.parametrize(
    "form",
    [
        {
            "a": [
                {"n": "zimbraNotes", "_content": "x"},
                {"n": "zimbraId", "_content": "1"},
            ]
        },
        {"_attrs": {"zimbraNotes": "x", "zimbraId": ["1"]}},
    ],
)
def test_both_forms_of_an_answer_are_read(form: dict[str, object]) -> None:
    answer = {"cos": [{"name": "default", "id": "1", **form}]}
    assert _own(answer, "cos", ("zimbraNotes", "zimbraMailHost"), "here") == {
        "zimbraNotes": ("x",),
        "zimbraMailHost": None,
    }


def test_an_answer_of_another_form_is_not_an_empty_object() -> None:
    answer = {"cos": [{"name": "default", "id": "1", "attr": {"zimbraNotes": "x"}}]}
    with pytest.raises(Fault, match="without its zimbraId"):
        _own(answer, "cos", ("zimbraNotes",), "here")


def test_a_value_that_is_not_shown_is_no_value() -> None:
    form = [{"n": "userPassword", "_content": "VALUE-BLOCKED"}]
    with pytest.raises(Fault, match="not shown"):
        _own({"account": [{"a": form}]}, "account", ("userPassword",), "here")


def test_the_keystores_own_certificate_is_trusted(
    door: Watched, tmp_path: Path, server: twin.Running, keystore: Keystore
) -> None:
    home = make(tmp_path / "home", server.ports["admin"], keystore)
    opened = SoapDirectory(ZimbraHost(door, str(home), ""))
    assert "--pinnedpubkey" in door.calls[-1]
    assert opened.read("global", ("zimbraMailMode",)) == {"zimbraMailMode": ("https",)}
    opened.close()


@pytest.mark.skipif(shutil.which("keytool") is None, reason="needs Java's keytool")
def test_a_keystore_of_the_old_kind_is_read(
    door: Watched, tmp_path: Path, server: twin.Running, keystore: Keystore
) -> None:
    old = tmp_path / "keystore.jks"
    convert = ["keytool", "-importkeystore", "-srckeystore", str(keystore.path)]
    convert += ["-srcstoretype", "PKCS12", "-deststoretype", "JKS", "-destkeystore"]
    convert += [str(old), "-srcstorepass", "changeit", "-deststorepass", "changeit"]
    subprocess.run([*convert, "-noprompt"], check=True, capture_output=True, timeout=60)
    port = server.ports["admin"]
    home = make(tmp_path / "home", port, Keystore(old, "changeit"))
    opened = SoapDirectory(ZimbraHost(door, str(home), ""))
    assert "--pinnedpubkey" in door.calls[-1]
    opened.close()


def test_a_stranger_on_the_port_gets_no_password(
    door: Watched, tmp_path: Path, keystore: Keystore
) -> None:
    other = stranger(tmp_path / "other")
    (tmp_path / "place").mkdir()
    with twin.running(store(), {}, tmp_path / "place", other) as impostor:
        home = make(tmp_path / "home", impostor.ports["admin"], keystore)
        trust(home, keystore.path.with_name("server.crt"))
        with pytest.raises(Refused, match="neither in its keystore"):
            SoapDirectory(ZimbraHost(door, str(home), ""))
        assert "cmd=AdminAuth" not in impostor.log("audit.log")
        assert impostor.log("audit.log") == ""


BLIND = """\
#!/bin/bash
words=()
while [ $# -gt 0 ]; do
    if [ "$1" = --pinnedpubkey ]; then shift 2; else words+=("$1"); shift; fi
done
exec {curl} "${{words[@]}}"
"""


def test_a_curl_that_ignores_keys_is_not_used(
    door: Watched, tmp_path: Path, server: twin.Running, keystore: Keystore
) -> None:
    home = make(tmp_path / "home", server.ports["admin"], keystore)
    program = home / "common/bin/curl"
    program.write_text(BLIND.format(curl=shutil.which("curl")))
    program.chmod(0o755)
    with pytest.raises(Refused, match="neither in its keystore"):
        SoapDirectory(ZimbraHost(door, str(home), ""))
    logins = [call for call in door.calls if "login" in call]
    assert logins
    assert not [call for call in logins if "--insecure" in call]


def test_what_was_received_is_never_part_of_a_complaint(
    door: Watched, home: Path
) -> None:
    lost = Done(124, b'{"Body": {"AuthResponse": {"authToken": "0_secret')
    door.instead = [None, None, lost]
    with pytest.raises(Fault) as failure:
        SoapDirectory(ZimbraHost(door, str(home), ""))
    assert failure.value.fault == "mailboxd.silent"
    assert "0_secret" not in str(failure.value)


@pytest.mark.parametrize("secret", ["a&b<c>'\"d e", "pässwörd", "$(touch x)`id`\\n%s"])
def test_any_password_logs_in(
    door: Watched, tmp_path: Path, keystore: Keystore, secret: str
) -> None:
    found = directory()
    made = account("zimbra", secret, zimbraIsAdminAccount="TRUE")
    found.entries[made.dn] = made
    (tmp_path / "place").mkdir()
    with twin.running(found, {}, tmp_path / "place", keystore) as running:
        home = make(tmp_path / "home", running.ports["admin"], keystore, secret)
        (home / "common/bin/ldapsearch").write_text(
            f"#!/bin/sh\nprintf 'dn: cn=config,cn=zimbra\\nzimbraAdminPort: {running.ports['admin']}\\n'\n"
        )
        trust(home, keystore.path.with_name("server.crt"))
        SoapDirectory(ZimbraHost(door, str(home), "")).close()


def test_a_wrong_password_is_a_fault_and_is_tried_once(
    door: Watched, tmp_path: Path, server: twin.Running, keystore: Keystore
) -> None:
    home = make(tmp_path / "home", server.ports["admin"], keystore, "wrong-secret")
    trust(home, keystore.path.with_name("server.crt"))
    with pytest.raises(Fault) as failure:
        SoapDirectory(ZimbraHost(door, str(home), ""))
    assert failure.value.fault == "account.AUTH_FAILED"
    assert "wrong-secret" not in str(failure.value)
    assert sum("login" in call for call in door.calls) == 1


def test_nobody_on_the_port_means_mailboxd_is_down(
    door: Watched, tmp_path: Path, keystore: Keystore
) -> None:
    home = make(tmp_path / "home", 1, keystore)
    with pytest.raises(Fault) as failure:
        SoapDirectory(ZimbraHost(door, str(home), ""))
    assert failure.value.fault == "mailboxd.down"
