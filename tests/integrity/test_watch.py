"""A program that is dropped into a web root is told within moments, an upgrade is not."""

import errno
import fcntl
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from inotify_simple import Event, flags

from tests.integrity.site import SHIPPED, WEB, package, place, put
from zmward.engine.alert import Alerts, by_https, by_mail, message
from zmward.engine.watch_files import Watcher
from zmward.errors import Incomplete, Usage
from zmward.integrity.watching import RULE, TODO, UNWATCHED, VANISHED, Dropped

PUBLIC = f"{WEB}/zimbra/public"
ONE = Dropped(
    *("/x.jsp", "2026-12-01T12:00:00+00:00", (RULE,), "zimbra", "0644", 3), was=False
)


class Told:
    """A watcher, what it told, and what it said."""

    def __init__(self, root: Path) -> None:
        self.found: list[Dropped] = []
        self.said: list[str] = []
        self.watcher = Watcher(place(root), self.found.append, self.said.append)
        self.watcher.start()

    def after(self, seconds: float = 0.6) -> dict[str, Dropped]:
        """Return what is told within some time, by path."""
        begin, self.found[:] = time.monotonic(), []
        while time.monotonic() - begin < seconds:
            self.watcher.step(0.05)
        return {one.path: one for one in self.found}


@pytest.fixture
def told(root: Path) -> Iterator[Told]:
    found = Told(root)
    yield found
    found.watcher.close()


def test_a_dropped_page_is_told_at_once(root: Path, told: Told) -> None:
    put(root, f"{PUBLIC}/9f.jsp", '<% Runtime.getRuntime().exec("id"); %>')
    found = told.after()
    one = found.pop(f"/{PUBLIC}/9f.jsp")
    assert found == {}
    assert set(one.rules) == {RULE, "foreign-page", "page-runs-commands"}
    assert (one.size, one.was) == (38, False)
    assert "9f.jsp: a program was written" in one.text
    assert told.after(0.2) == {}


def test_an_old_server_s_web_root_is_watched_and_a_link_to_the_new_one_is_not(
    root: Path,
) -> None:
    old = "opt/zimbra/jetty"
    (root / old).symlink_to("jetty_base")
    linked = Told(root)
    linked.watcher.close()
    (root / old).unlink()
    (root / old / "webapps/zimbra/public").mkdir(parents=True)
    told = Told(root)
    put(root, f"{old}/webapps/zimbra/public/9f.jsp", "<% %>")
    found = told.after()
    told.watcher.close()
    assert set(found) == {f"/{old}/webapps/zimbra/public/9f.jsp"}
    assert linked.said == told.said == []


def test_a_page_that_is_changed_or_moved_in_is_told(root: Path, told: Told) -> None:
    put(root, f"{PUBLIC}/login.jsp", "<% evil %>")
    elsewhere = put(root, "opt/zimbra/data/x", "<% %>")
    elsewhere.rename(root / PUBLIC / "moved.jsp")
    os.link(root / PUBLIC / "moved.jsp", root / PUBLIC / "hard.jsp")
    (root / PUBLIC / "soft.jsp").symlink_to("/tmp/x")
    found = told.after()
    assert set(found) == {
        f"/{PUBLIC}/{name}.jsp" for name in ("login", "moved", "hard", "soft")
    }
    assert found[f"/{PUBLIC}/login.jsp"].was


def test_a_page_that_is_held_open_is_told(root: Path, told: Told) -> None:
    with (root / PUBLIC / "login.jsp").open("ab", buffering=0) as file:
        file.write(b"<% evil %>")
        assert set(told.after()) == {f"/{PUBLIC}/login.jsp"}


def test_a_page_that_is_taken_away_at_once_is_told(root: Path, told: Told) -> None:
    put(root, f"{PUBLIC}/9f.jsp", "<% %>").unlink()
    put(root, f"{PUBLIC}/x.jsp", "<% %>").rename(root / PUBLIC / "x.txt")
    put(root, f"{PUBLIC}/sed1234", "<% %>").unlink()
    found = told.after()
    assert set(found) == {f"/{PUBLIC}/{name}.jsp" for name in ("9f", "x")}
    assert all(one.rules == (VANISHED,) for one in found.values())
    assert "taken away" in found[f"/{PUBLIC}/x.jsp"].text
    assert told.after(0.2) == {}


def test_who_only_reads_the_packages_holds_nothing_up(root: Path, told: Told) -> None:
    lock = put(root, "var/lib/rpm/.rpm.lock", "")
    held = "import fcntl,sys; f=open(sys.argv[1]); fcntl.lockf(f,fcntl.LOCK_SH)"
    command = [
        sys.executable,
        "-c",
        f"{held}; print(1, flush=True); input()",
        str(lock),
    ]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        put(root, f"{PUBLIC}/9f.jsp", "<% %>")
        assert set(told.after()) == {f"/{PUBLIC}/9f.jsp"}
        other.communicate(b"\n")


def test_what_lies_in_a_new_folder_is_told(root: Path, told: Told) -> None:
    put(root, f"{PUBLIC}/a/b/c/deep.jsp", "x")
    put(root, "opt/zimbra/lib/ext/new/new.jar", "PK")
    assert set(told.after()) == {
        f"/{PUBLIC}/a/b/c/deep.jsp",
        "/opt/zimbra/lib/ext/new/new.jar",
    }
    put(root, f"{PUBLIC}/a/b/c/later.jsp", "x")
    assert set(told.after()) == {f"/{PUBLIC}/a/b/c/later.jsp"}


def test_pictures_and_styles_are_not_told(root: Path, told: Told) -> None:
    for name in ("logo.png", "skin.css", "x.js", "page.html"):
        put(root, f"{WEB}/zimbra/img/{name}", "x")
    assert told.after() == {}


def test_an_upgrade_is_not_told(root: Path, told: Told) -> None:
    files = {**SHIPPED, f"{PUBLIC}/login.jsp": "v2", f"{PUBLIC}/more.jsp": "new"}
    lock = put(root, "var/lib/dpkg/lock", "")
    with lock.open("w") as file:
        # A lock of another process: our own would not be seen.
        holder = subprocess.Popen(
            (sys.executable, "-c", _HOLDS, str(lock)), stdout=subprocess.PIPE
        )
        assert holder.stdout is not None
        holder.stdout.readline()
        assert file.fileno() > 0
    put(root, f"{PUBLIC}/login.jsp", "v2")
    put(root, f"{PUBLIC}/more.jsp", "new")
    put(root, f"{PUBLIC}/shell.jsp", "<% %>")
    assert told.after() == {}
    package(root, files, "10.1.1")
    holder.stdout.close()
    holder.kill()
    holder.wait()
    assert set(told.after()) == {f"/{PUBLIC}/shell.jsp"}


_HOLDS = """
import fcntl, sys, time
file = open(sys.argv[1], "w")
fcntl.lockf(file, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(60)
"""


def test_an_overflow_is_said_and_everything_looked_at_again(
    root: Path, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    inotify = told.watcher._watched._inotify
    put(root, f"{PUBLIC}/lost.jsp", "x")
    for _ in inotify.read(timeout=200):
        pass  # The kernel has dropped them.
    lost = [Event(-1, flags.Q_OVERFLOW, 0, "")]
    monkeypatch.setattr(type(inotify), "read", lambda *_words, **_more: lost)
    told.watcher.step(0)
    monkeypatch.undo()
    assert set(told.after()) == {f"/{PUBLIC}/lost.jsp"}
    assert any("overflowed" in text for text in told.said)


def test_what_is_never_run_takes_no_memory(
    root: Path, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(50):
        put(root, f"{PUBLIC}/{number}.txt", "x")
    assert told.after() == {}
    known = told.watcher._known
    assert [path for path in known if path.endswith(("txt", "html", "js"))] == []
    assert known
    monkeypatch.setattr("zmward.engine.watch_files._RESTS", 0.0)
    told.watcher._all(f"/{WEB}")
    assert told.watcher._waiting == {}
    # A picture that becomes a program is told.
    (root / PUBLIC / "7.txt").rename(root / PUBLIC / "7.jsp")
    assert set(told.after(2)) == {f"/{PUBLIC}/7.jsp"}


def test_a_burst_is_told_whole(root: Path, told: Told) -> None:
    for number in range(500):
        put(root, f"{PUBLIC}/d{number % 50}/{number}.jsp", "x")
    assert len(told.after(2.5)) == 500


def test_a_folder_that_becomes_a_link_leads_nowhere(
    root: Path, told: Told, tmp_path: Path
) -> None:
    (tmp_path / "outside").mkdir()
    (root / PUBLIC / "out").symlink_to(tmp_path / "outside")
    told.after()
    put(tmp_path, "outside/x.jsp", "x")
    assert told.after() == {}


def test_a_web_root_that_is_swapped_is_watched_anew(root: Path, told: Told) -> None:
    """User zimbra owns the folder above, which nobody watches."""
    web, page = root / WEB, f"{PUBLIC}/9f.jsp"
    web.rename(web.with_name("before"))
    put(root, page, "<% evil(); %>")
    assert list(told.after(1)) == [f"/{page}"]
    assert any("is another one now" in text for text in told.said)
    put(root, f"{PUBLIC}/8e.jsp", "<% evil(); %>")
    assert list(told.after()) == [f"/{PUBLIC}/8e.jsp"]


def test_a_web_root_that_comes_later_is_watched(root: Path, told: Told) -> None:
    page = "opt/zimbra/data/httpd/htdocs/9f.php"
    assert not (root / page).parent.exists()
    put(root, page, "<?php evil(); ?>")
    assert list(told.after(1)) == [f"/{page}"]


@pytest.mark.parametrize("part", [WEB, "opt/zimbra/jetty_base"])
def test_a_web_root_that_becomes_a_link_is_told(
    root: Path, told: Told, part: str
) -> None:
    """Jetty follows it, to where nobody watches."""
    (root / part).rename(root / f"{part}-before")
    (root / part).symlink_to(root / f"{part}-before")
    found = told.after(1)
    assert found[f"/{WEB}"].rules == (UNWATCHED,)
    assert all(one.rules == (UNWATCHED,) for one in found.values())
    assert told.after() == {}


def test_a_folder_deeper_than_any_is_told(root: Path, told: Told) -> None:
    made = root / "opt/zimbra/data/deep"
    made.joinpath(*["d"] * 101).mkdir(parents=True)
    made.rename(root / PUBLIC / "deep")
    (one,) = told.after(2).values()
    assert one.rules == (UNWATCHED,)
    assert "deeper than 100" in one.excerpt


def test_more_folders_than_are_watched_end_no_watch(
    root: Path, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_words: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(told.watcher._watched, "add", full)
    for number in range(3):
        put(root, f"{PUBLIC}/new/{number}/9f.jsp", "<% evil(); %>")
    found = told.after(2)
    monkeypatch.undo()
    pages = {f"/{PUBLIC}/new/{number}/9f.jsp" for number in range(3)}
    assert set(found) == pages | {f"/{PUBLIC}/new"}
    assert found[f"/{PUBLIC}/new"].rules == (UNWATCHED,)
    put(root, f"{PUBLIC}/8e.jsp", "<% evil(); %>")
    assert set(told.after(2)) == {f"/{PUBLIC}/8e.jsp"}
    told.watcher.close()
    with pytest.raises(Incomplete, match="max_user_watches"):
        _starting_full(root, full)


def _starting_full(root: Path, full: Callable[..., None]) -> None:
    watcher = Watcher(place(root), lambda _: None, lambda _: None)
    watcher._watched.add = full  # type: ignore[method-assign]  # as a full kernel
    watcher.start()


def test_a_web_root_that_is_a_link_is_said_not_to_be_watched(root: Path) -> None:
    web = root / WEB
    web.rename(web.with_name("elsewhere"))
    web.symlink_to("elsewhere")
    put(root, "opt/zimbra/zimlets-deployed/x/x.js", "x")
    found = Told(root)
    found.watcher.close()
    assert found.said == [f"/{WEB} is not watched: it is no folder"]


def test_nothing_to_watch_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(Incomplete):
        Told(tmp_path)


@pytest.fixture
def open_place() -> Iterator[Path]:
    """Give a folder that whoever sendmail runs as may write to."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        Path(name).chmod(0o777)
        yield Path(name)


def test_mail_goes_through_the_host_s_own_program(open_place: Path) -> None:
    program = put(
        open_place,
        "sendmail",
        '#!/bin/sh\nid -u > "$0.user"\necho "$@" > "$0.args"\ncat > "$0.in"\n',
    )
    program.chmod(0o755)
    send = by_mail("ops@example.com", "mail", program)
    send([ONE])
    assert (open_place / "sendmail.args").read_text() == "-i -- ops@example.com\n"
    # Zimbra's main.cf names programs that sendmail runs, and is user zimbra's.
    assert (open_place / "sendmail.user").read_text() != "0\n"
    text = (open_place / "sendmail.in").read_text()
    assert "Subject: zmward: 1 programs in web roots of mail" in text
    assert "/x.jsp" in text
    for address in ("-oQ/tmp@x", "two@x.org, b@x.org", "no", "a@b\nBcc: c@d"):
        with pytest.raises(Usage):
            by_mail(address, "mail", program)
    with pytest.raises(Usage):
        by_https("http://example.com/x", "mail")


def test_a_name_cannot_write_headers() -> None:
    evil = Dropped(*("/x\\x0aBcc: a@b.jsp", "", (RULE,), "z", "0644", 1), was=False)
    raw = message([evil], "ops@example.com", "mail").decode()
    assert not re.search(r"^Bcc:", raw, re.MULTILINE)


def test_a_host_s_name_ends_no_mail(root: Path) -> None:
    put(root, "etc/hostname", "# set by hand\nmail.example.test\nother\n")
    name = place(root).host().name
    assert name == "mail.example.test"
    raw = message([ONE], "ops@example.com", "mail\nBcc: a@b").decode()
    assert "web roots of mail?Bcc: a@b\n" in raw


def test_no_alarm_is_left_out_without_a_word() -> None:
    raw = message([ONE] * 150, "ops@example.com", "mail").decode()
    assert "Subject: zmward: 150 programs" in raw
    assert "and 50 more" in raw
    assert raw.count(ONE.path) == 100
    sent: list[int] = []

    def send(some: object) -> None:
        sent.append(len(some))  # type: ignore[arg-type]  # a list of alarms

    alerts = Alerts([send], lambda _: None, pause=0.01)
    for _ in range(150):
        alerts.tell(ONE)
    alerts.close()
    assert sum(sent) == 150


def test_alarms_go_in_bundles_and_failures_are_said() -> None:
    sent: list[int] = []
    said: list[str] = []
    gate = threading.Event()

    def slow(some: object) -> None:
        gate.wait(5)
        sent.append(len(some))  # type: ignore[arg-type]  # a list of alarms

    def fails(_some: object) -> None:
        raise OSError("refused")

    alerts = Alerts([slow, fails], said.append, pause=0.01)
    alerts.tell(ONE)
    time.sleep(0.1)
    for _ in range(5):
        alerts.tell(ONE)
    gate.set()
    alerts.close()
    assert sent == [1, 5]
    assert "refused" in said[0]


@pytest.mark.parametrize(
    "error", [KeyError("zimbra"), UnicodeEncodeError("utf-8", "\udc80", 0, 1, "no")]
)
def test_an_alarm_that_cannot_be_sent_keeps_none_of_the_next(error: Exception) -> None:
    sent: list[int] = []
    said: list[str] = []

    def send(some: object) -> None:
        sent.append(len(some))  # type: ignore[arg-type]  # a list of alarms
        if len(sent) == 1:
            raise error

    alerts = Alerts([send], said.append, pause=0.01)
    alerts.tell(ONE)
    time.sleep(0.2)
    alerts.tell(ONE)
    alerts.close()
    assert sent == [1, 1]
    assert type(error).__name__ in said[0]


def test_the_verb_tells_within_two_seconds_and_ends(root: Path) -> None:
    argv = (sys.executable, "-c", "from zmward.cli.main import run; run()")
    words = ("integrity", "watch", "--root", str(root))
    with subprocess.Popen(
        (*argv, *words), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert b"folders are watched" in process.stderr.readline()
        begin = time.monotonic()
        put(root, f"{PUBLIC}/x\n.jsp", "<% %>")
        line = process.stdout.readline().decode()
        assert time.monotonic() - begin < 2
        assert line.startswith(f"/{PUBLIC}/x\\x0a.jsp: a program was written")
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert fcntl.F_GETLK
    assert TODO
