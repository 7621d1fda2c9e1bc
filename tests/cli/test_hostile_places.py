"""Files given to or written by zmward where others have their hands in."""

import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zmward.cli.main import dispatch
from zmward.cli.options import write
from zmward.errors import Usage
from zmward.reports.plain import in_json


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_a_report_is_its_owners_alone_even_in_place_of_an_open_file(
    tmp_path: Path,
) -> None:
    path = tmp_path / "report"
    path.write_text("old")
    path.chmod(0o666)
    with path.open() as held:
        write("new", str(path))
        assert held.read() == "old"
    assert path.read_text() == "new"
    assert mode(path) == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["report"]


@pytest.mark.parametrize("before", ["precious", None])
def test_a_link_at_the_reports_place_is_replaced_not_followed(
    tmp_path: Path, before: str | None
) -> None:
    victim = tmp_path / "victim"
    if before:
        victim.write_text(before)
    path = tmp_path / "report"
    path.symlink_to(victim)
    write("new", str(path))
    assert not path.is_symlink()
    assert path.read_text() == "new"
    assert (victim.read_text() if victim.exists() else None) == before


def test_devices_are_written_to(tmp_path: Path) -> None:
    before = Path(os.devnull).stat()
    write("new", os.devnull)
    assert Path(os.devnull).stat().st_ino == before.st_ino
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write("new", str(pipe))
    assert os.read(reader, 10) == b"new"
    os.close(reader)


def test_a_pipe_that_becomes_a_file_is_not_emptied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim = tmp_path / "victim"
    victim.write_text("old")
    path = tmp_path / "report"
    os.mkfifo(path)
    plain = os.open

    def late(name: Path, flags: int) -> int:
        path.unlink()
        path.symlink_to(victim)
        return plain(name, flags)

    monkeypatch.setattr("zmward.cli.options.os.open", late)
    with pytest.raises(Usage, match="meanwhile"):
        write("new", str(path))
    assert victim.read_text() == "old"


def test_the_system_s_link_to_the_output_stays(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write("new", "/dev/stdout")
    assert capsys.readouterr().out == "new"
    assert Path("/dev/stdout").is_symlink()


@pytest.mark.skipif(os.getuid() != 0, reason="only root makes others' pipes")
def test_no_report_goes_into_another_users_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    os.chown(pipe, 1, 1)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(Usage, match="another user"):
        write("new", str(pipe))
    assert os.read(reader, 10) == b""
    os.close(reader)


def test_a_full_disk_leaves_the_old_report(tmp_path: Path) -> None:
    with pytest.raises(Usage, match="cannot be written"):
        write("new", str(tmp_path / "no" / "report"))
    with pytest.raises(Usage, match="folder"):
        write("new", str(tmp_path))


def stored(when: str) -> str:
    packages = {"type": "answer", "text": "ii zimbra-core 10.1.0\n"}
    answers = {"mail.example.com": {"packages": packages}}
    return json.dumps({"schema": "zmward.evidence/1", "when": when, "answers": answers})


@pytest.mark.parametrize(
    "content",
    [
        stored("noon"),
        stored("9999-12-31T23:59:59+00:00"),
        stored("0001-01-01T00:00:00+14:00"),
        '{"schema":"zmward.evidence/1","x":' + "[" * 100_000 + "]" * 100_000 + "}",
        "% zmward 1 0\n% identity\n|name a\n|node a\n|time 253402300799\n= 0\n% end\n",
    ],
    ids=["word", "far", "early", "deep", "clock"],
)
def test_evidence_that_cannot_be_believed_is_named_not_a_bug(
    tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "evidence"
    path.write_text(content)
    assert dispatch(["audit", "--evidence", str(path)]) == 2
    assert "bug" not in capsys.readouterr().err


@pytest.mark.parametrize("now", ["9999-12-31", "0001-01-01", "noon"])
def test_a_time_with_which_no_days_can_be_counted_is_refused(now: str) -> None:
    assert dispatch(["audit", "--demo", "--now", now]) == 2


def test_a_deep_profile_or_report_is_refused(tmp_path: Path) -> None:
    profile = tmp_path / "profile.toml"
    profile.write_text("a = " + "[" * 100_000)
    assert dispatch(["audit", "--demo", "--profile", str(profile)]) == 2
    report = tmp_path / "report.json"
    report.write_text('{"x":' + "[" * 100_000 + "]" * 100_000 + "}")
    assert dispatch(["diff", str(report), str(report)]) == 2


def test_a_far_hosts_words_do_not_steer_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program = tmp_path / "ssh"
    program.write_text("#!/bin/sh\nprintf '\\033]0;owned\\007\\033[2J' >&2; exit 255\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    for verb in (["audit"], ["collect"], ["init", "--output", "-"]):
        assert dispatch(["--host", "mail", *verb]) == 3
        said = capsys.readouterr().err
        assert "owned" in said
        assert "\x1b" not in said
        assert "\x07" not in said


@given(st.text())
def test_json_for_a_terminal_is_the_same_and_steers_nothing(text: str) -> None:
    document = in_json(json.dumps({"a": text}, ensure_ascii=False, indent=1))
    assert json.loads(document) == {"a": text}
    assert all(c.isprintable() or c == "\n" for c in document)


def test_a_server_cannot_steer_the_terminal_by_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evidence = json.loads(stored("2026-11-21T12:00:00+00:00"))
    answers = evidence["answers"].pop("mail.example.com")
    evidence["answers"]["mail\x9b2J\u202e.example.com"] = answers
    path = tmp_path / "evidence.json"
    path.write_text(json.dumps(evidence))
    assert dispatch(["audit", "--json", "--evidence", str(path)]) == 3
    said = capsys.readouterr().out
    assert "\\u009b2J\\u202e" in said
    assert "\x9b" not in said
