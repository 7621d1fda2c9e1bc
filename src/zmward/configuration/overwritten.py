"""Templates and generated files as a baseline recorded them, and as they are now.

The record holds digests and no texts: it says which file differs. How it differs, the
history of the configuration says, where that holds the text.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal

import msgspec

from zmward.catalog.installation import Class, place_of
from zmward.i18n import Said, fill, mark
from zmward.integrity.names import named
from zmward.patches.readiness import TEMPLATES, Ready

Now = Literal["other", "shipped", "gone"]

_SKINS: Final = re.compile(r"/opt/zimbra/jetty_base/webapps/[^/]+/skins/.*", re.DOTALL)
# Jetty's compiled pages and the admin's scratch: nobody edits them.
_SCRATCH: Final = re.compile(r"/opt/zimbra/jetty_base/(?:work|webapps/[^/]+/tmp)/.*")
_SHOWN: Final = 8
_SUBJECT: Final = mark("baseline")
_GENERATED: Final = mark("hand-edited files")
_WRITTEN: Final = mark("generated files")
_KEEP: Final = mark("keep a copy: the upgrade writes them")
_STEP: Final = mark("zmward integrity baseline, while nothing is in doubt")
_JUDGE: Final = mark("zmward integrity explain PATH tells more of each")


class Moved(msgspec.Struct, frozen=True):
    """A recorded file that is another now.

    `now` is `shipped` where it is as its package has it now, else `other` or `gone`.
    """

    path: str
    now: Now


class Record(msgspec.Struct, frozen=True):
    """What a baseline tells; `why` says why there is none that counts, or is empty.

    `looked` are recorded digests (SHA-256) by path, `when` is in ISO 8601, `unread`
    are recorded files of which nothing is known now.
    """

    number: int = 0
    when: str = ""
    looked: Mapping[str, str] = {}
    moved: tuple[Moved, ...] = ()
    unread: tuple[str, ...] = ()
    why: str = ""


def is_template(path: str) -> bool:
    """Say whether a site edits such a file, and an upgrade writes it."""
    return place_of(path).kind is Class.TEMPLATE or bool(_SKINS.fullmatch(path))


def written(path: str) -> bool:
    """Say whether a recorded path is a template, a skin, or written by Zimbra."""
    real = named(path)
    if is_template(real):
        return True
    kind = place_of(real).kind
    return kind is Class.GENERATED and not _SCRATCH.fullmatch(real)


def holds(digest: str, text: str) -> bool:
    """Say whether a text of the history is the content of a digest (SHA-256).

    The history ends each text with a line's end, whether the file did or not.
    """
    raw = text.encode("utf-8", "surrogateescape")
    ways = (raw, raw.removesuffix(b"\n"))
    return digest in {hashlib.sha256(one).hexdigest() for one in ways}


def _paths(found: Iterable[Moved]) -> tuple[Said, ...]:
    rows = tuple(found)
    shown = tuple(
        fill(mark("{path} (gone)"), path=one.path)
        if one.now == "gone"
        else Said(one.path)
        for one in rows[:_SHOWN]
    )
    rest = len(rows) - len(shown)
    return (*shown, fill(mark("and {count} more"), count=rest)) if rest > 0 else shown


def _form(form: str, record: Record, found: Iterable[Moved] = ()) -> Said:
    return fill(form, number=record.number, when=record.when, paths=_paths(found))


def _of(record: Record, *, template: bool) -> tuple[Moved, ...]:
    """Return what moved among the templates, or among the others."""
    return tuple(
        one for one in record.moved if is_template(named(one.path)) is template
    )


def of_record(record: Record) -> Iterator[Ready]:
    """Yield why no baseline counts, and which recorded files could not be read."""
    if record.why:
        yield Ready(_SUBJECT, "unknown", record.why, _STEP)
    if record.unread:
        form = mark("recorded in baseline {number} of {when}, and not read: {paths}")
        rows = (Moved(path, "other") for path in record.unread)
        yield Ready(_SUBJECT, "unknown", _form(form, record, rows), _JUDGE)


def customised(record: Record) -> tuple[str, ...]:
    """Return templates that are neither as recorded nor as their packages have them."""
    found = _of(record, template=True)
    return tuple(one.path for one in found if one.now != "shipped")


def rewritten(record: Record) -> tuple[str, ...]:
    """Return the templates that are not as recorded, whoever wrote them."""
    return tuple(one.path for one in _of(record, template=True))


def of_templates(record: Record) -> Iterator[Ready]:
    """Yield which templates somebody changed since the baseline."""
    if record.why:
        return
    wanted = frozenset(customised(record))
    found = tuple(one for one in record.moved if one.path in wanted)
    if found:
        form = mark(
            "changed since baseline {number} of {when}, and not by a package: {paths}"
        )
        yield Ready(TEMPLATES[0], "bad", _form(form, record, found), _KEEP)
    elif any(is_template(named(path)) for path in record.looked):
        form = mark("no template was changed by hand since baseline {number} of {when}")
        yield Ready(TEMPLATES[0], "well", _form(form, record))
    else:
        form = mark("baseline {number} of {when} holds no template")
        yield Ready(TEMPLATES[0], "unknown", _form(form, record), _STEP)


def of_generated(record: Record, judged: Iterable[str] = ()) -> Iterator[Ready]:
    """Yield generated files that differ, and that nobody could judge line by line.

    `judged` are the paths of which it is known what Zimbra would write.
    """
    known = frozenset(judged)
    found = tuple(
        one
        for one in _of(record, template=False)
        if one.path not in known and one.now != "shipped"
    )
    if found:
        form = mark(
            "not as baseline {number} of {when} recorded them, by Zimbra or by hand: "
            "{paths}"
        )
        yield Ready(_GENERATED, "unknown", _form(form, record, found), _JUDGE)


def noted(record: Record, path: str) -> Said | None:
    """Say how one file stands to the record; None where it is not recorded."""
    if path not in record.looked or path in record.unread:
        return None
    moved = any(one.path == path for one in record.moved)
    changed = mark("changed since baseline {number} of {when}")
    same = mark("so already in baseline {number} of {when}")
    form = changed if moved else same
    return fill(form, number=record.number, when=record.when)


# What became of a recorded file, how that is said, and whether it is bad.
_AFTER: Final = (
    ("gone", mark("gone since baseline {number} of {when}: {paths}"), "bad"),
    (
        "shipped",
        mark(
            "written anew by packages since baseline {number} of {when}, with what "
            "somebody edited in them: {paths}"
        ),
        "unknown",
    ),
    (
        "other",
        mark("not as baseline {number} of {when}, nor as a package has it: {paths}"),
        "unknown",
    ),
)


def afterwards(record: Record) -> Iterator[Ready]:
    """Yield which recorded files an upgrade changed, of a baseline made before it."""
    yield from of_record(record)
    if record.why:
        return
    for subject, template in ((TEMPLATES[0], True), (_WRITTEN, False)):
        found = _of(record, template=template)
        for now, form, state in _AFTER:
            rows = [one for one in found if one.now == now]
            if rows:
                yield Ready(subject, state, _form(form, record, rows), _JUDGE)
        if not found:
            form = mark("as in baseline {number} of {when}")
            yield Ready(subject, "well", _form(form, record))
