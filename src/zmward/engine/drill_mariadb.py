"""Restores a dump of MariaDB into a server that nobody else can reach."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from zmward.backups.rehearsal import Part
from zmward.backups.sql_dump import SqlDump
from zmward.doors.backup_streams import Item, Lost, Source
from zmward.doors.scratch import Scratch, program
from zmward.engine.drill_part import (
    Fed,
    Moved,
    Reading,
    Unfit,
    failed,
    part,
    plain,
    reading,
    ready,
    roomy,
    untried,
)
from zmward.i18n import mark

_HOME: Final = "/opt/zimbra/common"
_START: Final = 120
_ANSWER: Final = 300
_TIMES: Final = 3
_UNZIPPED: Final = 10
_OWN: Final = 200 << 20
_DEFAULT: Final = "zmward_drill"
_SYSTEM: Final = "'mysql', 'information_schema', 'performance_schema', 'sys', 'test'"
_TABLES: Final = (
    "SELECT COUNT(*) FROM information_schema.tables WHERE table_type = 'BASE TABLE' "
    "AND table_schema NOT IN ({system})"
)
_DATABASES: Final = (
    "SELECT COUNT(*) FROM information_schema.schemata "
    "WHERE schema_name NOT IN ({system}, '{default}')"
)
_ASKED: Final = {
    "tables": _TABLES,
    "databases": _DATABASES,
    # Zimbra's own table of all mailboxes.
    "mailboxes": "SELECT COUNT(*) FROM zimbra.mailbox",
}
# What a mailbox holds is in the database of its group.
_LACKING: Final = (
    "SELECT COUNT(DISTINCT group_id) FROM zimbra.mailbox WHERE "
    "CONCAT('mboxgroup', group_id) NOT IN "
    "(SELECT schema_name FROM information_schema.schemata)"
)


def programs() -> tuple[str, str]:
    """Return the server and its client, each empty where there is none."""
    server = program(
        f"{_HOME}/sbin/mysqld", f"{_HOME}/bin/mysqld", "mariadbd", "mysqld"
    )
    client = program(f"{_HOME}/bin/mysql", "mariadb", "mysql")
    return server, client


def _server(server: str, place: Path, socket: Path) -> tuple[str, ...]:
    data = place / "data"
    return (
        *(server, "--no-defaults", f"--datadir={data}", f"--socket={socket}"),
        *("--skip-networking", "--skip-grant-tables", "--skip-log-bin"),
        *(f"--pid-file={place / 'pid'}", f"--tmpdir={place}"),
        # Nothing is read or written beside its own folder, whatever a dump asks for.
        *(f"--secure-file-priv={data}", "--local-infile=0", "--symbolic-links=0"),
        *("--max-allowed-packet=1G", "--innodb-buffer-pool-size=128M"),
        *("--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0"),
    )


class _Server:
    """A server that runs on what is restored."""

    def __init__(self, scratch: Scratch) -> None:
        self._scratch = scratch
        own, client = programs()
        self._place = scratch.room("mariadb")
        scratch.room("mariadb/data")
        # Without system tables nobody has rights there; none are asked for.
        scratch.room("mariadb/data/mysql")
        self._socket = self._place / "s"
        self._client = (
            *(client, "--no-defaults", f"--socket={self._socket}", "--user=root"),
            *("--default-character-set=utf8mb4", "--max-allowed-packet=1G"),
            # No shell and no files for a dump; a client that is too old passes by.
            "--loose-sandbox",
        )
        argv = _server(own, self._place, self._socket)
        self._process = scratch.start(argv, place=self._place, error=subprocess.DEVNULL)

    def started(self) -> None:
        """Wait until it answers; raise Unfit if it never does."""
        end = time.monotonic() + _START
        if ready(self._socket, self._process, _START):
            while time.monotonic() < end and self._process.poll() is None:
                made = f"CREATE DATABASE IF NOT EXISTS {_DEFAULT}"
                code, _ = self._asked(made)
                if not code:
                    return
                time.sleep(0.2)
        raise Unfit("the throw-away server does not start", sure=False)

    def _asked(self, text: str) -> tuple[int, str]:
        words = (*self._client, "--batch", "--skip-column-names", "--execute", text)
        asked = self._scratch.start(
            words, place=self._place, out=subprocess.PIPE, error=subprocess.DEVNULL
        )
        try:
            out, _ = asked.communicate(timeout=_ANSWER)
        except subprocess.TimeoutExpired:
            self._scratch.end(asked)
            return 124, ""
        return asked.returncode, out[:1000].decode("utf-8", "replace").strip()

    def number(self, text: str) -> int | None:
        """Ask for one number; None where there is no answer."""
        code, said = self._asked(text.format(system=_SYSTEM, default=_DEFAULT))
        return int(said) if not code and said.isdecimal() else None

    def take(self, pieces: Iterator[bytes]) -> tuple[int, str]:
        """Give it a dump, by its own client."""
        words = (*self._client, "--batch", _DEFAULT)
        return Fed(self._scratch, words, self._place).take(pieces)

    def close(self) -> None:
        """End it."""
        self._scratch.end(self._process)


def _seen(pieces: Iterator[bytes], dump: SqlDump) -> Iterator[bytes]:
    for piece in pieces:
        dump.feed(piece)
        yield piece


def _filled(
    server: _Server, source: Source, dump: SqlDump, moved: Moved
) -> tuple[Reading, float]:
    """Give the whole dump to a server; raise Unfit where it is refused."""
    server.started()
    began = time.monotonic()
    with source.open() as stream:
        code, said = server.take(_seen(plain(stream, moved), dump))
        if code:
            raise Unfit(f"MariaDB refuses it: {said}")
        return reading(stream), time.monotonic() - began


def restored(scratch: Scratch, source: Source, moved: Moved) -> Part:
    """Restore a dump and count its tables; the part says how that went."""
    item, (server, client) = source.item, programs()
    if not server or not client:
        missing = "client" if server else "server"
        step = mark(
            "install the system's mariadb-server-core and mariadb-client-core: they "
            "start nothing"
        )
        return untried("mariadb", f"there is no {missing} of MariaDB here", step)
    dump = SqlDump()
    try:
        times = _TIMES * (_UNZIPPED if item.name.endswith("gz") else 1)
        roomy(scratch, item.size * times + _OWN)
        own = _Server(scratch)
        try:
            read, whole = _filled(own, source, dump, moved)
            asked = {name: own.number(text) for name, text in _ASKED.items()}
            lacking = own.number(_LACKING)
        finally:
            own.close()
    except (Unfit, Lost) as error:
        return failed("mariadb", item, error)
    return _judged((item, read, whole), dump, asked, lacking)


def _judged(
    how: tuple[Item, Reading, float],
    dump: SqlDump,
    asked: dict[str, int | None],
    lacking: int | None,
) -> Part:
    item, read, whole = how
    counts = {name: count for name, count in asked.items() if count is not None}
    tables = counts.get("tables")
    step = ""
    if not read.bytes:
        state, text = "bad", "it is empty"
    elif tables is None:
        state, text = "bad", "the server does not say what it restored"
    elif dump.commented and not dump.completed:
        state, text = "bad", f"it breaks off: {tables} tables, and no end"
    elif tables < dump.tables or not tables:
        state, text = "bad", f"{dump.tables} tables, of which {tables} were restored"
    elif counts.get("mailboxes") == 0 or lacking:
        what = f"no database of {lacking} groups of" if lacking else "none of the"
        state, text = "bad", f"{tables} tables restored, but {what} mailboxes"
    elif lacking is None:
        state, text = "unknown", f"{tables} tables restored, but no zimbra.mailbox"
        step = mark("dump all databases of Zimbra into one file, or see whose it is")
    elif not dump.completed:
        state = "unknown"
        text = f"{tables} tables restored; made without comments, it shows no end"
        step = mark("make it without --skip-comments and --compact")
    else:
        state, text = "well", f"{tables} tables restored, its end is there"
    return part(
        *("mariadb", item, state, text, read),  # type: ignore[arg-type]  # in their order
        whole=whole,
        counts=counts,
        step=step,
    )
