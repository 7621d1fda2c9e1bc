"""Rehearses a restore: what one copy holds is restored for real, beside everything.

Nothing that runs is touched. The last drill is remembered, be it good or bad.
"""

import contextlib
import platform
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from zmward.backup_places import SUBJECTS, Backups, Copy, Subject
from zmward.backups.chosen import Choice, accounts, choice, first, newest, one_account
from zmward.backups.estimate import estimated
from zmward.backups.ldif_count import KINDS
from zmward.backups.listing import Backup, Listing, shown
from zmward.backups.rehearsal import (
    Estimate,
    Part,
    Rehearsal,
    stamp,
)
from zmward.backups.repository import LAST
from zmward.backups.run import CONFIG, BackupRun
from zmward.doors.backup_streams import Item, Lost, Source, items
from zmward.doors.host import Door
from zmward.doors.scratch import Scratch
from zmward.doors.zimbra_host import ZimbraHost
from zmward.engine import (
    drill_account,
    drill_coverage,
    drill_ldap,
    drill_mariadb,
)
from zmward.engine.backup_listing import listed, usual
from zmward.engine.drill_part import Unfit, untried
from zmward.errors import Usage, ZmwardError
from zmward.i18n import mark
from zmward.sources.backup_drill import SCHEMA

_CONFIG: Final = "/opt/zimbra/data/ldap/config"
_SLAPCAT: Final = "/opt/zimbra/common/sbin/slapcat"
# An entry that is written while the backup is made need not be in it.
_WHILE: Final = 7200
# A full backup a week, and what it takes to make it.
_BEHIND: Final = 8 * 86_400
Step = Callable[[int, int, str], None]


class Asked(msgspec.Struct, frozen=True):
    """What the command line asks for, when, and of which version."""

    when: datetime
    version: str = ""
    copy: str = ""
    only: tuple[Subject, ...] = SUBJECTS
    account: str = ""


def copy_of(door: Door, site: Backups, name: str) -> Copy:
    """Return the copy to rehearse with: the one named, or the first."""
    copies = site.copy or usual(door)
    if not copies:
        raise Usage(
            "The profile names no backups, and Zimbra's own places hold none: name "
            "them as [[backups.copy]]."
        )
    if not name:
        return copies[0]
    for one in copies:
        if one.name == name:
            return one
    names = ", ".join(one.name for one in copies)
    raise Usage(f"There is no copy {name!r} in the profile: it has {names}.")


def _live_config(door: Door) -> bytes:
    """Return the configuration of this host's own slapd; empty where there is none."""
    words = (_SLAPCAT, "-n", "0", "-F", _CONFIG)
    with contextlib.suppress(ZmwardError):
        done = door.run(words, user="zimbra", seconds=120)
        if not done.code:
            return done.out
    return b""


def _live(door: Door, made: float) -> dict[str, int] | None:
    """Return how many entries of each kind the directory has that the backup must have.

    None where it cannot be asked.
    """
    try:
        when = datetime.fromtimestamp(made - _WHILE, UTC)
        host = ZimbraHost(door)
        survey = host.survey()
        found: dict[str, int] = {}
        seen: set[str] = set()
        for kind, mark_ in KINDS:
            old = f"(createTimestamp<={when:%Y%m%d%H%M%SZ})"
            wanted = f"(&(objectClass={mark_.decode()}){old})"
            records = host.search(survey, "", "sub", wanted, "1.1")
            # A resource is an account too, and counts once.
            own = {record.dn for record in records} - seen
            seen |= own
            found[kind] = len(own)
    except (ZmwardError, ValueError, OverflowError):
        return None
    return {kind: count for kind, count in found.items() if count}


def _servers(door: Door) -> frozenset[str]:
    """Return the names of the live directory's servers; none where it says nothing."""
    with contextlib.suppress(ZmwardError):
        host = ZimbraHost(door)
        own = (host.survey(), "", "sub", "(objectClass=zimbraServer)", "1.1")
        return frozenset(record.dn.lower() for record in host.search(*own))
    return frozenset()


def _inside(item: Item) -> bool:
    """Say whether a file lies in a folder of its backup."""
    return "/" in item.path.lstrip("/")


def _missing(subject: Subject, patterns: Sequence[str]) -> Part:
    words = {
        "ldap": mark("zmslapcat writes it; zmward backup run does"),
        "mariadb": mark("mysqldump writes it"),
        "account": mark("zmward backup run exports accounts"),
    }
    text = f"the backup holds no file {' or '.join(patterns)}"
    return untried(subject, text, words[subject])


class _Drill:
    """One drill on one copy."""

    def __init__(
        self, door: Door, listing: Listing, wanted: Choice, step: Step
    ) -> None:
        self._door, self._listing, self._wanted = door, listing, wanted
        self._step = step
        own = {piece for one in newest(listing) for piece in one.pieces}
        every = tuple(items(listing, newest(listing)))
        # A run's own files lie in no folder; those of its configuration do, and user
        # zimbra may give them any name.
        self._settings = {f.backup for f in every if f.backup in own and _inside(f)}
        self._files = tuple(f for f in every if f.backup not in own or not _inside(f))
        # By piece and file: several runs may have stored the same name.
        self._stored: dict[tuple[str, str], str] = {}
        self._empty: set[str] = set()
        lost = [name for one in newest(listing) for name in self._lost(one)]
        self._gone = ", ".join(lost[:3]) + (", …" if len(lost) > 3 else "")  # noqa: PLR2004  # enough to see

    @property
    def accounts(self) -> list[Item]:
        return accounts(self._files, self._wanted)

    def _lost(self, backup: Backup) -> list[str]:
        """Return what a run of zmward's stored and what is not there any more."""
        own = {file.name: file for file in self._files if file.backup in backup.pieces}
        if LAST not in own:
            return []
        try:
            told = drill_ldap.bounded(self._source(own[LAST]))
            run = msgspec.json.decode(told, type=BackupRun)
        except (msgspec.DecodeError, UnicodeError, Unfit) as error:
            raise Lost(f"{LAST} cannot be read: {error}") from error
        pieces = [piece for piece in run.pieces if piece.outcome == "stored"]
        self._empty |= {one.name for one in run.pieces if one.outcome == "empty"}
        digests = {piece.name: piece.sha256 for piece in pieces}
        # Of every file of a name: another one may have been put beside it.
        self._stored |= {
            (file.backup, file.name): digests[file.name]
            for file in self._files
            if file.backup in backup.pieces and file.name in digests
        }
        stored = {piece.name for piece in pieces}
        lost = stored - own.keys() - {CONFIG}
        if CONFIG in stored and not self._settings & set(backup.pieces):
            lost.add(CONFIG)
        return sorted(lost)

    def _source(self, item: Item) -> Source:
        return Source(self._listing.copy, item)

    def _moved(self, subject: Subject, item: Item) -> Callable[[int], None]:
        return lambda read: self._step(read, max(item.size, read, 1), subject)

    def _kept(self, part: Part, item: Item) -> Part:
        """Return a part; bad where it is not what its run has stored."""
        stored = self._stored.get((item.backup, item.name), "")
        # What could not be tried has no checksum, and is not known to be another.
        if not stored or not part.sha256 or part.state == "bad":
            return part
        if stored == part.sha256:
            return part
        text = "it is not what its run stored"
        step = mark("see who put it there, and make a new one")
        return msgspec.structs.replace(part, state="bad", text=text, step=step)

    def _dated(self, part: Part, item: Item, written: float) -> Part:
        """Return a part; not well where its file is old, or others are gone."""
        if part.state != "well":
            return part
        if self._gone:
            text = f"{part.text}; but pieces of its run are gone: {self._gone}"
            step = mark("see who removed them, and make a new one")
            return msgspec.structs.replace(part, state="bad", text=text, step=step)
        behind = max(file.made for file in self._files) - min(item.made, written)
        if behind <= _BEHIND:
            return part
        text = f"{part.text}; but it is {behind / 86_400:.0f} days behind the newest"
        step = mark("see why no newer one is there, or which names the profile means")
        return msgspec.structs.replace(part, state="unknown", text=text, step=step)

    def _schema(self) -> bytes:
        found = first(self._files, self._wanted.ldap_config)
        if found is not None:
            return drill_ldap.bounded(self._source(found))
        return _live_config(self._door)

    def ldap(self, scratch: Scratch) -> Part:
        item = first(self._files, self._wanted.ldap)
        if item is None:
            return _missing("ldap", self._wanted.ldap)
        asked = (
            self._schema,
            lambda made: _live(self._door, made),
            lambda: _servers(self._door),
            self._stored.get((item.backup, item.name), ""),
        )
        moved = self._moved("ldap", item)
        part = drill_ldap.restored(scratch, self._source(item), asked, moved)
        return self._dated(self._kept(part, item), item, item.written)

    def mariadb(self, scratch: Scratch) -> Part:
        item = first(self._files, self._wanted.mariadb)
        if item is None:
            return _missing("mariadb", self._wanted.mariadb)
        moved = self._moved("mariadb", item)
        part = drill_mariadb.restored(scratch, self._source(item), moved)
        return self._dated(self._kept(part, item), item, item.written)

    def account(self, _scratch: Scratch) -> Part:
        item = one_account(self.accounts, self._wanted, secrets.choice)
        if item is None:
            return _missing("account", self._wanted.account)
        moved = self._moved("account", item)
        stored = self._stored.get((item.backup, item.name), "")
        part = drill_account.restored(self._source(item), moved, stored)
        # Who did not change need not be exported anew.
        newest = max(file.written for file in self.accounts)
        part = self._dated(part, item, newest)
        if part.state != "well":
            return part
        live = drill_coverage.live(self._door, item.made - _WHILE)
        paths = [one.path for one in self.accounts]
        return drill_coverage.compared(part, paths, live, self._empty)

    def parts(self, scratch: Scratch, only: Sequence[Subject]) -> tuple[Part, ...]:
        makers = {"ldap": self.ldap, "mariadb": self.mariadb, "account": self.account}
        found = []
        for number, subject in enumerate(only):
            self._step(number, len(only), subject)
            found.append(makers[subject](scratch))
        return tuple(found)


def _hopeless(listing: Listing, only: Sequence[Subject]) -> tuple[Part, ...]:
    """Return the parts of a copy that does not even tell what it holds."""
    trouble = next(iter(listing.troubles))
    return tuple(Part(s, trouble.state, trouble.text, trouble.step) for s in only)


def _sum(sizes: Sequence[int | None]) -> int | None:
    known = [size for size in sizes if size is not None]
    return sum(known) if known and len(known) == len(sizes) else None


def _tried(
    door: Door, site: Backups, listing: Listing, asked: Asked, step: Step
) -> tuple[tuple[Part, ...], Estimate, tuple[str, ...]]:
    with Scratch(site.scratch) as scratch:
        drill = _Drill(door, listing, choice(site, asked.account), step)
        parts = drill.parts(scratch, asked.only)
        every = [item.size for item in drill.accounts]
        notes = scratch.notes
    whole = _sum([one.size for one in newest(listing)])
    estimate = estimated(parts, listing.copy, whole, sum(every) if every else None)
    return parts, estimate, notes


def rehearse(door: Door, site: Backups, asked: Asked, step: Step) -> Rehearsal:
    """Restore what one copy holds; return how that went."""
    copy = copy_of(door, site, asked.copy)
    asked = msgspec.structs.replace(asked, only=kept(site, copy, asked.only))
    step(0, 1, f"asking {copy.name}")
    listing = listed(door, copy)
    found = newest(listing)
    parts: tuple[Part, ...]
    notes: tuple[str, ...] = ()
    estimate = Estimate(None, None)
    if listing.troubles:
        parts = _hopeless(listing, asked.only)
    elif not found:
        step_ = mark("make a backup, or see where they are made")
        parts = tuple(Part(s, "bad", "there is no backup", step_) for s in asked.only)
    else:
        try:
            parts, estimate, notes = _tried(door, site, listing, asked, step)
        except Lost as error:
            parts = tuple(Part(s, "bad", str(error)) for s in asked.only)
    parts = tuple(
        msgspec.structs.replace(one, text=shown(one.text), source=shown(one.source))
        for one in parts
    )
    newest_ = max(found, key=lambda one: one.when, default=None)
    return Rehearsal(
        schema=SCHEMA,
        host=platform.node(),
        when=stamp(asked.when.timestamp()),
        copy=copy.name,
        backup=shown(newest_.name) if newest_ else "",
        made=stamp(newest_.when) if newest_ else "",
        parts=parts,
        estimate=estimate,
        zmward=asked.version,
        notes=notes,
    )


def kept(site: Backups, copy: Copy, only: Sequence[Subject]) -> tuple[Subject, ...]:
    """Return the parts that a copy holds: what has no name in the site is not kept."""
    found = tuple(one for one in only if one in site.held(copy))
    if not found:
        what = ", ".join(only)
        raise Usage(f"The profile says that {what} is not kept in {copy.name}.")
    return found


def subjects(text: str) -> tuple[Subject, ...]:
    """Read the parts that --only names."""
    words = [word for word in text.split(",") if word]
    odd = [word for word in words if word not in SUBJECTS]
    if odd or not words:
        raise Usage(f"--only {text!r}: write some of {', '.join(SUBJECTS)}.")
    return tuple(one for one in SUBJECTS if one in words)
