"""Restores the directory from its LDIF into a slapd that nobody else can reach."""

import contextlib
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final
from urllib.parse import quote

import msgspec

from zmward.backups.ldif_count import NEEDED, LdifCount, TooLong, schema_of, total
from zmward.backups.listing import State
from zmward.backups.rehearsal import Part
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
_MODULES: Final = (
    f"{_HOME}/libexec/openldap",
    "/usr/lib/ldap",
    "/usr/lib64/openldap",
    "/usr/lib/openldap",
)
_LARGEST_CONFIG: Final = 64 << 20
_START: Final = 60
_ANSWER: Final = 600
# Entries as LMDB keeps them, and its own copies while it writes.
_TIMES: Final = 5
_UNZIPPED: Final = 10
_LEAST: Final = 64 << 20

Config = Callable[[], bytes]
# What the live directory has of each kind that is as old as the backup, if it is known.
Live = Callable[[float], dict[str, int] | None]
# The names of the servers that the live directory has; none where it cannot be asked.
Servers = Callable[[], frozenset[str]]
# With them the digest of the directory that a run of zmward's stored; empty if unknown.
Asked = tuple[Config, Live, Servers, str]


def programs() -> tuple[str, str, str]:
    """Return slapadd, slapd and ldapsearch, each empty where there is none."""
    own = program(f"{_HOME}/sbin/slapadd")
    daemon = program(f"{_HOME}/libexec/slapd") if own else ""
    if not own or not daemon:
        own, daemon = program("slapadd"), program("slapd")
    search = program(f"{_HOME}/bin/ldapsearch", "ldapsearch")
    return own, daemon, search


def _module(daemon: str) -> str:
    """Return the entry that loads LMDB, where it is no part of slapd itself."""
    own = Path(daemon).resolve().is_relative_to(_HOME)
    for folder in _MODULES[:1] if own else _MODULES[1:]:
        with contextlib.suppress(OSError):
            if any(Path(folder).glob("back_mdb*")):
                return (
                    "dn: cn=module{0},cn=config\nobjectClass: olcModuleList\n"
                    f"cn: module{{0}}\nolcModulePath: {folder}\n"
                    "olcModuleLoad: back_mdb\n\n"
                )
    return ""


def _config(schema: bytes, daemon: str, database: Path, size: int) -> bytes:
    """Return the whole configuration of a slapd that has only this database."""
    head = f"dn: cn=config\nobjectClass: olcGlobal\ncn: config\n\n{_module(daemon)}"
    tail = (
        "dn: olcDatabase={-1}frontend,cn=config\nobjectClass: olcDatabaseConfig\n"
        "objectClass: olcFrontendConfig\nolcDatabase: {-1}frontend\n"
        "olcSizeLimit: unlimited\nolcTimeLimit: unlimited\n\n"
        "dn: olcDatabase={0}config,cn=config\nobjectClass: olcDatabaseConfig\n"
        "olcDatabase: {0}config\nolcAccess: {0}to * by * none\n\n"
        "dn: olcDatabase={1}mdb,cn=config\nobjectClass: olcDatabaseConfig\n"
        "objectClass: olcMdbConfig\nolcDatabase: {1}mdb\nolcSuffix:\n"
        f"olcDbDirectory: {database}\nolcDbMaxSize: {size}\n"
        "olcAccess: {0}to * by * read\nolcDbNoSync: TRUE\n\n"
    )
    return head.encode() + schema + tail.encode()


def _pieces(pipe: IO[bytes] | None) -> Iterator[bytes]:
    while pipe is not None and (piece := pipe.read(1 << 18)):
        yield piece


def _counted(scratch: Scratch, asked: tuple[str, ...], place: Path) -> LdifCount:
    reader = scratch.start(
        asked, place=place, out=subprocess.PIPE, error=subprocess.DEVNULL
    )
    count = LdifCount()
    with scratch.within(_ANSWER):
        for piece in _pieces(reader.stdout):
            count.feed(piece)
        code = reader.wait()
    if scratch.stalled:
        raise Unfit("slapd does not answer in time", sure=False)
    if code:
        # Whether slapd broke or the search did, shows in whether slapd still runs.
        raise Unfit("what was restored is not served", sure=False)
    return count


def _started(socket: Path, process: subprocess.Popen[bytes]) -> None:
    if not ready(socket, process, _START):
        raise Unfit("slapd does not start on what was restored")


def _served(scratch: Scratch, place: Path, daemon: str, search: str) -> LdifCount:
    """Start slapd on the restored database, and count what it serves."""
    socket = place / "s"
    url = f"ldapi://{quote(str(socket), safe='')}"
    argv = (daemon, "-h", url, "-F", str(place / "config"), "-d", "0")
    process = scratch.start(argv, place=place, error=subprocess.DEVNULL)
    try:
        _started(socket, process)
        words = ("-x", "-LLL", "-o", "ldif-wrap=no", "-H", url, "-b", "", "-z", "none")
        asked = (search, *words, "(objectClass=*)", "objectClass")
        return _counted(scratch, asked, place)
    except Unfit as error:
        stopped = scratch.full or scratch.stalled
        ended = process.poll() is not None and not stopped
        raise Unfit(str(error), sure=ended) from error
    finally:
        scratch.end(process)


def bounded(source: Source) -> bytes:
    """Read a configuration whole; raise Lost or Unfit for one that is not."""
    parts, size = [], 0
    with source.open() as stream:
        for piece in plain(stream, lambda _: None):
            size += len(piece)
            if size > _LARGEST_CONFIG:
                raise Lost("the configuration in the backup is larger than any")
            parts.append(piece)
    return b"".join(parts)


def _schema(config: Config) -> bytes:
    found = schema_of(config())
    if not found:
        raise Unfit(
            "there is no schema to read it with",
            sure=False,
            step=mark("keep the configuration in the backup too: zmslapcat -c"),
        )
    return found


def _prepared(
    scratch: Scratch, tools: tuple[str, str], schema: bytes, size: int
) -> tuple[Path, tuple[str, ...]]:
    """Make the configuration; return its place, and the words that add entries."""
    adding, daemon = tools
    place = scratch.room("ldap")
    config, database = scratch.room("ldap/config"), scratch.room("ldap/db")
    maker = Fed(scratch, (adding, "-n", "0", "-F", str(config)), place)
    code, said = maker.take(iter((_config(schema, daemon, database, size),)))
    if code:
        raise Unfit(f"slapd does not take the schema: {said}", sure=False)
    return place, (adding, "-q", "-n", "1", "-F", str(config))


def _seen(pieces: Iterator[bytes], count: LdifCount) -> Iterator[bytes]:
    for piece in pieces:
        count.feed(piece)
        yield piece


def _filled(
    scratch: Scratch, words: tuple[str, ...], source: Source, moved: Moved
) -> tuple[LdifCount, Reading]:
    """Add every entry; raise Unfit where slapadd refuses one."""
    count = LdifCount()
    with source.open() as stream:
        pieces = _seen(plain(stream, moved), count)
        code, said = Fed(scratch, words, scratch.folder / "ldap").take(pieces)
        if code:
            cut = "" if count.ended else "it breaks off within an entry; "
            raise Unfit(f"{cut}slapadd refuses it: {said}")
        return count, reading(stream)


def restored(scratch: Scratch, source: Source, asked: Asked, moved: Moved) -> Part:
    """Restore the directory, serve it and count it; the part says how that went."""
    adding, daemon, search = programs()
    item = source.item
    if not adding or not daemon or not search:
        missing = "slapadd" if not adding else "slapd" if not daemon else "ldapsearch"
        step = mark("install the system's slapd and ldap-utils, without starting them")
        return untried("ldap", f"{missing} is not there, or not for everybody", step)
    config, live, servers, stored = asked
    try:
        size = item.size * _TIMES * (_UNZIPPED if item.name.endswith("gz") else 1)
        roomy(scratch, size + _LEAST)
        tools = (adding, daemon)
        place, words = _prepared(scratch, tools, _schema(config), size + _LEAST)
        began = time.monotonic()
        count, read = _filled(scratch, words, source, moved)
        held = count.counts()
        served = _served(scratch, place, daemon, search)
    except (Unfit, Lost, TooLong) as error:
        return failed("ldap", item, error)
    how = (item, count.ended, read, time.monotonic() - began)
    judged = _judged(how, (held, served.counts()), live, stored)
    return _whose(judged, served.servers, servers)


def _whose(part: Part, found: set[str], servers: Servers) -> Part:
    """Return a part; not known where none of the live servers is in the directory."""
    if part.state != "well" or not (own := servers()) or own & found:
        return part
    text = f"{part.text}; but it knows no server of the live directory"
    step = mark("see whose backup it is: set host or pattern of the copy")
    return msgspec.structs.replace(part, state="unknown", text=text, step=step)


def _judged(
    how: tuple[Item, bool, Reading, float],
    counts: tuple[dict[str, int], dict[str, int]],
    live: Live,
    stored: str,
) -> Part:
    """Judge what was held and served; a cut between two entries shows elsewhere only.

    `stored` is the digest of what a run of zmward's stored whole; empty if unknown.
    """
    item, ended, read, whole = how
    held, served = counts
    own = live(item.made)
    due = own or {}
    fewer = [kind for kind, count in due.items() if count > served.get(kind, 0)]
    lacking = [kind for kind in NEEDED if not served.get(kind)]
    text = ""
    if not read.bytes:
        text = "it is empty"
    elif not ended:
        text = "it breaks off within an entry"
    elif served != held:
        text = f"it has {total(held)} entries, of which slapd serves {total(served)}"
    elif lacking:
        text = f"{total(served)} entries, but no {' and no '.join(lacking)}"
    elif fewer:
        lost = ", ".join(f"{served.get(k, 0)} {k} of {due[k]}" for k in fewer)
        text = f"it lacks what the directory had before the backup was made: {lost}"
    if text:
        return part("ldap", item, "bad", text, read, whole=whole, counts=served)
    state: State = "well"
    compared = "nothing older than it is missing"
    if not due and stored and stored == read.sha256:
        compared = "it is what the run has stored"
    elif not due:
        state = "unknown"
        why = "could not be asked" if own is None else "has nothing older"
        compared = f"the live directory {why}, so that the end may be missing"
    text = f"{total(served)} entries restored and served; {compared}"
    step = "" if state == "well" else mark("run the drill where the directory answers")
    return part("ldap", item, state, text, read, whole=whole, counts=served, step=step)
