"""The command line: exit codes, refusals, bad input, no traceback."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.examples import evidence_of
from zmward.cli.main import VERBS, dispatch
from zmward.control import Example, Status
from zmward.engine.profiles import site
from zmward.evidence import DIRECTORY, Answer, Evidence, Missing, encode

BASE: dict[str, Answer | Missing] = {
    "identity": Answer("name a\nnode a\ntime 1\nuser root\n")
}
ZIMBRA: dict[str, Answer | Missing] = {
    **BASE,
    "packages": Answer("ii zimbra-core 10.1\n"),
}


@pytest.fixture(autouse=True)
def no_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZMWARD_ETC", str(tmp_path / "etc"))


def stored(tmp_path: Path, answers: Mapping[str, Answer | Missing]) -> str:
    evidence = Evidence("2026-11-21T12:00:00+00:00", {"a": answers, DIRECTORY: {}})
    path = tmp_path / "evidence.json"
    path.write_bytes(encode(evidence))
    return str(path)


def test_nothing_found_out_is_incomplete(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers: dict[str, Answer | Missing] = {
        **BASE,
        "localconfig": Missing("permission denied", "refused"),
    }
    assert dispatch(["audit", "--json", "--evidence", stored(tmp_path, answers)]) == 3
    report = json.loads(capsys.readouterr().out)
    assert report["schema"] == "zmward.report/1"
    assert report["counts"]["pass"] == 0
    assert report["counts"]["fail"] == 0
    assert report["counts"]["not_applicable"] == 0
    assert report["counts"]["unknown"] > 100


def test_a_host_without_zimbra_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = {
        **BASE,
        "packages": Answer("ii bash 5\n"),
        "localconfig": Missing("head: No such file or directory", "absent"),
    }
    assert dispatch(["audit", "--evidence", stored(tmp_path, answers)]) == 3
    assert "shows no Zimbra" in capsys.readouterr().err


def test_half_a_zimbra_is_judged(tmp_path: Path) -> None:
    answers = {**ZIMBRA, "localconfig": Missing("broken", "unparsed")}
    assert dispatch(["audit", "--evidence", stored(tmp_path, answers)]) == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["audit", "--only", "no-such-control"], "There is no control"),
        (["audit", "--only", ","], "names no control"),
        (["audit", "--evidence", "/nope"], "cannot be read"),
        (["audit", "--evidence", "/etc/passwd"], "no answers"),
        (["audit", "--profile", "/nope"], "cannot be read"),
        (["audit", "--demo", "--now", "yesterday"], "is no date"),
        (["audit", "--lang", "it"], "has not landed"),
        (["audit", "--format", "pdf"], "pdf"),
        (["--host", "-oProxyCommand=x", "audit"], "not a host"),
        (["fleet"], "has not landed"),
        (["frobnicate"], "frobnicate"),
        (["explain", "nothing"], "no control"),
        (["audit", "--demo", "--output", "/nope/x"], "cannot be written"),
    ],
)
def test_a_wrong_command_line_is_exit_two(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dispatch(arguments) == 2
    said = capsys.readouterr().err
    assert words in said
    assert "Traceback" not in said


def test_a_truncated_evidence_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path(stored(tmp_path, ZIMBRA))
    path.write_bytes(path.read_bytes()[:-20])
    assert dispatch(["audit", "--evidence", str(path)]) == 2
    assert "not a whole zmward evidence file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        (
            "[services]\nimpa = 'wanted'\n",
            "line 2: unknown key 'impa'; did you mean 'imap'?\n",
        ),
        ("[services\n", "line 1"),
        ("[services]\nimap = 'often'\n", "line 2"),
        ("[networks]\nadmins = ['10.0.0.1/8']\n", "host bits"),
        ("[severity]\nno-control = 'low'\n", "does not exist"),
        ("[[waiver]]\ncontrol = 'ssh-without-passwords'\n", "reason"),
    ],
)
def test_a_wrong_profile_is_named_with_its_line(
    profile: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "profile.toml"
    path.write_text(profile)
    arguments = ["audit", "--evidence", stored(tmp_path, ZIMBRA)]
    assert dispatch([*arguments, "--profile", str(path)]) == 2
    assert words in capsys.readouterr().err


def test_drop_ins_join_the_sites_profile(tmp_path: Path) -> None:
    etc = tmp_path / "etc"
    (etc / "profile.d").mkdir(parents=True)
    (etc / "profile.toml").write_text("kind = 'isp'\n[services]\nimap = 'wanted'\n")
    (etc / "profile.d" / "a.toml").write_text("[services]\npop = 'wanted'\n")
    assert (site().kind, site().services.imap, site().services.pop) == (
        "isp",
        "wanted",
        "wanted",
    )


def test_a_report_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    arguments = ["audit", "--json", "--evidence", stored(tmp_path, ZIMBRA)]
    dispatch([*arguments, "--output", str(path)])
    assert path.stat().st_mode & 0o777 == 0o600


def test_init_writes_a_profile_that_audit_reads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "new" / "profile.toml"
    assert dispatch(["init", "--kind", "university", "--output", str(path)]) == 0
    assert path.stat().st_mode & 0o777 == 0o600
    arguments = ["audit", "--evidence", stored(tmp_path, ZIMBRA)]
    assert dispatch([*arguments, "--profile", str(path)]) == 3
    assert dispatch(["init", "--output", str(path)]) == 4
    assert "stays as it is" in capsys.readouterr().err


def test_every_verb_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    for verb in VERBS:
        assert dispatch([verb, "--help"]) == 0
        assert "Usage: zmward" in capsys.readouterr().out


def test_list_is_a_bare_array(capsys: pytest.CaptureFixture[str]) -> None:
    assert dispatch(["list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    keys = {"id", "title", "severity", "tips", "roles", "cure"}
    assert all(set(row) == keys for row in rows)


def test_evidence_of_examples_can_be_made() -> None:
    assert evidence_of(Example(Status.PASS, {})).hosts


@pytest.mark.parametrize("name", ["profile.toml", "profile.d/a.toml"])
def test_a_profile_that_others_can_write_is_refused(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "etc" / name
    path.parent.mkdir(parents=True)
    path.write_text("kind = 'isp'\n")
    path.chmod(0o664)
    arguments = ["audit", "--evidence", stored(tmp_path, ZIMBRA)]
    assert dispatch(arguments) == 2
    assert "can be changed by others" in capsys.readouterr().err
    path.chmod(0o644)
    assert dispatch(arguments) == 3
    path.parent.chmod(0o777)
    assert dispatch(arguments) == 2
