"""Judges files and processes by the hunts' rows, and classes by their pages."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from posixpath import join, normpath
from typing import Final

import msgspec

from zmward.catalog.hunt import Hunt, Level, Sample
from zmward.catalog.hunts_settings import SETTING_HUNTS
from zmward.catalog.hunts_system import SYSTEM_HUNTS
from zmward.catalog.hunts_web import WEB_HUNTS
from zmward.catalog.installation import WEB, Class, Z, place_of, real
from zmward.i18n import mark
from zmward.integrity.names import shown
from zmward.integrity.own_jobs import INSIDE, OUTSIDE, foreign
from zmward.sources.masking import masked_command

HUNTS: Final[tuple[Hunt, ...]] = (*WEB_HUNTS, *SETTING_HUNTS, *SYSTEM_HUNTS)
_WORK: Final = re.compile(
    rf"{Z}/jetty_base/work/(?:[^/]+/)*org/apache/jsp/(?P<page>(?:[^/]+/)*[^/]+)\.class",
    re.DOTALL,
)
_TAG: Final = re.compile(r"tag/(?:web|meta)/.*_tagx?(?:\$.*)?", re.DOTALL)
_JAVA_WORDS: Final = frozenset(
    (
        *("abstract", "assert", "boolean", "break", "byte", "case", "catch", "char"),
        *("class", "const", "continue", "default", "do", "double", "else", "enum"),
        *("extends", "final", "finally", "float", "for", "goto", "if", "implements"),
        *("import", "instanceof", "int", "interface", "long", "native", "new"),
        *("package", "private", "protected", "public", "return", "short", "static"),
        *("strictfp", "super", "switch", "synchronized", "this", "throw", "throws"),
        *("transient", "try", "void", "volatile", "while", "true", "false", "null"),
    )
)
LONG: Final = "it is too long: only its begin and its end were looked at"
_CLASS = "class-without-page"
_GONE, _MEMORY, _OPEN = (
    "process-of-deleted-program",
    "process-of-memory",
    "process-open",
)
LINK_OUT, LINK = "link-out-of-the-web", "link-of-no-package"
# Lines of one crontab that are shown, and as much of each as a person would write.
_MOST: Final = 100
_LONGEST: Final = 4000
_MINE: Final = mark(
    "Make sure that it is the site's own, and what it runs; jobs of your own belong "
    "outside of Zimbra's block, since upgrades write that anew."
)
_SERVED: Final = re.compile(
    rf"{Z}/(?:jetty_base|zimlets-deployed|lib/(?:ext|ext-common|jars)|data/httpd/htdocs)"
    r"/.+",
    re.DOTALL,
)
# What belongs to no row of files: classes of pages, links, jobs, and processes.
OTHERS: Final[dict[str, tuple[Level, str, str]]] = {
    _CLASS: (
        "alarm",
        mark("a compiled page whose source is gone: somebody removed a page"),
        mark(
            "Keep it with --save: it holds what the page did. Its time is that of the "
            "page's first request; look for it in the access logs."
        ),
    ),
    _GONE: (
        "alarm",
        mark("a process of zimbra whose program was deleted, and was not replaced"),
        mark("Copy /proc/PID/exe away before you end the process; then look around."),
    ),
    LINK_OUT: (
        "alarm",
        mark("a link from where programs are served to where anybody puts files"),
        mark("See what lies where it leads, and who laid it; keep both."),
    ),
    LINK: (
        "look",
        mark("a link of no package where programs are served"),
        mark("Make sure that it is the site's own."),
    ),
    OUTSIDE: (
        "look",
        mark("a line of user zimbra's crontab outside of Zimbra's markers"),
        _MINE,
    ),
    INSIDE: (
        "look",
        mark("a line inside Zimbra's block that is not written as Zimbra's own are"),
        _MINE,
    ),
    "process-of-replaced-program": (
        "look",
        mark("a process of zimbra runs a program that was replaced since"),
        mark("After an upgrade, restart the service; else find out who replaced it."),
    ),
    _MEMORY: (
        "alarm",
        mark("a process of zimbra that runs from memory alone"),
        mark("Copy /proc/PID/exe away before you end the process; then look around."),
    ),
    _OPEN: (
        "alarm",
        mark("a process of zimbra whose program lies where everybody writes"),
        mark("Copy /proc/PID/exe away before you end the process; then look around."),
    ),
}


class Subject(msgspec.Struct, frozen=True):
    """A file as a hunt sees it: the path as Python has it, and the content's begin."""

    path: str
    mode: int
    owner: str
    content: bytes = b""


class Process(msgspec.Struct, frozen=True):
    """A process: its number, its owner's name, and the link to its program, if seen.

    `there` says whether something stands at the program's path now.
    """

    number: int
    owner: str
    program: str
    there: bool


class Hit(msgspec.Struct, frozen=True):
    """What was found: the path or process, the row, and what of it shows it."""

    path: str
    rule: str
    level: Level
    excerpt: str = ""


def words(rule: str) -> tuple[str, str]:
    """Return what a rule says, and what to do."""
    if rule in OTHERS:
        return OTHERS[rule][1:]
    row = next(row for row in HUNTS if row.id == rule)
    return row.says, row.todo


def hunts_at(path: str, mode: int, owner: str) -> tuple[Hunt, ...]:
    """Return the rows that look at a file, before its content is known.

    An old server has folders where others have links to Jetty's: they serve the same.
    """
    served = real(path)
    return tuple(
        row
        for row in HUNTS
        if (not row.bits or mode & row.bits)
        and (not row.owner or row.owner == owner)
        and row.place(served)
    )


def shows(subject: Subject) -> tuple[tuple[Hunt, str], ...]:
    """Return the rows that find something in a file, and what: no content is kept."""
    rows = hunts_at(subject.path, subject.mode, subject.owner)
    found = ((row, row.found(subject.content)) for row in rows)
    return tuple((row, excerpt) for row, excerpt in found if excerpt is not None)


def judged(
    path: str,
    shown_: Iterable[tuple[Hunt, str]],
    *,
    owned: bool,
    known: bool,
    as_shipped: bool,
) -> Iterator[Hit]:
    """Yield what the rows that find something in a file make of it.

    `owned` says whether it is of a package, `known` whether anybody can tell, and
    `as_shipped` whether its content is that of its package.
    """
    for row, excerpt in shown_:
        if row.unowned and (owned or not known):
            continue
        if as_shipped and not row.always:
            continue
        yield Hit(shown(path), row.id, row.level, excerpt)


def hits(
    subject: Subject, *, owned: bool, known: bool, as_shipped: bool
) -> Iterator[Hit]:
    """Yield what the rows find in a file, as `judged` has it."""
    found = shows(subject)
    yield from judged(
        subject.path, found, owned=owned, known=known, as_shipped=as_shipped
    )


def job_hits(subject: Subject, alarms: Iterable[str]) -> Iterator[Hit]:
    """Yield the lines of user zimbra's crontab that are not Zimbra's, without secrets.

    `alarms` are those of which an alarm tells already.
    """
    told = frozenset(alarms)
    text = subject.content.decode("utf-8", "replace")
    for rule, job in islice(foreign(subject.path, text), _MOST):
        line = re.sub(r"[ \t]+", " ", job[:_LONGEST])
        if line[:200] not in told:
            # Masked before it is cut: a part of a secret is not known as one.
            excerpt = masked_command(line)[:200]
            yield Hit(shown(subject.path), rule, OTHERS[rule][0], excerpt)


def served(path: str) -> bool:
    """Say whether a path lies where Jetty or PHP takes programs from, and no data."""
    return bool(_SERVED.fullmatch(real(path))) and not in_data(path)


def in_data(path: str) -> bool:
    """Say whether a path is Zimbra's data, which anything may be written to."""
    return place_of(path).kind is Class.DATA


def led_to(path: str, target: str) -> str:
    """Return where a link at a path leads, by its text alone."""
    return normpath(join(path.rpartition("/")[0], target))


def link_hit(path: str, target: str, *, owned: bool, known: bool) -> Iterator[Hit]:
    """Yield what a link is where programs are served: one that a package laid is not.

    One that leads out of the installation, or into its data, is an alarm.
    """
    if owned or not served(path):
        return
    to = led_to(path, target)
    out = in_data(to) or not to.startswith(f"{Z}/")
    if out or known:
        rule = LINK_OUT if out else LINK
        yield Hit(shown(path), rule, OTHERS[rule][0], shown(target))


def of_sample(sample: Sample) -> Subject:
    """Return a row's sample as a subject."""
    return Subject(sample.path, sample.mode, sample.owner, sample.text.encode())


def _identifier(name: str, *, dots: bool) -> str:
    """Return a part of a page's path as Jasper makes a name of Java of it."""
    found = []
    for number, char in enumerate(name):
        plain = char == "$" or (char.isidentifier() or char.isdecimal())
        if number == 0 and not (char.isidentifier() or char == "$"):
            found.append("_")
        if plain and (char != "_" or not dots):
            found.append(char)
        elif char == "." and dots:
            found.append("_")
        else:
            found.append(f"_{ord(char):04x}")
    word = "".join(found)
    return f"{word}_" if word in _JAVA_WORDS else word


def compiled(page: str) -> str:
    """Return where Jasper puts the class of a page, below org/apache/jsp."""
    *folders, name = page.strip("/").split("/")
    parts = [_identifier(one, dots=False) for one in folders]
    return "/".join((*parts, _identifier(name, dots=True)))


def classes(paths: Iterable[str], work: Iterable[str]) -> Iterator[Hit]:
    """Yield compiled pages that are of none of the pages that are there.

    `paths` are pages of all web applications, `work` are files below Jetty's work.
    """
    pages = {
        compiled(path.removeprefix(f"{WEB}/").partition("/")[2])
        for path in map(real, paths)
        if path.startswith(f"{WEB}/")
    }
    for path in work:
        match = _WORK.fullmatch(real(path))
        if match is None or _TAG.fullmatch(match["page"]):
            continue
        if match["page"].partition("$")[0] not in pages:
            level = OTHERS[_CLASS][0]
            yield Hit(shown(path), _CLASS, level, match["page"])


_DELETED: Final = " (deleted)"
_OPEN_PLACES: Final = ("/tmp/", "/var/tmp/", "/dev/shm/", f"{Z}/data/tmp/")  # noqa: S108  # named, not used


def unseen(some: Iterable[Process]) -> tuple[tuple[str, str], ...]:
    """Return that processes could not be looked at, if there are such."""
    count = sum(not one.program for one in some)
    return (("/proc", f"{count} processes are only root's to see"),) if count else ()


def process_hits(some: Iterable[Process]) -> Iterator[Hit]:
    """Yield processes of user zimbra that run what is not there."""
    for one in some:
        if one.owner != "zimbra" or not one.program:
            continue
        program = one.program.removesuffix(_DELETED)
        rule = ""
        if program.startswith(("/memfd:", "/dev/fd/")):
            rule = _MEMORY
        elif program.startswith(_OPEN_PLACES):
            rule = _OPEN
        elif one.program.endswith(_DELETED):
            rule = "process-of-replaced-program" if one.there else _GONE
        if rule:
            where = f"process {one.number}"
            yield Hit(where, rule, OTHERS[rule][0], shown(one.program))
