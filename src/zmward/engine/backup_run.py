"""Makes a backup: directory, configuration with its keys, databases, every account.

Everything is streamed from the program that knows it into the engine that keeps it.
What the run stored counts as a backup once its last piece is there.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final, Protocol

import msgspec

from zmward.backup_places import Copy
from zmward.backups.account_archive import Broken, contents
from zmward.backups.ldif_count import LdifCount, TooLong
from zmward.backups.repository import LAST
from zmward.backups.run import (
    CONFIG,
    LDAP,
    LDAP_CONFIG,
    MARIADB,
    PATHS,
    SCHEMA,
    BackupRun,
    Mailbox,
    Outcome,
    Piece,
    named,
)
from zmward.backups.sql_dump import SqlDump
from zmward.doors import soap
from zmward.doors.admin_port import AdminPort
from zmward.doors.backup_sinks import Label, Sink, store_paths
from zmward.doors.backup_streams import Lost, Stream
from zmward.doors.host import Local
from zmward.doors.produced import SILENT, produced
from zmward.doors.zimbra_host import Survey, ZimbraHost, filtered
from zmward.engine.backup_listing import probed
from zmward.engine.directory_due import databases_due, directory_due
from zmward.engine.state import new, root
from zmward.errors import Failed, Fault, NotZimbra, Refused, Unreachable, Usage
from zmward.sources.source import Unreadable

PARTS: Final = ("ldap", "config", "mariadb", "accounts")
_SOME: Final = "some"
# Only a node with mailboxes has MariaDB's data.
_MAILBOXES: Final = "db/data"
# Only a node with a directory has the configuration of one.
_DIRECTORY: Final = "data/ldap/config/cn=config.ldif"
_DATABASE: Final = "db/data/zimbra"
# What zmmyinit writes where it makes them.
_SETTINGS: Final = "conf/my.cnf"
_SLAPCATS: Final = ("common/sbin/slapcat", "openldap/sbin/slapcat")
# A token is looked at when an export begins, not while it goes on.
_LASTS: Final = "600"
_EXPIRED: Final = frozenset({"service.AUTH_EXPIRED", "service.AUTH_REQUIRED"})
Step = Callable[[int, int, str], None]


class Wanted(msgspec.Struct, frozen=True):
    """What the command line asks for, when, and of which version."""

    when: datetime
    version: str = ""
    only: tuple[str, ...] = PARTS
    accounts: str = "*"


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the lock of this host's runs, or refuse."""
    path = Path(root()) / "backups" / "run.lock"
    try:
        for folder in (path.parent.parent, path.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        lock = os.open(path, flags, 0o600)
    except OSError as error:
        raise Refused(f"{path} cannot be made: {error.strerror}.") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise Refused("Another `zmward backup run` works here.") from error
    try:
        yield
    finally:
        os.close(lock)


class _Looker(Protocol):
    """Looks at a text while it passes by."""

    def feed(self, piece: bytes) -> None:
        """Take the next piece."""


class _Run:
    """One run; each method stores one kind of pieces."""

    def __init__(self, host: ZimbraHost, copy: Copy, label: Label, step: Step) -> None:
        self._host, self._copy, self._label, self._step = host, copy, label, step
        self.pieces: list[Piece] = []

    def _sink(self, piece: str, file: str) -> Sink:
        return Sink(self._copy, self._label, piece, file)

    def _home(self, *places: str) -> str:
        for place in places:
            path = f"{self._host.home}/{place}"
            if Path(path).exists():
                return path
        return ""

    def ldap(self, survey: Survey) -> None:
        """Store the directory and its configuration, where this node has it."""
        database = self._home("data/ldap/mdb/db", "data/ldap/hdb/db")
        program = self._home(*_SLAPCATS)
        if not database:
            due = "its configuration is there" if self._home(_DIRECTORY) else ""
            due = due or directory_due(self._host, survey)
            text = f"its database is not there, but {due}"
            text = text if due else "this node has no directory"
            outcome: Outcome = "failed" if due else "empty"
            self.pieces.append(Piece(LDAP, outcome, text=text))
            return
        if not program:
            text = "there is a directory, and no slapcat to dump it"
            self.pieces.append(Piece(LDAP, "failed", text=text))
            return
        config = ("-F", f"{self._host.home}/data/ldap/config")
        # What zmslapcat runs; it would put the secrets on a disk by the way.
        for name, what in ((LDAP_CONFIG, ("-n", "0")), (LDAP, ("-b", ""))):
            self._step(0, 1, name)
            argv = self._host.as_zimbra(program, *config, *what)
            self.pieces.append(self._ldif(name, argv))

    def _ldif(self, name: str, argv: tuple[str, ...]) -> Piece:
        count = LdifCount()

        def over() -> dict[str, int]:
            if not count.ended:
                raise Lost("it breaks off within an entry")
            return count.counts()

        return self._dumped(name, argv, count, over)

    def _dumped(
        self,
        name: str,
        argv: tuple[str, ...],
        looker: _Looker,
        over: Callable[[], dict[str, int]],
    ) -> Piece:
        """Store what a program prints; `over` counts it, or says that it is cut."""
        sink = self._sink(name.partition(".")[0], name)
        try:
            with produced(argv) as stream:
                while piece := stream.read():
                    looker.feed(piece)
                    sink.give(piece)
            counts = over()
            sink.finish()
        except (Lost, TooLong) as error:
            return Piece(name, "failed", text=str(error) or "an entry never ends")
        finally:
            sink.close()
        digest = stream.digest.hexdigest()
        return Piece(name, "stored", stream.bytes, digest, counts=counts)

    def mariadb(self, survey: Survey) -> None:
        """Store the databases of the mailboxes, where this node has them.

        Those that are due and lie elsewhere are dumped all the same, or missed.
        """

        def count() -> int:
            return len(mailboxes(self._host, survey))

        there = self._home(_DATABASE, _SETTINGS)
        if not there and not databases_due(self._host, count):
            text = "this node has no database of mailboxes"
            self.pieces.append(Piece(MARIADB, "empty", text=text))
            return
        self._step(0, 1, MARIADB)
        dump = SqlDump()

        def over() -> dict[str, int]:
            if not dump.completed or not dump.tables:
                raise Lost("it breaks off: it does not show its end")
            return {"tables": dump.tables}

        argv = self._host.asking("dump")
        self.pieces.append(self._dumped(MARIADB, argv, dump, over))

    def config(self) -> None:
        """Store settings, keys, certificates and templates as they lie there."""
        paths = [f"{self._host.home}/{place}" for place in PATHS]
        real = [path for path in paths if Path(path).exists()]
        # Both engines store a link as a link, and nothing of where it leads.
        links = [path for path in paths if Path(path).is_symlink()]
        if not real or links:
            text = f"{links[0]} is a link" if links else "there is none of them"
            self.pieces.append(Piece(CONFIG, "failed", text=text))
            return
        self._step(0, 1, CONFIG)
        try:
            stored = store_paths(self._copy, self._label, CONFIG, real)
        except Failed as error:
            self.pieces.append(Piece(CONFIG, "failed", text=str(error)))
            return
        self.pieces.append(Piece(CONFIG, "stored", stored, text=" ".join(real)))

    def accounts(self, survey: Survey, pattern: str) -> None:
        """Store every account that has its mailbox here."""
        try:
            every = mailboxes(self._host, survey)
            port = AdminPort(self._host)
            port.token()
        except (Fault, Refused, Unreachable) as error:
            self.pieces.append(Piece("accounts", "failed", text=str(error)))
            return
        wanted = [mailbox for mailbox in every if fnmatchcase(mailbox.name, pattern)]
        if not wanted:
            # A server that was renamed has mailboxes under its old name.
            lost = bool(every or self._home(_MAILBOXES))
            text = "no account of that name has its mailbox here"
            outcome: Outcome = "failed" if lost else "empty"
            self.pieces.append(Piece("accounts", outcome, text=text))
            return
        try:
            for number, mailbox in enumerate(wanted):
                self._step(number, len(wanted), mailbox.name)
                self.pieces.append(self._account(port, number, mailbox))
        finally:
            _ended(port)

    def _account(self, port: AdminPort, number: int, mailbox: Mailbox) -> Piece:
        if not mailbox.id:
            return Piece(mailbox.file, "failed", text="it has no name or no zimbraId")
        try:
            token = delegated(port, mailbox, number)
            cookie = f'header = "Cookie: ZM_ADMIN_AUTH_TOKEN={token}"\n'.encode()
            argv = port.fetching(mailbox.path, SILENT)
            with produced(argv, cookie) as stream:
                return self._exported(stream, number, mailbox)
        except (Lost, Broken) as error:
            return Piece(mailbox.file, "failed", text=str(error))
        except (Fault, Refused, Unreachable) as error:
            return Piece(mailbox.file, "failed", text=str(error))

    def _exported(self, stream: Stream, number: int, mailbox: Mailbox) -> Piece:
        """Store an export while it is read to its last byte; all of it, or nothing."""
        first = stream.read()
        if not first:
            return Piece(mailbox.file, "empty", text="there is nothing in it")
        sink = self._sink(f"account-{number:06}", mailbox.file)
        waiting = [first]
        try:

            def read(size: int) -> bytes:
                piece = waiting.pop() if waiting else stream.read(size)
                if piece:
                    sink.give(piece)
                return piece

            found = contents(read)
            while read(1 << 18):
                continue
            sink.finish()
        finally:
            sink.close()
        digest = stream.digest.hexdigest()
        return Piece(mailbox.file, "stored", stream.bytes, digest, counts=found.counts)

    def last(self, told: BackupRun, wanted: Wanted) -> None:
        """Store what the run was, by which it counts as a backup."""
        # A run of some accounts must not pass for one of all.
        some = (_SOME,) if wanted.accounts != "*" else ()
        every = set(wanted.only) == set(PARTS) and not some
        label = msgspec.structs.replace(
            self._label,
            bytes=told.bytes,
            partial=not told.whole,
            parts=() if every else (*wanted.only, *some),
        )
        sink = Sink(self._copy, label, "run", LAST)
        try:
            sink.give(msgspec.json.format(msgspec.json.encode(told)))
            sink.finish()
        finally:
            sink.close()


def _ended(port: AdminPort) -> None:
    """End the session, so that the token is worth nothing."""
    ended = {"xmlns": "urn:zimbraAccount", "logoff": "1"}
    with suppress(Fault, Refused, Unreachable):
        message = soap.element("EndSessionRequest", "", ended)
        port.post(soap.envelope(message, port.token()))


def delegated(port: AdminPort, mailbox: Mailbox, number: int) -> str:
    """Return a token that is good for one account; the audit log tells of it."""
    who = soap.element("account", soap.text(mailbox.id), {"by": "id"})
    message = soap.request("DelegateAuth", who, number, duration=_LASTS)
    for turn in range(2):
        answer = port.post(soap.envelope(message, port.token()))
        try:
            inner = soap.body(answer.content, port.where)
            found = soap.reply(inner, "DelegateAuth", number, port.where)
        except Fault as error:
            if error.fault not in _EXPIRED or turn:
                raise
            port.log_in()
            continue
        token = found.get("authToken")
        held = token[0] if isinstance(token, list) and token else token
        text = held.get("_content") if isinstance(held, dict) else held
        if isinstance(text, str) and text.replace("_", "").isalnum():
            return text
    raise Fault("answer.mixed", f"no token for {mailbox.name}", port.where)


def mailboxes(host: ZimbraHost, survey: Survey) -> tuple[Mailbox, ...]:
    """Return every account whose mailbox is on this server, guests apart."""
    here = filtered("zimbraMailHost", survey.value("zimbra_server_hostname"))
    guests = "(!(zimbraIsExternalVirtualAccount=TRUE))"
    wanted = f"(&(objectClass=zimbraAccount){here}{guests})"
    records = host.search(survey, "", "sub", wanted, "zimbraId", "mail")
    found = []
    for record in records:
        name = named(record.dn, record.values.get("mail", ()))
        # One that cannot be exported is told of, never left out.
        found.append(Mailbox(name or record.dn, record.one("zimbraId") if name else ""))
    return tuple(sorted(found, key=lambda one: one.name))


def _fit(copy: Copy) -> None:
    """Refuse a copy that cannot keep secrets, or cannot be written."""
    if copy.kind not in {"restic", "borg"}:
        raise Usage(
            f"{copy.name} is of the kind {copy.kind}: zmward stores into restic and "
            "borg only."
        )
    try:
        wrong, sealed = probed(Local(), copy)
    except Unreadable as error:
        raise Refused(f"{copy.name} cannot be understood: {error}.") from error
    if wrong is not None:
        raise Refused(f"{copy.name}: {wrong.text}. {wrong.step.capitalize()}.")
    if not sealed:
        raise Refused(
            f"{copy.name} is not encrypted, and keys and passwords are to be stored: "
            "make a repository that is."
        )


def back_up(host: ZimbraHost, copy: Copy, wanted: Wanted, step: Step) -> BackupRun:
    """Make a backup of this host and store it; return what it is."""
    if os.geteuid():
        raise Refused("A backup needs root: the keys are root's and zimbra's to read.")
    if not Path(host.home).is_dir():
        raise NotZimbra(f"There is no {host.home} here.")
    began = time.monotonic()
    with _alone():
        _fit(copy)
        survey = host.survey()
        name = survey.value("zimbra_server_hostname")
        run = new(wanted.when).id
        work = _Run(host, copy, Label(name, run), step)
        if "ldap" in wanted.only:
            work.ldap(survey)
        if "config" in wanted.only:
            work.config()
        if "mariadb" in wanted.only:
            work.mariadb(survey)
        if "accounts" in wanted.only:
            work.accounts(survey, wanted.accounts)
        told = BackupRun(
            schema=SCHEMA,
            run=run,
            host=name,
            when=wanted.when.isoformat(timespec="seconds"),
            copy=copy.name,
            pieces=tuple(work.pieces),
            seconds=round(time.monotonic() - began, 1),
            zmward=wanted.version,
        )
        if any(piece.outcome == "stored" for piece in told.pieces):
            work.last(told, wanted)
    return told
