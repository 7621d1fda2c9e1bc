"""Every page that needs a server: all its commands, on a real one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from lab.node import Lab
from lab.product import install

from tests.docs.sample import lay
from tests.docs.session import Run, blocks, walk, walked

pytestmark = pytest.mark.lab

# The others mean the same here as on the sample, where tests/docs follows them all.
PAGES = [
    page
    for page in walked()
    if any(one.word in {"lab", "server"} for one in blocks(page))
]


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """Give a reader's directory; the lab's answers replace the sample's files."""
    lay(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def server(lab_default: Lab) -> Lab:
    """Give a server that has zmward."""
    install(lab_default)
    return lab_default


@pytest.fixture
def run(server: Lab, room: Path) -> Run:
    """Give a function that types a command outside, or on the server itself."""
    programs = f"{server.programs}:{Path(sys.executable).parent}"
    outside = [
        *("env", f"PATH={programs}:{os.environ['PATH']}", f"HOME={room}"),
        *("LC_ALL=C.UTF-8", f"ZMWARD_ETC={room}/etc"),
        *(f"ZMWARD_CATALOG={room}/catalog", "sh", "-c"),
    ]
    on_server = ["sh", "-c"]

    def run(word: str, command: str) -> subprocess.CompletedProcess[str]:
        if word == "server":
            argv = server.argv("mail", [*on_server, f"cd /root; {command}"])
        else:
            argv = server.argv("outside", [*outside, command])
        return subprocess.run(
            argv,
            cwd=room,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )

    return run


# Each takes half a minute: CI follows these, `make proofs` all of them.
ALWAYS = {"README", "first-audit", "is-my-server-hacked"}
MARKED = [
    pytest.param(
        page,
        marks=() if page.stem in ALWAYS else (pytest.mark.proof,),
        id=page.stem,
    )
    for page in PAGES
]


@pytest.mark.parametrize("page", MARKED)
def test_a_page_can_be_followed(page: Path, room: Path, run: Run) -> None:
    walk(page, room, run, compared={"": True, "lab": True, "server": True})
