"""Zimbra's own program is asked as user zimbra, with nothing of root's in its hands."""

import os
from pathlib import Path

import pytest

from tests.engine.test_hostile_server import as_root, asked_of
from zmward.evidence import Answer, Missing
from zmward.sources.zmcontrol import ZMCONTROL

LINE = "Release 10.1.20.GA.4655.UBUNTU22_64 FOSS edition."
# No user zimbra is needed for the proof: any other than root will do.
AS_OTHER = {"runuser -u zimbra --": "runuser -u nobody --"}


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """Return a zmcontrol that a user other than root could have written."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.getuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    found = tmp_path / "zimbra/bin/zmcontrol"
    found.parent.mkdir(parents=True)
    return found


def said(program: Path, body: str, **changes: str) -> Answer | Missing:
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)
    return asked_of(ZMCONTROL, program.parent.parent, AS_OTHER | changes)


@as_root
def test_it_runs_as_another_user_than_root(program: Path) -> None:
    found = said(program, 'id -un; id -ru; id -gn; [ "$1" = -v ] && echo asked')
    assert isinstance(found, Answer)
    assert found.text.splitlines()[0] == "nobody"
    assert "\n0\n" not in f"\n{found.text}"
    assert found.text.endswith("asked\n")


@as_root
def test_it_sees_nothing_of_roots_environment(
    program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", "/tmp/agent")
    monkeypatch.setenv("PERL5OPT", "-Mevil")
    found = said(program, "env; readlink /proc/self/cwd; cat; ls /proc/self/fd")
    assert isinstance(found, Answer)
    assert "agent" not in found.text
    assert "evil" not in found.text
    assert "zmsetvars=true" in found.text


@as_root
def test_it_runs_in_a_session_of_its_own(program: Path) -> None:
    found = said(program, "echo $(ps -o sid= -p $$) $PPID; tty; cat /dev/tty; true")
    assert isinstance(found, Answer)
    session = found.text.split()[0]
    assert session != str(os.getsid(0))
    assert "not a tty" in found.text
    assert "/dev/tty" in found.text  # it cannot be opened


@as_root
def test_an_answer_is_read_whatever_its_exit_code(program: Path) -> None:
    found = said(program, f"echo; echo '{LINE}'; exit 1")
    assert isinstance(found, Answer)
    assert ZMCONTROL.parse(found.text).edition == "FOSS"


@as_root
@pytest.mark.parametrize(
    "body",
    [
        "sleep 60",
        f"echo '{LINE}'; sleep 60 & exit 0",
        f"trap '' TERM; echo '{LINE}'; setsid sleep 60 & wait",
    ],
)
def test_what_it_leaves_running_holds_nobody_up(program: Path, body: str) -> None:
    short = {f"ask {ZMCONTROL.name} 20": f"ask {ZMCONTROL.name} 1"}
    found = said(program, body, **short)
    assert isinstance(found, Missing)
    assert found.kind == "timeout"


@as_root
def test_a_flood_is_cut(program: Path) -> None:
    found = said(program, "yes zmward")
    assert isinstance(found, Answer)
    assert len(found.text) < 5000


def test_a_server_without_it_has_none(program: Path) -> None:
    found = asked_of(ZMCONTROL, program.parent.parent)
    assert isinstance(found, Missing)
    assert found.kind == "absent"


@as_root
def test_without_user_zimbra_nothing_is_run(program: Path) -> None:
    witness = program.parent / "ran"
    found = said(
        program,
        f"touch {witness}",
        **{"runuser -u zimbra --": "runuser -u zmward-nobody-here --"},
    )
    assert not witness.exists()
    assert isinstance(found, Answer)
    assert "zmward-nobody-here" in found.text


@as_root
def test_another_user_is_refused(program: Path) -> None:
    found = said(
        program, f"echo '{LINE}'", **{"case $(id -u):$(id -un) in": "case 5:a in"}
    )
    assert isinstance(found, Missing)
    assert found.kind == "refused"
