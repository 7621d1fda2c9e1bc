"""Counts on a host what a policy would drop: a table that drops nothing, for a while.

A transient timer on the host is set first. It removes the table whatever becomes of
us, of the connection, or of this process.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import msgspec

from zmward.doors.host import Done, Door
from zmward.engine.site import Site
from zmward.errors import Fault, Incomplete, Refused, Unreachable
from zmward.firewall.counted import Counted, counters, parse
from zmward.firewall.render_observe import TABLE
from zmward.sources.source import Unreadable

TIMER: Final = "zmward-observe"
_DELETE: Final = ("nft", "delete", "table", "inet", TABLE)
_COUNTERS: Final = ("nft", "-j", "list", "counters", "table", "inet", TABLE)
_WHOLE: Final = ("nft", "-jn", "list", "table", "inet", TABLE)
_TRACKED: Final = tuple(
    f"/proc/sys/net/netfilter/nf_conntrack_{word}" for word in ("count", "max")
)
_GONE: Final = b"No such file or directory"
# So long the kernel is shown the connections that are open.
WARMING: Final = 5
# So long after the end the timer waits for a connection that comes back.
_SPARE: Final = 60
_TICK: Final = 0.2
_SHORTEST, _LONGEST, _STEPS = 3, 60, 200
# So often all is copied, should somebody remove the table.
_COPIED: Final = 60


class Heard(msgspec.Struct, frozen=True):
    """What was counted, for how long, and why it ended: `time`, or in words.

    `left` says what could not be removed from the host.
    """

    counted: Counted
    seconds: int
    ended: str
    left: str = ""


def _can(door: Door) -> None:
    """Refuse a host on which nothing can be counted, before anything is touched."""
    if door.run(("id", "-u")).out.strip() != b"0":
        raise Refused(f"Observing {door.name} needs root: log in as root, or use sudo.")
    if door.run(("nft", "--version")).code:
        raise Refused(
            f"There is no nft on {door.name}, by which alone zmward counts without "
            "dropping: install the package nftables (it loads nothing by itself)."
        )
    listed = door.run(("nft", "list", "table", "inet", TABLE))
    if not listed.code:
        raise Refused(
            f"Somebody observes {door.name} already: wait for its end, or end it with: "
            f"{' '.join(_DELETE)}; systemctl stop {TIMER}.timer"
        )
    if _GONE not in listed.error:
        raise Refused(f"nft on {door.name} does not work: {listed.said}")


def _arm(door: Door, seconds: int) -> None:
    """Set the timer that removes the table; no timer, no table."""
    words = (
        *("systemd-run", f"--unit={TIMER}", f"--on-active={seconds}s"),
        *("--timer-property=AccuracySec=1s", "--collect", "--quiet"),
        *("/usr/bin/env", *_DELETE),
    )
    done = door.run(words)
    if done.code:
        raise Refused(
            f"No timer can be set that removes the table, so nothing was loaded: "
            f"systemd-run: {done.said}"
        )
    if door.run(("systemctl", "is-active", "-q", f"{TIMER}.timer")).code:
        raise Refused("The timer that removes the table does not run: nothing loaded.")


def _disarm(door: Door) -> None:
    door.run(("systemctl", "stop", f"{TIMER}.timer"))
    door.run(("systemctl", "reset-failed", f"{TIMER}.service"))


def _load(door: Door, text: str) -> None:
    done = door.run(("nft", "-f", "-"), given=text.encode())
    if done.code:
        raise Refused(f"{door.name} does not take the table that counts: {done.said}")


def _remove(door: Door) -> str:
    """Remove table and timer; return what could not be removed, in words."""
    waits = f"the timer {TIMER} on the host removes the table {TABLE}"
    try:
        done = door.run(_DELETE)
        if done.code and _GONE not in done.error:
            return f"{done.said}; {waits}"
        _disarm(door)
    except Unreachable as error:
        return f"{error}; {waits}"
    return ""


@contextmanager
def _armed(site: Site, seconds: int, left: list[str]) -> Iterator[None]:
    """Hold the timer, and afterwards remove what was loaded in every case."""
    _arm(site.door, seconds)
    try:
        yield
    finally:
        said = _remove(site.door)
        if said:
            left.append(said)
            site.talk(f"not removed: {said}")


class _Gone(Incomplete):
    """The table is not there any more, and what it had counted is lost."""


def _answer(done: Done) -> str:
    if done.code and _GONE in done.error:
        raise _Gone(
            "The table that counts is gone: somebody loaded all rules anew, or the "
            "timer has removed it. What was counted is lost; observe again."
        )
    if done.code:
        raise Fault("nft", done.said, f"the table {TABLE}")
    return done.out.decode("utf-8", "replace")


def _full(door: Door) -> bool:
    """Say whether the kernel can hardly track more connections: it would drop."""
    done = door.run(("cat", *_TRACKED))
    words = done.out.split()
    if done.code or len(words) != len(_TRACKED):
        return False
    count, most = map(int, words)
    return most > 0 and count > most * 9 // 10


def _so_far(site: Site) -> str:
    try:
        found = counters(_answer(site.door.run(_COUNTERS)))
    except Unreadable as error:
        raise Incomplete(f"The table that counts does not answer: {error}.") from error
    total = found["left"] + found["rate"]
    return f"{total} first packets would be dropped so far"


def _read(site: Site) -> Counted:
    try:
        return parse(_answer(site.door.run(_WHOLE, seconds=60)))
    except Unreadable as error:
        raise Incomplete(f"What was counted cannot be read: {error}.") from error


def _whole(site: Site) -> Counted:
    """Read all that was counted; a connection that is lost may come back."""
    begun = site.clock()
    while True:
        try:
            return _read(site)
        except Unreachable:
            if site.clock() - begun > _SPARE / 2:
                raise
            site.sleep(_SHORTEST)


class _Watch:
    """One observation while it goes on: what was seen last, and how far it is."""

    def __init__(self, site: Site, seconds: int) -> None:
        self._site, self._seconds = site, seconds
        self._every = max(_SHORTEST, min(_LONGEST, seconds / _STEPS))
        self._asked, self._copied, self._about = 0.0, 0.0, "counting"
        self._copy: Counted | None = None
        self._when = 0

    def _look(self, passed: float) -> None:
        """Ask for the counters, and now and then for a copy of everything."""
        self._asked = passed + self._every
        try:
            self._about = _so_far(self._site)
            if passed >= self._copied:
                self._copied = passed + max(_COPIED, 5 * self._every)
                self._copy, self._when = _read(self._site), int(passed)
        except Unreachable as error:
            self._site.talk(f"{error}; the host counts on")

    def _end(self, passed: float) -> str:
        """Say why it ends now; an empty text where it goes on."""
        if passed >= self._seconds:
            return "time"
        if self._site.stop():
            return "somebody stopped it"
        if passed < self._asked:
            return ""
        try:
            if _full(self._site.door):
                return "the kernel's table of connections was full"
        except Unreachable:
            return ""
        return ""

    def until_the_end(self) -> Heard:
        """Wait, and return what was counted; of a table that is gone the last copy."""
        begun = self._site.clock()
        try:
            while not (ended := self._end(passed := self._site.clock() - begun)):
                if passed >= self._asked:
                    self._look(passed)
                self._site.step(int(passed), self._seconds, self._about)
                rest = max(0.0, self._seconds - passed)
                self._site.sleep(min(_TICK, rest))
            return Heard(_whole(self._site), min(int(passed), self._seconds), ended)
        except _Gone:
            if self._copy is None:
                raise
            why = "somebody removed the table that counts; this was the last copy of it"
            return Heard(self._copy, self._when, why)


def observe(site: Site, first: str, counting: str, seconds: int) -> Heard:
    """Load the table `first`, then `counting`, wait, read, remove; nothing is dropped.

    Both are files for nft; the first makes the table and is refused where there is one.
    """
    _can(site.door)
    left: list[str] = []
    with _armed(site, WARMING + seconds + _SPARE, left):
        site.step(0, seconds, "the kernel is shown the open connections")
        _load(site.door, first)
        site.wait(lambda: False, min(WARMING, seconds), _TICK)
        if _full(site.door):
            raise Refused(
                f"{site.door.name} tracks nearly as many connections as it may "
                "(nf_conntrack_max): raise the limit first, else it drops."
            )
        _load(site.door, counting)
        found = _Watch(site, seconds).until_the_end()
    return msgspec.structs.replace(found, left="; ".join(left))
