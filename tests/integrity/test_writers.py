"""Who wrote a file is told from auditd's log, by real lines of it, and never guessed."""

import os
import threading
import time
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.integrity.audit_lines import (
    ENRICHED,
    JAVA,
    MOMENT,
    PUBLIC,
    call,
    coded,
    created,
    cwd,
    kept,
    path,
)
from tests.integrity.site import WISH, place, put
from zmward.doors.audit_trail import trail
from zmward.engine.integrity_explain import explain
from zmward.engine.watch_files import Watcher
from zmward.engine.written_by import Asked, writer_of
from zmward.integrity.watching import TREES, VANISHED, Dropped
from zmward.integrity.writers import Target, Trail, Writer

USERS = {"0": "root", "999": "zimbra", "1000": "anna"}
SHELL = f"{PUBLIC}/9f3a41c7.jsp"
ROOT = Path(__file__).parents[2]


def lines(text: str) -> list[str]:
    """Return whole lines; splitlines would part them at 1D, too."""
    return [f"{line}\n" for line in text.split("\n") if line]


def writers(
    text: str, name: str = SHELL, folder: int | None = None, own: int | None = None
) -> tuple[Writer, ...]:
    content = text.encode("utf-8", "surrogateescape")
    wanted = {name.rpartition("/")[2]}
    return Trail(content, USERS, wanted).writers(Target(name, folder, own))


def test_a_page_that_mailboxd_wrote() -> None:
    (one,) = writers(created(1, SHELL))
    assert one == Writer(
        when="2026-12-01T08:00:00.001+00:00",
        deed="created",
        program=JAVA,
        command="qtp1537772520-1",
        process=4711,
        parent=2211,
        user="zimbra",
        login="",
        terminal="",
    )
    assert one.text == (
        f"created 2026-12-01T08:00:00.001+00:00 by {JAVA} (qtp1537772520-1, process "
        "4711 of 2211) as zimbra, no login"
    )


def test_who_had_logged_in_is_told() -> None:
    words = created(1, SHELL, uid=0, auid=1000, tty="pts0", exe="/usr/bin/vim")
    (one,) = writers(words)
    assert (one.user, one.login, one.terminal) == ("root", "anna", "pts0")
    assert "as root, logged in as anna on pts0" in one.text


def test_what_auditd_looked_up_names_who_is_not_in_passwd() -> None:
    more = ENRICHED.format(auid='"clara"', user='"clara"')
    (one,) = writers(created(1, SHELL, uid=70001, auid=70001, more=more))
    assert (one.user, one.login) == ("clara", "clara")
    (one,) = writers(created(1, SHELL, uid=70001, auid=70001))
    assert (one.user, one.login) == ("70001", "70001")
    more = ENRICHED.format(auid='"unset"', user='"zimbra"')
    assert writers(created(1, SHELL, more=more))[0].login == ""


@pytest.mark.parametrize(
    "name",
    ["a b.jsp", 'q".jsp', "n\nl.jsp", "ümlaut.jsp", "\udcff.jsp", "ABCD", "\x1d.jsp"],
)
def test_any_name_is_read_as_the_kernel_writes_it(name: str) -> None:
    (one,) = writers(created(1, f"{PUBLIC}/{name}"), f"{PUBLIC}/{name}")
    assert one.deed == "created"
    assert writers(created(1, f"{PUBLIC}/{name}x"), f"{PUBLIC}/{name}") == ()


def test_names_of_programs_steer_no_terminal() -> None:
    (one,) = writers(created(1, SHELL, exe="/tmp/\x1b[2Jx", comm="\x1b]0;x"))
    assert (one.program, one.command) == ("/tmp/\\x1b[2Jx", "\\x1b]0;x")


def test_a_relative_name_stands_in_its_folder() -> None:
    """As `cd FOLDER; touch NAME` gives: the folder's own number says where."""
    text = (
        call(1)
        + cwd(1, PUBLIC)
        + path(1, PUBLIC, "PARENT", item=0, inode=18)
        + path(1, "9f3a41c7.jsp")
    )
    assert len(writers(text)) == 1
    assert len(writers(text, folder=18)) == 1
    # From an open folder elsewhere, the process stood here all the same.
    assert writers(text, folder=19) == ()


def test_a_name_through_a_link_is_known_by_its_folder() -> None:
    name = "/opt/zimbra/mailboxd/webapps/zimbra/public/9f3a41c7.jsp"
    assert writers(created(1, name)) == ()
    assert len(writers(created(1, name), folder=18)) == 1
    assert len(writers(created(1, name), own=33363)) == 1
    assert writers(created(1, name), folder=19, own=7) == ()


def test_a_file_that_is_moved_in_is_created_by_who_moved_it() -> None:
    text = (
        call(1, syscall=82, exe="/usr/bin/mv", comm="mv")
        + cwd(1, "/root")
        + path(1, "/tmp/", "PARENT", item=0, inode=3)
        + path(1, f"{PUBLIC}/", "PARENT", item=1, inode=18)
        + path(1, "/tmp/x", "DELETE", item=2, inode=44)
        + path(1, SHELL, "DELETE", item=3, inode=33)
        + path(1, SHELL, "CREATE", item=4, inode=44)
    )
    (one,) = writers(text)
    assert (one.deed, one.command) == ("created", "mv")
    (gone,) = writers(text, "/tmp/x")
    assert gone.deed == "removed"


def test_what_failed_or_only_read_wrote_nothing() -> None:
    assert writers(created(1, SHELL, success="no")) == ()
    reads = call(1, flags="0", key='"others"') + cwd(1) + path(1, SHELL, "NORMAL")
    assert writers(reads) == ()
    assert writers(reads.replace("a2=0 ", "a2=x ")) == ()
    assert writers(reads.replace("syscall=257", "syscall=188")) == ()
    (one,) = writers(reads.replace("a2=0 ", "a2=80002 "))
    assert one.deed == "written"


def test_who_lays_a_link_to_a_page_did_not_write_it() -> None:
    text = (
        call(1, syscall=86, key='"others"')
        + cwd(1)
        + path(1, SHELL, "NORMAL", item=0)
        + path(1, f"{PUBLIC}/", "PARENT", item=1, inode=18)
        + path(1, f"{PUBLIC}/hard.jsp", item=2)
    )
    assert writers(text) == ()
    assert len(writers(text, f"{PUBLIC}/hard.jsp")) == 1


def test_a_rule_with_several_keys_is_ours_too() -> None:
    both = coded("others\x01zmward")
    text = call(1, syscall=90, key=both) + cwd(1) + path(1, SHELL, "NORMAL", item=0)
    (one,) = writers(text)
    assert one.deed == "written"


def test_events_are_joined_by_their_numbers_in_whatever_order() -> None:
    first = lines(created(1, SHELL, comm="one"))
    other = lines(created(2, SHELL, comm="two"))
    mixed = "".join(
        line for pair in zip(first, reversed(other), strict=True) for line in pair
    )
    assert [one.command for one in writers(mixed)] == ["one", "two"]
    remote = "".join(f"node=mail.example.test {line}" for line in first)
    assert [one.command for one in writers(remote)] == ["one"]


def test_lines_of_programs_that_write_to_the_log_are_no_events() -> None:
    forged = created(1, SHELL).replace("type=", "type=USER_CMD x type=")
    assert writers(forged) == ()
    quoted = (
        f"type=USER_AUTH msg=audit({MOMENT}.001:1): pid=1 msg='op=x acct=\"a "
        f'type=PATH name={coded(SHELL)} nametype=CREATE" exe="/usr/sbin/sshd"\'\n'
    )
    assert writers(quoted) == ()


def test_a_half_event_tells_nothing() -> None:
    whole = lines(created(1, SHELL))
    assert writers("".join(whole[1:])) == ()
    assert writers("".join(whole[:3])) == ()
    assert len(writers("".join(whole[:4]))) == 1


@given(st.binary(max_size=300), st.integers(0, 900))
def test_noise_in_the_log_harms_nothing(noise: bytes, at: int) -> None:
    whole = created(1, SHELL).encode()
    content = whole[:at] + noise + whole[at:]
    for one in Trail(content, USERS, {"9f3a41c7.jsp"}).writers(Target(SHELL)):
        assert one.text.isprintable()


@pytest.mark.parametrize("long", ["a", "name=", '"', " x=", "\x1d"])
def test_a_line_that_auditd_would_not_write_takes_no_time(long: str) -> None:
    whole = lines(created(1, SHELL))
    whole[0] = whole[0].replace("\n", long * (1 << 20) + "\n")
    begin = time.process_time()
    assert writers("".join(whole)) == ()
    whole[0] = whole[0][:16000] + "\n"
    assert len(writers("".join(whole * 100))) == 1
    assert time.process_time() - begin < 2


def test_the_log_is_read_over_what_was_put_aside(root: Path) -> None:
    assert trail(place(root).opened, 1000) is None
    kept(root, "three\nfour\n")
    kept(root, "one\ntwo\n", "audit.log.1")
    kept(root, "zero\n", "audit.log.3")
    at = place(root).opened
    assert (trail(at, 1000) or b"").split() == [b"one", b"two", b"three", b"four"]
    # What was cut says something else than the whole line.
    assert (trail(at, 17) or b"").split() == [b"two", b"three", b"four"]
    assert (trail(at, 7) or b"").split() == [b"four"]
    (root / "var/log/audit/audit.log").unlink()
    assert (trail(at, 1000) or b"").split() == [b"one", b"two"]


def test_a_log_that_is_no_file_is_none(root: Path) -> None:
    folder = root / "var/log/audit"
    folder.mkdir(parents=True)
    os.mkfifo(folder / "audit.log")
    assert trail(place(root).opened, 1000) is None
    (folder / "audit.log").unlink()
    (folder / "audit.log").symlink_to("/dev/zero")
    assert trail(place(root).opened, 1000) is None


def test_a_log_that_is_behind_is_read_again(root: Path) -> None:
    kept(root, created(1, f"{PUBLIC}/other.jsp"))
    at = place(root).opened
    late = threading.Timer(0.2, kept, (root, created(2, SHELL)))
    late.start()
    asked = Asked(at, USERS, (SHELL,), patience=5.0)
    (one,) = asked.writers(SHELL, None) or ()
    late.join()
    assert one.when.endswith("0.002+00:00")
    begin = time.monotonic()
    asked = Asked(at, USERS, ("/nobody", "/else"), patience=0.3)
    assert (asked.writers("/nobody", None), asked.writers("/else", None)) == ((), ())
    assert time.monotonic() - begin < 2
    assert Asked(at, USERS, ()).writers("/nobody", None) == ()


def test_who_put_it_there_counts_before_who_took_it_away() -> None:
    (one,) = writers(created(1, SHELL))
    gone = msgspec.structs.replace(one, deed="removed", when="9")
    assert writer_of((one, gone)) == one
    assert writer_of((gone,)) == gone
    assert writer_of(()) is None
    assert writer_of(None) is None


def dropped(root: Path, log: str) -> dict[str, Dropped]:
    found: list[Dropped] = []
    watcher = Watcher(place(root), found.append, lambda _words: None)
    watcher.start()
    try:
        kept(root, log)
        put(root, SHELL.lstrip("/"), "<% %>")
        put(root, f"{PUBLIC.lstrip('/')}/gone.jsp", "<% %>").unlink()
        begin = time.monotonic()
        while len(found) < 2 and time.monotonic() - begin < 5:
            watcher.step(0.05)
    finally:
        watcher.close()
    return {one.path: one for one in found}


def test_an_alarm_says_who_wrote_it(root: Path) -> None:
    log = created(1, SHELL) + created(2, f"{PUBLIC}/gone.jsp", comm="dropper")
    found = dropped(root, log)
    one, gone = found[SHELL], found[f"{PUBLIC}/gone.jsp"]
    assert one.writer is not None
    assert one.writer.program == JAVA
    assert f"5 bytes), created 2026-12-01T08:00:00.001+00:00 by {JAVA}" in one.text
    assert gone.rules == (VANISHED,)
    assert gone.writer is not None
    assert gone.writer.command == "dropper"


def test_an_alarm_does_not_guess(root: Path) -> None:
    found = dropped(root, created(1, f"{PUBLIC}/other.jsp"))
    assert [one.writer for one in found.values()] == [None, None]


def test_explain_says_who_wrote_a_path_the_last_ones(root: Path) -> None:
    put(root, SHELL.lstrip("/"), "<% %>")
    assert explain(place(root), WISH, SHELL).writers is None
    kept(root, "".join(created(n, SHELL, comm=f"c{n}") for n in range(3, 9)))
    kept(root, created(1, SHELL, comm="c1"), "audit.log.1")
    found = explain(place(root), WISH, SHELL).writers
    assert found is not None
    assert [one.command for one in found] == ["c4", "c5", "c6", "c7", "c8"]
    assert explain(place(root), WISH, f"{PUBLIC}/no.jsp").writers == ()


def test_the_shipped_rules_are_of_what_is_watched() -> None:
    text = (ROOT / "packaging/audit/zmward.rules").read_text()
    rules = [line for line in text.splitlines() if not line.startswith("#")]
    assert rules == [
        f"-a always,exit -F arch={bits} -F dir={tree} -F perm=wa -F key=zmward"
        for tree in TREES
        for bits in ("b64", "b32")
    ]
