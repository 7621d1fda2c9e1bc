"""A directory to follow the guides in, with an ssh that stays on this machine."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.docs.sample import lay

# The far side of ssh: whatever it is asked to run, a real shell runs here.
_SSH = """\
#!/bin/sh
while [ $# -gt 0 ]; do
    case $1 in
        -o) shift 2 ;;
        -*) shift ;;
        *) break ;;
    esac
done
shift
exec sh -c "$*"
"""


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """Give a reader's directory with the sample's files."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "ssh").write_text(_SSH)
    (programs / "ssh").chmod(0o755)
    place = tmp_path / "room"
    place.mkdir()
    lay(place)
    return place


@pytest.fixture
def run(room: Path) -> Callable[[str, str], subprocess.CompletedProcess[str]]:
    """Give a function that runs one command of a page in that directory."""
    programs = room.parent / "bin"
    etc = str(room.parent / "etc")
    environment = {
        "PATH": f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(room),
        "LC_ALL": "C.UTF-8",
        "ZMWARD_ETC": etc,
        "ZMWARD_CATALOG": str(room.parent / "catalog"),
    }

    def run(word: str, command: str) -> subprocess.CompletedProcess[str]:
        typed = command.replace("/etc/zmward", etc)
        done = subprocess.run(
            ["sh", "-c", typed],
            cwd=room,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        if word:
            lay(room)
        done.stdout = done.stdout.replace(etc, "/etc/zmward")
        return done

    return run
