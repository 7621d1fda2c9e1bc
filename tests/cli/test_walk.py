"""The whole walk on the sample server: audit, plan, apply, look back, take back."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from zmward.cli.main import dispatch
from zmward.cli.sample import folder, opened

Say = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def no_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZMWARD_ETC", str(tmp_path / "etc"))


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Give a function that runs a command line: exit code, result, talk."""

    def say(*words: str) -> tuple[int, str, str]:
        code = dispatch(words)
        found = capsys.readouterr()
        return code, found.out, found.err

    return say


@pytest.fixture
def plan(path: Path) -> str:
    return str(path)


def result(found: tuple[int, str, str]) -> Any:
    return json.loads(found[1])


def statuses(say: Say) -> dict[str, str]:
    report = result(say("audit", "--demo", "--json"))
    return {one["control"]: one["status"] for one in report["findings"]}


def applied(say: Say, plan: str, *more: str) -> Any:
    return result(say("apply", "--demo", "--yes", "--json", *more, plan))


def test_the_walk_ends_where_it_began(say: Say, plan: str) -> None:
    first = say("audit", "--demo", "--json")[1]
    before = statuses(say)
    run = applied(say, plan)
    assert run["schema"] == "zmward.run/1"
    assert run["sample"]
    assert not run["failing"]
    after = statuses(say)
    served = {one["control"] for one in run["controls"]}
    better = {name for name in served if before[name] != after[name] == "PASS"}
    assert len(better) > len(served) / 2
    assert say("verify", "--demo", run["run"])[0] in (0, 1, 3)
    taken = result(say("rollback", "--demo", "--yes", "--json", run["run"]))
    assert taken["state"] == "rolled back"
    assert {one["fate"] for one in taken["changes"]} <= {"undone", "stays"}
    names = [{one["change"] for one in each["changes"]} for each in (run, taken)]
    assert names[0] == names[1]
    if all(one["fate"] == "undone" for one in taken["changes"]):
        assert say("audit", "--demo", "--json")[1] == first


def test_an_audit_says_that_the_sample_was_changed(say: Say, plan: str) -> None:
    assert say("audit", "--demo")[2] == ""
    run = applied(say, plan)["run"]
    assert "the sample server as it was left, with" in say("audit", "--demo")[2]
    assert "as it was left" in say("plan", "--demo")[2]
    assert say("audit", "--demo", "--quiet")[2] == ""
    say("rollback", "--demo", "--yes", run)


def test_the_second_time_changes_nothing(say: Say, plan: str) -> None:
    assert applied(say, plan)["run"]
    again = applied(say, plan)
    assert (again["run"], again["changes"]) == ("", [])
    code, out, _ = say("apply", "--demo", "--yes", plan)
    assert code == 0
    assert "nothing was changed" in out


def test_a_plan_without_changes_is_done_at_once(say: Say, tmp_path: Path) -> None:
    path = str(tmp_path / "empty.json")
    say("plan", "--demo", "--only", "no-mailer-header", "--window", "--output", path)
    done = applied(say, path)
    assert (done["run"], done["changes"], done["state"]) == ("", [], "")


def test_it_says_that_nothing_here_is_changed(say: Say, plan: str) -> None:
    plainly = "sample server: nothing on this machine is changed"
    code, out, talk = say("apply", "--demo", "--yes", plan)
    assert code == 0
    assert out.startswith(plainly)
    assert plainly in talk
    run = say("history", "--demo")[1].splitlines()[1].split()[0]
    for words in (["history"], ["verify", run], ["rollback", "--yes", run]):
        assert say(*words, "--demo")[1].startswith(plainly)


def test_the_summary_comes_before_the_question(say: Say, plan: str) -> None:
    code, out, talk = say("apply", "--demo", plan)
    assert (code, out) == (4, "")
    for word in ("changes", "restart", "can hurt", "way back", "dead man's switch"):
        assert word in talk
    assert "--yes agrees" in talk
    assert result(say("history", "--demo", "--json"))["runs"] == []


def test_quiet_with_yes_says_nothing_on_the_side(say: Say, plan: str) -> None:
    assert say("apply", "--demo", "--yes", "--quiet", plan)[2] == ""


def test_the_result_names_the_next_commands(say: Say, plan: str) -> None:
    out = say("apply", "--demo", "--yes", "--confirm-within", "60", plan)[1]
    run = out.splitlines()[1].split()[1].removesuffix(":")
    assert f"zmward confirm --demo {run}" in out
    assert f"zmward rollback --demo {run}" in out
    past = say("history", "--demo")[1]
    assert "unconfirmed" in past
    assert f"zmward confirm --demo {run}" in past


def test_a_confirmed_run_stays(say: Say, plan: str) -> None:
    run = applied(say, plan, "--confirm-within", "60")
    assert (run["state"], run["confirm_within"]) == ("unconfirmed", 60)
    kept = result(say("confirm", "--demo", "--json", run["run"]))
    assert kept["state"] == "kept"
    with opened() as sample:
        assert not sample.world.timers
        assert not [unit for unit in sample.world.units if "zmward" in unit]


def test_an_unconfirmed_run_goes_back_by_itself(say: Say, plan: str) -> None:
    first = say("audit", "--demo", "--json")[1]
    run = applied(say, plan, "--confirm-within", "30")["run"]
    with opened() as sample:
        timers = sample.world.timers
        timers.update(dict.fromkeys(timers, time.time() - 1))
    (row,) = result(say("history", "--demo", "--json"))["runs"]
    assert (row["run"], row["state"]) == (run, "rolled back by its switch")
    assert say("audit", "--demo", "--json")[1] == first
    code, _, error = say("confirm", "--demo", run)
    assert code == 4
    assert run in error


def test_what_another_hand_changed_is_left_alone(say: Say, plan: str) -> None:
    run = applied(say, plan)["run"]
    with opened() as sample:
        own = sample.world.objects["cos:default"]
        assert own["zimbraPasswordMinLength"] == ("12",)
        own["zimbraPasswordMinLength"] = ("14",)
    code, out, _ = say("rollback", "--demo", "--yes", run)
    assert code == 1
    assert "left alone" in out
    assert "zimbraPasswordMinLength of cos:default" in out


def test_a_plan_is_stale_once_the_server_has_moved(say: Say, plan: str) -> None:
    with opened() as sample:
        sample.world.objects["cos:default"]["zimbraPasswordMinLength"] = ("7",)
    code, _, error = say("apply", "--demo", "--yes", plan)
    assert code == 4
    assert "zimbraPasswordMinLength of cos:default" in error


def test_forgetting_is_for_runs_that_are_over(say: Say, plan: str) -> None:
    run = applied(say, plan, "--confirm-within", "60")["run"]
    assert say("history", "--demo", "--forget", run)[0] == 4
    assert say("rollback", "--demo", "--yes", run)[0] == 0
    assert say("history", "--demo", "--forget", run)[0] == 0
    assert "No run" in say("history", "--demo")[1]


def test_a_run_can_be_put_aside_without_being_taken_back(say: Say, plan: str) -> None:
    run = applied(say, plan, "--confirm-within", "60")["run"]
    words = ("history", "--demo", "--forget", run, "--even-though-not-taken-back")
    assert say(*words)[0] == 4
    code, out, error = say(*words, "--yes")
    assert (code, "put aside" in out) == (0, True)
    assert "stays changed: " in error
    assert "No run" in say("history", "--demo")[1]
    assert say("rollback", "--demo", "--yes", run)[0] == 2


def test_runs_are_forgotten_by_age(say: Say, plan: str) -> None:
    run = applied(say, plan)["run"]
    assert say("rollback", "--demo", "--yes", run)[0] == 0
    assert "0 runs" in say("history", "--demo", "--forget-older-than", "30")[1]
    assert run in say("history", "--demo", "--forget-older-than", "0")[1]


@pytest.mark.parametrize("verb", ["confirm", "verify", "rollback"])
@pytest.mark.parametrize(
    ("run", "code", "said"),
    [
        ("nonsense", 2, "is no run"),
        ("../../etc/passwd", 2, "is no run"),
        ("20261121T120000Z-0000\x1b[2J", 2, "\\x1b"),
        ("20261121T120000Z-0000", 2, "20261121T120000Z-0000"),
    ],
)
def test_a_run_that_is_none_is_refused(
    say: Say, verb: str, run: str, code: int, said: str
) -> None:
    found, out, error = say(verb, "--demo", run)
    assert (found, out) == (code, "")
    assert said in error
    assert "\x1b" not in error


@pytest.mark.parametrize("verb", ["apply", "confirm", "verify", "rollback", "history"])
def test_the_sample_is_no_host(say: Say, verb: str, plan: str) -> None:
    word = {"apply": plan, "history": ""}.get(verb, "20261121T120000Z-0000")
    words = [verb, "--demo", "--host", "root@mail.example.test", word]
    code, _, error = say(*(word for word in words if word))
    assert code == 2
    assert "--demo" in error


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("apply", "--demo"), 2),
        (("apply", "--demo", "--yes", "/nowhere"), 2),
        (("apply", "--demo", "--yes", "-"), 2),
        (("apply", "--demo", "--confirm-within", "5", "x"), 2),
        (("apply", "--demo", "--restart", "never", "x"), 2),
        (("rollback", "--demo"), 2),
        (("history", "--demo", "--forget", "x"), 2),
    ],
)
def test_a_wrong_command_line_is_usage(
    say: Say, words: tuple[str, ...], code: int
) -> None:
    found, _, error = say(*words)
    assert found == code
    assert error


def test_a_plan_comes_from_a_file(say: Say) -> None:
    assert "from a file of yours" in say("apply", "--demo", "--yes", "-")[2]


def test_two_at_once_are_refused(say: Say, plan: str) -> None:
    with opened():
        code, _, error = say("apply", "--demo", "--yes", plan)
    assert code == 4
    assert "Another run" in error


def test_the_state_is_for_its_owner(say: Say, plan: str) -> None:
    applied(say, plan)
    for path in (folder(), *folder().iterdir()):
        assert not path.stat().st_mode & 0o077


def test_a_damaged_state_is_said(say: Say, plan: str) -> None:
    applied(say, plan)
    (folder() / "world").write_bytes(b"\x00")
    code, _, error = say("history", "--demo")
    assert code == 4
    assert "remove it" in error


def test_other_evidence_begins_anew(say: Say, plan: str) -> None:
    applied(say, plan)
    world = folder() / "world"
    content = world.read_bytes()
    with opened() as sample:
        assert sample.world.files["/var/lib/zmward/runs"]
    digest = content[content.index(b"evidence") + 10 :][:64]
    world.write_bytes(content.replace(digest, b"0" * 64))
    assert "No run" in say("history", "--demo")[1]


def test_nothing_steers_a_pipe(plan: str, tmp_path: Path) -> None:
    words = [sys.executable, "-c", "from zmward.cli.main import run; run()"]
    environment = {**os.environ, "TERM": "xterm-256color"}
    done = subprocess.run(
        [*words, "apply", "--demo", "--yes", plan],
        capture_output=True,
        env=environment,
        cwd=tmp_path,
        timeout=60,
        check=False,
    )
    assert done.returncode in (0, 3), done.stderr
    assert b"\x1b" not in done.stdout + done.stderr
    assert b"1/" in done.stderr
