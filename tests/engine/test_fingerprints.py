"""Fingerprints that a host makes of its own secrets: no value leaves it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from zmward.catalog.attributes import attributes
from zmward.configuration.asked import FINGERPRINTS, TEMPLATES
from zmward.configuration.known import Known, known, parse
from zmward.configuration.sealed import SHARED, Seal
from zmward.configuration.snapshot import snapshot
from zmward.demo.sample import recorded
from zmward.doors.host import Done, Local
from zmward.engine.answers import read
from zmward.engine.fingerprints import sealed
from zmward.engine.script import collector
from zmward.evidence import DIRECTORY, Answer, Evidence, Missing
from zmward.sources.masking import holds_secret

KEY = b"\x25\x00k\\" * 8
NODE = "mail.example.test"
_LDIF = """\
dn: cn=config,cn=zimbra
zimbraAuthTokenKey: first %d $(id) \\x
zimbraAuthTokenKey:: w6kKeA==
zimbraPasswordMinLength: 8

dn:: Y249w6ksY249emltYnJh
zimbraPreAuthKey: 0123 456:: 78
"""
_XML = """\
<?xml version="1.0" encoding="UTF-8"?>
<localconfig>
  <key name="ldap_root_password">
    <value>p&amp;ss %s `id`</value>
  </key>
  <key name="ldap_url"><value>ldap://h:389</value></key>
  <key name="zimbra_ldap_password"><value>directory</value></key>
</localconfig>
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    place = tmp_path / "zimbra"
    (place / "conf").mkdir(parents=True)
    (place / "bin").mkdir()
    (place / "conf/localconfig.xml").write_text(_XML)
    (place / "conf/amavisd.conf.in").write_text("$password = 'masked for sure';\n")
    program = place / "bin/ldapsearch"
    (tmp_path / "ldif").write_text(_LDIF)
    program.write_text(
        f'#!/bin/sh\ncat >/dev/null\ncase "$*" in\n*cn=config*) cat {tmp_path}/ldif ;;\n'
        "esac\n"
    )
    program.chmod(0o755)
    return place


class _Host:
    """The host itself, whose Zimbra lies in a folder of the test's."""

    name = "this host"
    streams = 1

    def __init__(self, home: Path) -> None:
        self.home = home
        self.given = b""
        self.argv: tuple[str, ...] = ()
        self.out = b""

    def lines(self, script: str) -> Iterator[bytes]:
        return Local().lines(script)

    def run(
        self,
        argv: Sequence[str],
        *,
        given: bytes = b"",
        user: str = "root",
        seconds: int = 60,
    ) -> Done:
        del user
        self.argv, self.given = tuple(argv), given
        # A folder of the test's can be swapped by others; the real one cannot.
        here = given.replace(b"/opt/zimbra", str(self.home).encode())
        here = here.replace(b'ours "$1" || return', b":").replace(
            b'ours "$ldapsearch" || return', b":"
        )
        done = Local().run(argv, given=here, seconds=seconds)
        self.out = done.out
        return done


def _asked(home: Path) -> tuple[Evidence, _Host]:
    host = _Host(home)
    return sealed(host, recorded(), KEY, "test"), host


def test_the_host_makes_the_fingerprints_that_we_would(home: Path) -> None:
    found, _ = _asked(home)
    shared, own = Seal(KEY, SHARED), Seal(KEY, NODE)
    directory = known(found, DIRECTORY).directory
    assert directory == {
        ("cn=config,cn=zimbra", "zimbraauthtokenkey"): tuple(
            sorted(
                (
                    shared.fingerprint("first %d $(id) \\x"),
                    shared.fingerprint("é\nx"),
                )
            )
        ),
        ("cn=é,cn=zimbra", "zimbrapreauthkey"): (shared.fingerprint("0123 456:: 78"),),
    }
    node = known(found, NODE)
    assert node.keys == {
        "ldap_root_password": own.fingerprint("p&amp;ss %s `id`"),
        "zimbra_ldap_password": own.fingerprint("directory"),
    }
    template = own.fingerprint("$password = 'masked for sure';\n")
    assert node.texts[f"{home}/conf/amavisd.conf.in"] == template


def test_neither_values_nor_the_key_are_shown(home: Path) -> None:
    _, host = _asked(home)
    assert host.argv == ("sh", "-s")
    for word in (b"p&amp;ss", b"0123 456", b"first %d", b"masked for sure"):
        assert word not in host.out
        assert word not in host.given
    assert KEY not in host.given
    assert KEY.hex().encode() not in host.given


def test_a_search_that_fails_makes_none(home: Path) -> None:
    (home / "bin/ldapsearch").write_text("#!/bin/sh\ncat >/dev/null\nexit 4\n")
    found, _ = _asked(home)
    assert isinstance(found.answer(DIRECTORY, FINGERPRINTS), Missing)
    assert known(found, DIRECTORY) == Known()
    assert known(found, NODE).keys


def test_they_stand_for_the_secrets_of_a_snapshot() -> None:
    found = recorded()
    answers = {host: dict(some) for host, some in found.answers.items()}
    hexed = Seal(KEY, NODE).fingerprint("x")
    lines = f"L\tldap_root_password\t{hexed}\nT\t/opt/zimbra/x.in\t{hexed}\n"
    answers[NODE][FINGERPRINTS] = Answer(lines)
    text = {
        path: text
        for group in snapshot(replace(found, answers=answers), KEY)
        for path, text in group.files.items()
    }[f"nodes/{NODE}/localconfig.conf"]
    assert f"ldap_root_password:! {hexed}\n" in text
    assert "ldap_amavis_password:! set\n" in text


@pytest.mark.parametrize(
    "line", ["", "D", "D\ta\tb\tc", f"X\ta\t{'0' * 32}", f"L\ta\tb\t{'0' * 32}"]
)
def test_a_line_that_is_none_of_ours_counts_for_nothing(line: str) -> None:
    assert parse(line) == Known()


def test_templates_come_masked_and_a_failure_is_one(home: Path) -> None:
    asked = (TEMPLATES,)
    script = collector(asked, "test").replace("/opt/zimbra", str(home))
    found = read(Local().lines(script), asked, "here")["templates"]
    assert isinstance(found, Answer)
    line = " $password = masked;\n"
    assert found.text == f"> {home}/conf/amavisd.conf.in\n{line}"
    broken = script.replace("contents()", "contents() { return 27; }\nother()")
    assert isinstance(read(Local().lines(broken), asked, "here")["templates"], Missing)


def test_a_host_seals_every_secret_of_the_schema_and_nothing_else(home: Path) -> None:
    rows = "".join(f"{name}: 8\n" for name in sorted(attributes()))
    (home.parent / "ldif").write_text(f"dn: cn=config,cn=zimbra\n{rows}")
    evidence, _ = _asked(home)
    found = {name for _, name in known(evidence, DIRECTORY).directory}
    assert found == {name.lower() for name in attributes() if holds_secret(name)}
