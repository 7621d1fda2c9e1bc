"""`zmward logs bans` from the command line, for the sample server."""

import json
from pathlib import Path

import pytest

from tests.logs.files import CALLER, failed, good
from zmward.bans.render import JAIL_FILE
from zmward.cli.main import dispatch

NOW = "2024-11-06"
WORDS = [
    "logs",
    "bans",
    "--demo",
    "--quiet",
    "--timezone",
    "UTC",
    "--since",
    "2024-11-01",
]
ESCAPE = "\x1b"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Give an audit.log in which one address guesses and others log in well."""
    lines = [
        *(good(f"oip=203.0.113.9;soapId=g{n};") for n in range(3)),
        *(
            failed(f"oip={CALLER};ua={ESCAPE}[2J;soapId={n};", f"a{n}@example.com")
            for n in range(6)
        ),
    ]
    path = tmp_path / "audit.log"
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def run(*words: str) -> int:
    return dispatch([*WORDS, *words])


def test_without_logs_the_jails_may_not_start(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run() == 4
    told = capsys.readouterr().out
    assert "zmward-login" in told
    assert "The logs were not read" in told


def test_it_names_whom_it_would_have_banned(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--simulate", "--file", str(log)) == 0
    told = capsys.readouterr().out
    assert CALLER in told
    assert "5 names" not in told
    assert "6 failures at 6 names, 0 good logins" in told
    assert "203.0.113.9" not in told
    assert ESCAPE not in told


def test_the_document_holds_files_and_victims(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--json", "--file", str(log), "--output", str(tmp_path / "out")) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == "zmward.bans/1"
    (victim,) = found["simulated"]["victims"]
    assert (victim["address"], victim["bans"], victim["doubts"]) == (CALLER, 1, [])
    written = tmp_path / "out/jail.d/zmward.conf"
    assert written.read_text() == found["files"][JAIL_FILE]
    assert "192.0.2.10" in written.read_text()
    assert [jail["name"] for jail in found["jails"]] == [
        *("zmward-smtp", "zmward-login", "zmward-recidive"),
    ]


def test_the_profile_decides(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = tmp_path / "site.toml"
    site.write_text(f'[bans]\nfailures = 9\nspared = ["{CALLER}/32"]\n')
    assert run("--json", "--file", str(log), "--profile", str(site)) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["simulated"]["victims"] == []
    assert found["jails"][0]["failures"] == 9
    assert CALLER in [one["word"] for one in found["spared"]]


def test_hidden_clients_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "audit.log"
    path.write_text(
        "".join(f"{good(f'ip=192.0.2.10;soapId={n};')}\n" for n in range(9))
    )
    assert run("--json", "--file", str(path), "--trusted", "192.0.2.10") == 4
    found = json.loads(capsys.readouterr().out)
    assert [one["subject"] for one in found["refused"]] == ["origin-ip"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--install"], "on the server itself"),
        (["--plan", "x.json"], "on the server itself"),
        (["--plan", "x.json", "--trusted", "192.0.2.10"], "name the address in"),
        (["--file", "LOG", "--trusted", "nobody"], "--trusted"),
        (["--file", "LOG", "--timezone", "Mars/Base"], "Mars/Base"),
        (["--file", "LOG", "--since", "lately"], "lately"),
    ],
)
def test_what_cannot_be_done_is_said(
    words: list[str], said: str, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*(str(log) if word == "LOG" else word for word in words)) == 2
    assert said in capsys.readouterr().err
