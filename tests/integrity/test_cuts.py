"""A history that is cut, put back or taken away is found, whatever goes with it."""

import os
import shutil
import syslog
from pathlib import Path

import msgspec
import pytest

from tests.integrity.site import OTHER, SIGNER, WISH, place, put
from zmward.doors import told_logs
from zmward.doors.told_logs import told_lines
from zmward.engine import integrity_keys, integrity_state
from zmward.engine.integrity_keys import Signer, told_by
from zmward.engine.integrity_state import folder
from zmward.engine.integrity_work import Wish, accept, baseline, check, proposed
from zmward.errors import BadFile, Refused, Usage
from zmward.integrity.manifest import Entry
from zmward.integrity.receipts import End, Newest, newest_told, told

LOG = "var/log/auth.log"
MADE = 4
CUT = "those after it were cut off"
GONE = "somebody removed it"
BACK = "another one was put in its place"


def history() -> Path:
    return folder("/") / "history"


def note() -> Path:
    return integrity_state._last(folder("/"))


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give the lines that go to the system's log, which is not this machine's own."""
    lines: list[str] = []
    monkeypatch.setattr(syslog, "syslog", lambda _level, line: lines.append(line))
    return lines


@pytest.fixture
def made(root: Path, logged: list[str]) -> Path:
    """Give an installation with four baselines, and a copy of each older state."""
    for number in range(1, MADE + 1):
        baseline(place(root), WISH, SIGNER)
        shutil.copytree(folder("/").parent, root.parent / "old" / str(number))
    assert len(logged) == MADE
    return root


def refused(root: Path, words: str, wish: Wish = WISH) -> None:
    with pytest.raises(Refused, match=words) as caught:
        check(place(root), wish)
    assert caught.value.code == 4


def put_back(root: Path, number: int) -> None:
    """Put all back that an older baseline had, as who kept a copy can."""
    state = folder("/").parent
    shutil.rmtree(state)
    shutil.copytree(root.parent / "old" / str(number), state)


def nothing_left() -> None:
    shutil.rmtree(folder("/"))
    note().unlink()


@pytest.mark.parametrize("number", range(1, MADE))
@pytest.mark.parametrize("beside", ["kept", "removed", "rewritten"])
@pytest.mark.parametrize("receipt", ["removed", "kept", "reworded"])
def test_a_history_that_is_cut_is_refused(
    made: Path, number: int, beside: str, receipt: str
) -> None:
    *entries, last = history().read_bytes().splitlines()
    head = msgspec.json.decode(entries[number - 1], type=Entry).digest
    ended = msgspec.json.decode(last, type=End)
    left = entries[:number]
    if receipt == "kept":
        left.append(last)
    elif receipt == "reworded":
        new = msgspec.structs.replace(ended, newest=f"{number}:{head}")
        left.append(msgspec.json.encode(new))
    history().write_bytes(b"\n".join(left) + b"\n")
    if beside == "removed":
        note().unlink()
    elif beside == "rewritten":
        note().write_text(f"{number}:{head}\n")
    refused(made, CUT)
    assert check_works_again(made, (*entries, last))


def check_works_again(root: Path, lines: tuple[bytes, ...]) -> bool:
    """Put the whole history back: nothing else stood in the way."""
    history().write_bytes(b"\n".join(lines) + b"\n")
    head = msgspec.json.decode(lines[-1], type=End).newest
    note().write_text(head)
    return check(place(root), WISH).header.serial == MADE


def test_a_history_that_is_cut_at_its_begin_is_refused(made: Path) -> None:
    lines = history().read_bytes().splitlines(keepends=True)
    history().write_bytes(b"".join(lines[1:]))
    refused(made, "does not follow the one before it")


def test_a_line_of_the_log_ends_no_history(made: Path, logged: list[str]) -> None:
    entries = history().read_bytes().splitlines()[:1]
    head = msgspec.json.decode(entries[0], type=Entry).digest
    signature = logged[0].rpartition(" ")[2]
    last = msgspec.json.encode(End(f"1:{head}", signature))
    history().write_bytes(b"\n".join((*entries, last)) + b"\n")
    note().unlink()
    refused(made, CUT)


def test_who_kept_an_older_state_is_found_by_the_log(
    made: Path, logged: list[str]
) -> None:
    """Nothing on the host tells, once its log is cut as well: the guide says so."""
    put_back(made, 2)
    assert check(place(made), WISH).header.serial == 2
    put(made, LOG, "".join(f"Dec  1 mail zmward[7]: {line}\n" for line in logged))
    refused(made, BACK)
    put(made, LOG, "".join(f"Dec  1 mail zmward[7]: {line}\n" for line in logged[:2]))
    assert check(place(made), WISH).header.serial == 2


@pytest.mark.parametrize("name", ["auth.log.1", "secure", "secure-20261130"])
def test_each_of_the_system_s_logs_is_read(
    made: Path, logged: list[str], name: str
) -> None:
    put_back(made, MADE - 1)
    put(made, f"var/log/{name}", f"{logged[-1]}\n")
    refused(made, BACK)


def test_a_log_that_anybody_may_write_forges_nothing(
    made: Path, logged: list[str]
) -> None:
    number, _, rest = logged[-1].partition(":")
    forged = [
        f"{number}9:{rest}",
        logged[-1].replace(" signed ", " signed A"),
        "integrity baseline 99:" + "0" * 64 + " of x (baseline, 1 paths)",
        told(Newest(machine(made), 99, "0" * 64), "x", OTHER.sign),
        told(Newest("f" * 64, 99, "0" * 64), "x", SIGNER.sign),
    ]
    put(made, LOG, "\n".join(forged) + "\n")
    assert check(place(made), WISH).header.serial == MADE


def machine(root: Path) -> str:
    return place(root).host().machine


def test_logs_that_are_no_files_tell_nothing(made: Path) -> None:
    (made / "var/log").mkdir(parents=True)
    os.mkfifo(made / LOG)
    (made / "var/log/secure").symlink_to("/dev/zero")
    assert check(place(made), WISH).header.serial == MADE


def test_what_all_is_gone_is_told_by_who_remembers(
    made: Path, logged: list[str]
) -> None:
    nothing_left()
    with pytest.raises(Usage, match="There is no baseline"):
        check(place(made), WISH)
    refused(made, GONE, msgspec.structs.replace(WISH, remembered="4"))
    told_elsewhere = "\n".join(logged).encode()
    refused(made, GONE, msgspec.structs.replace(WISH, told=told_elsewhere))
    put(made, LOG, logged[-1])
    refused(made, GONE)
    with pytest.raises(Refused, match="Baseline 4 of this host was made already"):
        baseline(place(made), WISH, SIGNER)
    assert not history().exists()


def test_who_insists_begins_anew_and_the_numbers_go_on(
    made: Path, logged: list[str]
) -> None:
    put(made, LOG, logged[-1])
    nothing_left()
    baseline(place(made), msgspec.structs.replace(WISH, anew=True), SIGNER)
    found = check(place(made), msgspec.structs.replace(WISH, remembered="4"))
    assert (found.header.serial, found.header.previous) == (5, "")
    baseline(place(made), WISH, SIGNER)
    assert check(place(made), WISH).header.serial == 6


def test_lines_from_elsewhere_are_believed_by_their_signatures(
    made: Path, logged: list[str]
) -> None:
    def wish(*lines: str) -> Wish:
        return msgspec.structs.replace(WISH, told="\n".join(lines).encode())

    assert check(place(made), wish(*logged)).header.serial == MADE
    put_back(made, 3)
    assert check(place(made), wish(*logged[:3])).header.serial == 3
    refused(made, BACK, wish(*reversed(logged)))
    for lines in ((), ("nothing",), (logged[-1].replace("4:", "9:"),)):
        refused(made, "nothing is known by it", wish(*lines))


def test_a_flood_hides_no_newer_line_behind_an_older_one_that_comes_again(
    made: Path, logged: list[str]
) -> None:
    """The name in a line is not signed, so that the old line is a new one."""
    again = logged[2].replace(" of ", " of another ", 1)
    put_back(made, 3)
    for count, words in ((2000, BACK), (20_000, "most of them forged")):
        flood = [
            f"integrity baseline {n}:{'b' * 64} of x signed {'A' * 86}=="
            for n in range(1, count + 1)
        ]
        lines = "\n".join((*logged, *flood, again)).encode()
        refused(made, words, msgspec.structs.replace(WISH, told=lines))


def test_of_a_log_that_is_too_long_nothing_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(integrity_keys, "_LARGEST_LOG", 100)
    (tmp_path / "log").write_bytes(b"x" * 100)
    assert len(told_by(tmp_path / "log")) == 100
    (tmp_path / "log").write_bytes(b"x" * 101)
    with pytest.raises(BadFile, match="the newest baseline may stand at its end"):
        told_by(tmp_path / "log")


@pytest.fixture
def medium(tmp_path: Path) -> Signer:
    """Give the key on a medium, which keeps what it signed."""
    (tmp_path / "medium").mkdir()
    return Signer(SIGNER._key, tmp_path / "medium/key.pem")


def memory(signer: Signer) -> Path:
    assert signer.memory is not None
    return signer.memory


def test_the_key_remembers_what_it_signed(
    root: Path, medium: Signer, logged: list[str]
) -> None:
    baseline(place(root), WISH, medium)
    shutil.copytree(folder("/").parent, root.parent / "old/1")
    header, head, forgotten = accept(
        place(root), WISH, medium, proposed(place(root), WISH, ())
    )
    assert forgotten == ""
    assert memory(medium).read_text() == f"{logged[-1]}\n"
    assert memory(medium).stat().st_mode & 0o777 == 0o600
    kept = told_by(memory(medium))
    assert newest_told(kept, header.machine, WISH.keys) == Newest(
        header.machine, 2, head
    )
    put_back(root, 1)
    assert check(place(root), WISH).header.serial == 1
    refused(root, BACK, msgspec.structs.replace(WISH, told=kept))
    before = history().read_bytes()
    for again in (
        lambda: baseline(place(root), WISH, medium),
        lambda: accept(place(root), WISH, medium, proposed(place(root), WISH, ())),
    ):
        with pytest.raises(Refused, match=BACK):
            again()
    assert history().read_bytes() == before
    nothing_left()
    with pytest.raises(Refused, match="Baseline 2 of this host was made already"):
        baseline(place(root), WISH, medium)


def test_one_key_remembers_many_hosts(
    root: Path, medium: Signer, logged: list[str]
) -> None:
    for name in ("a", "b"):
        put(root, "etc/machine-id", name * 32)
        nothing = folder("/").parent
        shutil.rmtree(nothing, ignore_errors=True)
        baseline(place(root), WISH, medium)
        baseline(place(root), WISH, medium)
    assert memory(medium).read_text().splitlines() == [logged[1], logged[3]]


def test_a_medium_that_cannot_be_written_is_said(
    root: Path, medium: Signer, logged: list[str]
) -> None:
    memory(medium).parent.rmdir()
    found = baseline(place(root), WISH, medium)
    assert found.forgotten.startswith(f"{memory(medium)} cannot be written")
    assert logged
    assert check(place(root), WISH).header.serial == 1


def test_a_memory_that_cannot_be_read_signs_nothing(root: Path, medium: Signer) -> None:
    memory(medium).mkdir()
    with pytest.raises(BadFile):
        baseline(place(root), WISH, medium)
    assert not history().exists()


def test_a_flood_of_lines_is_bounded(root: Path) -> None:
    newest = Newest(machine(root), 7, "a" * 64)
    flood = "".join(
        f"integrity baseline {number}:{'b' * 64} of x signed {'A' * 86}==\n"
        for number in range(1, 5000)
    )
    true = told(newest, "mail.example.test", SIGNER.sign)
    assert newest_told((flood + true).encode(), newest.machine, WISH.keys) == newest


@pytest.mark.parametrize(
    "of", ["x\nintegrity baseline 9:", "x signed y", "", "é" * 900]
)
def test_the_line_holds_whatever_name_a_host_has(of: str) -> None:
    newest = Newest("", 3, "c" * 64)
    line = told(newest, of, SIGNER.sign)
    assert "\n" not in line
    assert newest_told(line.encode(), "", WISH.keys) == newest


def journal(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a program in the place of journalctl."""
    folder.mkdir()
    program = folder / "journalctl"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def test_the_journal_of_this_machine_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = Newest("m", 5, "d" * 64)
    line = told(newest, "mail (baseline, 3 paths)", SIGNER.sign)
    script = f'echo "$*" > {tmp_path}/words; echo "{line}"'
    journal(tmp_path / "bin", script, monkeypatch)
    assert newest_told(told_lines("/"), "m", WISH.keys) == newest
    words = (tmp_path / "words").read_text().split()
    # What others than root wrote does not count, and nothing waits for a key.
    assert {"SYSLOG_IDENTIFIER=zmward", "_UID=0", "--no-pager"} <= set(words)
    (tmp_path / "words").unlink()
    assert newest_told(told_lines(str(tmp_path)), "m", WISH.keys) is None
    assert not (tmp_path / "words").exists()


@pytest.mark.parametrize("script", ["exec sleep 60", "exit 1"])
def test_a_journal_that_does_not_answer_tells_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    monkeypatch.setattr(told_logs, "_SECONDS", 0.2)
    journal(tmp_path / "bin", script, monkeypatch)
    assert newest_told(told_lines("/"), "m", WISH.keys) is None
