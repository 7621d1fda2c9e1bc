"""Hunts through a root for what has no place on a Zimbra server; it changes nothing."""

import os
import re
import stat
from collections.abc import Iterator
from posixpath import join, normpath
from typing import Final

import msgspec

from zmward.catalog.hunt import PAGE, Hunt
from zmward.catalog.installation import WEB, Z, real, skipped
from zmward.doors.hunted import SEEN, begin, processes
from zmward.doors.tree import Folder, Walk, enter
from zmward.engine.integrity import Place
from zmward.integrity.hunting import (
    LONG,
    Hit,
    Process,
    Subject,
    classes,
    hunts_at,
    in_data,
    job_hits,
    judged,
    led_to,
    link_hit,
    process_hits,
    shows,
    unseen,
)
from zmward.integrity.names import shown
from zmward.integrity.own_jobs import TABLES
from zmward.integrity.shipped import Database, within

PLACES: Final = (
    Z,
    f"{Z}/data/tmp",
    f"{Z}/data/httpd",
    *(f"{Z}/log", f"{Z}/zmstat", f"{Z}/jetty_base/logs", f"{Z}/jetty_base/temp"),
    *("/tmp", "/var/tmp", "/dev/shm"),  # noqa: S108  # looked into, and never used
    *("/etc/crontab", "/etc/cron.d", "/etc/cron.hourly", "/etc/cron.daily"),
    *("/etc/cron.weekly", "/etc/cron.monthly", "/var/spool/cron"),
    *("/etc/sudoers", "/etc/sudoers.d", "/etc/pam.d", "/etc/pam.conf"),
    *("/etc/systemd", "/run/systemd/system", "/usr/local/lib/systemd"),
    *("/usr/lib/systemd", "/lib/systemd", "/var/spool/at", "/etc/anacrontab"),
    *("/etc/logrotate.d", "/etc/update-motd.d", "/etc/apt/apt.conf.d", "/etc/bashrc"),
    *("/etc/udev/rules.d", "/etc/NetworkManager/dispatcher.d", "/etc/network"),
    *("/etc/security", "/etc/ssh", "/root/.ssh", "/root/.pam_environment"),
    *("/usr/local/bin", "/usr/local/sbin", "/usr/local/lib"),
    *("/etc/rc.local", "/etc/rc.d", "/etc/init.d", "/etc/profile", "/etc/profile.d"),
    *("/etc/bash.bashrc", "/etc/environment", "/etc/ld.so.preload"),
    *("/root/.bashrc", "/root/.bash_profile", "/root/.profile", "/root/.bash_login"),
)
_PAGE: Final = re.compile(rf".*\.{PAGE}", re.DOTALL)
# Data in which programs lie that somebody hid there.
_INSIDE: Final = (
    *(f"{Z}/data/tmp/", f"{Z}/data/httpd/", f"{Z}/log/", f"{Z}/zmstat/"),
    *(f"{Z}/jetty_base/logs/", f"{Z}/jetty_base/temp/"),
)
_WORK: Final = f"{Z}/jetty_base/work/"
# Files of more than so many bytes are looked at until they come to so many together: a
# second goes by for one of half a MiB that means harm, and user zimbra can have a
# million of them that take no room on the disk. Shorter ones always are.
_SHORT: Final = 16 << 10
_MOST: Final = 2 << 30


class Hunted(msgspec.Struct, frozen=True):
    """What a hunt found, and what it could not look at.

    `live` says that processes were looked at, `trouble` why no package could be asked.
    """

    hits: tuple[Hit, ...]
    missed: tuple[tuple[str, str], ...]
    files: int
    live: bool
    trouble: str

    @property
    def alarms(self) -> tuple[Hit, ...]:
        """Return what is an alarm."""
        return tuple(one for one in self.hits if one.level == "alarm")

    @property
    def code(self) -> int:
        """Return the exit code: 3 where not all was seen, 1 for an alarm, else 0."""
        return 3 if self.missed else 1 if self.alarms else 0


class _Hunt:
    """One hunt at work."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._owners = place.names("etc/passwd")
        self._walk = Walk(place.opened, _left_out)
        self.packages: Database = place.database_of(PLACES)
        # Contents are not kept: whoever writes pages could fill the memory with them.
        self.shows: dict[str, tuple[tuple[Hunt, str], ...]] = {}
        self.tables: list[Subject] = []
        self.pages: list[str] = []
        self.work: list[str] = []
        self.links: list[tuple[str, str]] = []
        self.long: list[str] = []
        self.missed: list[tuple[str, str]] = []
        # The first that was not looked into, and how many.
        self.passed = ("", 0)
        self.files = 0
        self._left = _MOST

    def look(self) -> None:
        for tree in PLACES:
            if self._walked_elsewhere(tree):
                continue
            for folder in self._walk.tree(tree):
                self._folder(folder)
        self.missed += (
            (shown(note.path), note.why)
            for note in self._walk.notes
            if not note.why.startswith("the same folder")
        )

    def _walked_elsewhere(self, tree: str) -> bool:
        """Say whether a tree's top is a link to where another tree is walked.

        On merged systems /lib is one to /usr/lib. Any other is noted by the walk.
        """
        top = f"/{tree.split('/')[1]}"
        try:
            target = os.readlink(top[1:], dir_fd=self._place.opened)
        except OSError:
            return False
        return f"{normpath(join('/', target))}{tree.removeprefix(top)}" in PLACES

    def _folder(self, folder: Folder) -> None:
        try:
            opened = enter(self._place.opened, folder.path)
        except OSError as error:
            self._walk.note(folder.path, error)
            return
        try:
            for name in (*folder.names, *folder.others):
                self._file(opened, name, f"{folder.path}/{name}")
        finally:
            os.close(opened)

    def _file(self, folder: int, name: str, path: str) -> None:
        try:
            found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except OSError as error:
            self._walk.note(path, error)
            return
        if stat.S_ISREG(found.st_mode):
            self._plain(folder, name, path, found)
        elif stat.S_ISLNK(found.st_mode):
            self._link(folder, name, path)

    def _plain(self, folder: int, name: str, path: str, found: os.stat_result) -> None:
        self.files += 1
        if real(path).startswith(_WORK):
            self.work.append(path)
        elif real(path).startswith(f"{WEB}/") and _PAGE.fullmatch(path):
            self.pages.append(path)
        owner = self._owners.get(str(found.st_uid), str(found.st_uid))
        rows = hunts_at(path, found.st_mode, owner)
        if not rows:
            return
        content = b""
        if any(row.holds for row in rows) and self._affords(path, found.st_size):
            try:
                content = begin(folder, name)
            except FileNotFoundError:
                return
            except OSError as error:
                self.missed.append((shown(path), error.strerror or "not read"))
                return
            if found.st_size > SEEN:
                self.long.append(path)
        subject = Subject(path, found.st_mode, owner, content)
        if some := shows(subject):
            self.shows[path] = some
        if path in TABLES:
            self.tables.append(subject)

    def _affords(self, path: str, size: int) -> bool:
        """Say whether a file is still looked into; what is not is missed."""
        if size <= _SHORT:
            return True
        if self._left > 0:
            self._left -= min(size, SEEN)
            return True
        first, count = self.passed
        self.passed = (first or path, count + 1)
        return False

    def _link(self, folder: int, name: str, path: str) -> None:
        try:
            target = os.readlink(name, dir_fd=folder)
        except OSError as error:
            self._walk.note(path, error)
            return
        self.links.append((path, target))
        to = led_to(path, target)
        # Zimbra's own folders are known by where they lie, the system's are walked.
        seen = within(to, PLACES) and not path.startswith(Z)
        if path in PLACES and not in_data(path) and not seen:
            why = f"it is a link to {shown(to)}, which was not looked at"
            self.missed.append((shown(path), why))

    def found(self) -> Iterator[Hit]:
        known = not self.packages.trouble
        shipped = self._place.agreeing(
            map(shown, (*self.shows, *self.long)), self.packages
        )
        self.missed += (
            (shown(path), LONG) for path in self.long if shown(path) not in shipped
        )
        first, count = self.passed
        if count:
            why = f"{_MOST >> 30} GiB of other files were looked at before"
            why += f"; so it is with {count - 1} more" if count > 1 else ""
            self.missed.append((shown(first), why))
        for path, some in self.shows.items():
            one, agrees = self.packages.files.get(shown(path)), shown(path) in shipped
            # What is not as its package has it is nobody's.
            owned = one is not None and (agrees or not one.digest)
            yield from judged(path, some, owned=owned, known=known, as_shipped=agrees)
        yield from self._jobs()
        for path, target in self.links:
            owned = bool(self.packages.owner(shown(path)))
            yield from link_hit(path, target, owned=owned, known=known)
        yield from classes(self.pages, self.work)

    def _jobs(self) -> Iterator[Hit]:
        for subject in self.tables:
            rows = shows(subject)
            some = judged(subject.path, rows, owned=False, known=True, as_shipped=False)
            alarms = (hit.excerpt for hit in some if hit.level == "alarm")
            yield from job_hits(subject, alarms)


def _left_out(folder: str) -> bool:
    inside = folder.startswith(_INSIDE)
    return not inside and skipped(folder)


def _running(place: Place) -> tuple[Process, ...]:
    return tuple(processes(place.names("etc/passwd"))) if place.root == "/" else ()


def hunt(place: Place) -> Hunted:
    """Look for what has no place below a root; of `/`, at its processes too."""
    work = _Hunt(place)
    work.look()
    running = _running(place)
    found = sorted(
        {*work.found(), *process_hits(running)},
        key=lambda one: (one.level, one.path, one.rule, one.excerpt),
    )
    work.missed += unseen(running)
    return Hunted(
        tuple(found),
        tuple(sorted(set(work.missed))),
        work.files,
        place.root == "/",
        work.packages.trouble,
    )
