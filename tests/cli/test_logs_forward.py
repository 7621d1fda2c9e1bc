"""Sending and receiving log lines: what the verbs write, refuse and never show."""

import json
import stat
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from zmward.change import FileText, WriteFile
from zmward.cli.main import main
from zmward.engine.plans import decode
from zmward.errors import BadFile, Refused, Usage, ZmwardError
from zmward.logs.forward import KEY
from zmward.plan import Host, Plan, described
from zmward.reports.plan_json import render
from zmward.reports.plan_text import render as as_text

HOST = "mail.example.test"
TEXT = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"
TO = ("logs", "forward", "--to", "log.example.test")
RECEIVE = ("logs", "receive", "--name", "log.example.test", "--from", HOST)


def typed(*words: str) -> str:
    """Run a command line and return what it says; its error is raised."""
    done = CliRunner().invoke(main, words, standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return done.stderr


@pytest.fixture
def plan() -> Plan:
    change = WriteFile(
        HOST, KEY, None, FileText(TEXT, 0o600, "syslog", "syslog", secret=True)
    )
    step = described(change, (), (HOST,))
    return Plan(Host(HOST, "m"), "2026-11-29T12:00:00+00:00", "0", (step,), (), ())


def test_a_secret_is_in_nothing_that_is_shown(plan: Plan) -> None:
    shown = (render(plan), as_text(plan), repr(plan), repr(plan.steps[0].change))
    for text in shown:
        assert "c2VjcmV0" not in text
        assert "BEGIN PRIVATE" not in text
    assert json.loads(render(plan))["changes"][0]["after"]["text"] == "(secret)"


def test_a_secret_is_kept_for_the_way_back(plan: Plan) -> None:
    kept = msgspec.json.decode(msgspec.json.encode(plan), type=Plan)
    assert kept == plan


def test_a_plan_file_with_a_secret_is_not_applied(plan: Plan) -> None:
    with pytest.raises(Refused, match="a secret, which no plan file holds"):
        decode(render(plan).encode(), "plan.json")


@pytest.fixture
def room(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path


def test_a_log_hosts_files_are_written_once(room: Path) -> None:
    words = (*RECEIVE, "--authority", str(room / "a"), "--output", str(room / "o"))
    said = typed(*words)
    assert "rsyslogd -N1" in said
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in (room / "o").iterdir()}
    assert modes == {
        "00-zmward-ca.pem": 0o644,
        "00-zmward-certificate.pem": 0o644,
        "00-zmward-key.pem": 0o600,
        "10-zmward-receive.conf": 0o644,
    }
    assert stat.S_IMODE((room / "a/ca.key").stat().st_mode) == 0o600
    authority = (room / "a/ca.pem").read_text()
    with pytest.raises(Usage, match="is there already"):
        typed(*words)
    again = (*RECEIVE, "--authority", str(room / "a"), "--output", str(room / "p"))
    typed(*again)
    assert (room / "p/00-zmward-ca.pem").read_text() == authority
    assert (room / "a/ca.pem").read_text() == authority


def test_the_sites_own_files_do_as_well(room: Path) -> None:
    typed(*RECEIVE, "--authority", str(room / "a"), "--output", str(room / "o"))
    own = [
        *("--ca", str(room / "o/00-zmward-ca.pem")),
        *("--certificate", str(room / "o/00-zmward-certificate.pem")),
        *("--key", str(room / "o/00-zmward-key.pem")),
    ]
    typed(*RECEIVE, *own, "--output", str(room / "p"))
    for path in (room / "o").iterdir():
        assert (room / "p" / path.name).read_text() == path.read_text()
    (room / "o/00-zmward-key.pem").chmod(0o640)
    with pytest.raises(Refused, match="chmod 600"):
        typed(*RECEIVE, *own, "--output", str(room / "q"))


@pytest.mark.parametrize(
    ("words", "kind", "said"),
    [
        ((*TO,), Usage, "Give --authority DIR"),
        ((*TO, "--ca", "/nowhere"), Usage, "or all of"),
        ((*TO, "--authority", "a", "--key", "k"), Usage, "--authority makes"),
        (("logs", "forward", "--to", "a b"), Usage, "no name of a host"),
        ((*TO, "--written", "log"), Usage, "no absolute path"),
        ((*RECEIVE, "--from", "a:"), Usage, "--from 'a:' is no name"),
        (
            (*RECEIVE, *("--ca", "/x", "--certificate", "/x", "--key", "/x")),
            BadFile,
            "/x cannot be read: there is no such file",
        ),
    ],
)
def test_bad_words_get_a_clear_answer(
    words: tuple[str, ...], kind: type[ZmwardError], said: str
) -> None:
    with pytest.raises(kind, match=said):
        typed(*words)


def test_an_open_folder_is_no_place_for_a_key(room: Path) -> None:
    place = room / "a"
    place.mkdir(mode=0o755)
    place.chmod(0o755)
    with pytest.raises(Refused, match="chmod 700"):
        typed(*RECEIVE, "--authority", str(place), "--output", str(room / "o"))
