"""The man page and the completion, as the programs that read them see them."""

import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from tests.docs.session import ROOT, Run
from zmward.cli import config_snapshot as snapshot
from zmward.cli import integrity_check as check
from zmward.cli import integrity_watch as watch
from zmward.cli import logs_follow as follow
from zmward.cli.main import VERBS
from zmward.logs import compact

PACKAGING = ROOT / "packaging"
UNITS = PACKAGING / "systemd"


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_the_man_page_is_well_formed() -> None:
    done = subprocess.run(
        ["groff", "-man", "-ww", "-Tutf8", "-P-bcou", str(PACKAGING / "zmward.1")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    for verb in VERBS:
        assert f"zmward {verb}" in done.stdout


def test_bash_completes_verbs_and_options(run: Run) -> None:
    script = PACKAGING / "completion" / "zmward.bash"
    for words, wanted in (
        ("zmward exp", "explain"),
        ("zmward audit --evi", "--evidence"),
        ("zmward rollb", "rollback"),
        ("zmward apply --confirm", "--confirm-within"),
        ("zmward history --dem", "--demo"),
    ):
        last = len(words.split()) - 1
        done = run(
            "",
            f"bash -c 'source {script}; COMP_WORDS=({words}); COMP_CWORD={last}; "
            '_zmward_completion zmward; printf "%s\\n" "${COMPREPLY[@]}"\'',
        )
        assert done.stdout.split() == [wanted]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_read_their_completion(shell: str, room: Path) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    script = PACKAGING / "completion" / f"zmward.{shell}"
    subprocess.run([program, "-n", str(script)], check=True, cwd=room)


def test_the_watch_s_unit_runs_a_verb_that_there_is() -> None:
    unit = (PACKAGING / "systemd/zmward-integrity-watch.service").read_text("ascii")
    (start,) = re.findall(r"^ExecStart=(.*)$", unit, re.MULTILINE)
    words = start.split()
    assert words == [
        "/opt/zmward-venv/bin/zmward",
        "integrity",
        str(watch.command.name),
    ]


def test_the_unit_runs_a_verb_that_there_is() -> None:
    unit = (PACKAGING / "systemd" / "zmward-follow.service").read_text("ascii")
    (start,) = re.findall(r"^ExecStart=(\S+) (.*)$", unit, re.MULTILINE)
    assert start[0] == "/opt/zmward-venv/bin/zmward"
    words = start[1].split()
    assert words[:3] == ["logs", "follow", "--events"]
    assert words[3:] == [compact.EVENTS]
    assert str(Path(compact.EVENTS)) in (PACKAGING / "logrotate" / "zmward").read_text()
    assert "--events" in {name for one in follow.command.params for name in one.opts}


@pytest.mark.parametrize(
    ("name", "group", "command"),
    [
        ("zmward-config-snapshot", "config", snapshot.command),
        ("zmward-integrity-check", "integrity", check.command),
    ],
)
def test_a_timer_starts_a_verb_that_there_is(
    name: str, group: str, command: click.Command
) -> None:
    unit = (UNITS / f"{name}.service").read_text("ascii")
    (start,) = re.findall(r"^ExecStart=(.*)$", unit, re.MULTILINE)
    program, *words, option = start.split()
    assert program == "/opt/zmward-venv/bin/zmward"
    assert words == [group, str(command.name)]
    assert option in {name for one in command.params for name in one.opts}
    # A timer starts the service of its own name.
    assert (UNITS / f"{name}.timer").exists()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd")
def test_systemd_finds_no_fault_in_the_units(tmp_path: Path) -> None:
    for unit in UNITS.iterdir():
        text = unit.read_text("ascii").replace("/opt/zmward-venv/bin/zmward", "/bin/sh")
        (tmp_path / unit.name).write_text(text)
    paths = sorted(map(str, tmp_path.iterdir()))
    argv = ["systemd-analyze", "verify", "--man=no", *paths]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    said = [line for line in done.stderr.splitlines() if str(tmp_path) in line]
    assert (done.returncode, said) == (0, [])


def test_every_packaged_file_is_named_in_its_readme() -> None:
    listed = (PACKAGING / "README.md").read_text("utf-8")
    for unit in UNITS.iterdir():
        name = f"systemd/{unit.stem}"
        assert f"`{name}.service`" in listed
        assert unit.suffix in listed
