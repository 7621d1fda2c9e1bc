"""One path explained, for the terminal and as JSON: zmward.integrity-path/1."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from rich.text import Text

from zmward.catalog.installation import ABOUT, Class
from zmward.i18n import Speaker, mark
from zmward.integrity.manifest import Header
from zmward.integrity.node import Node
from zmward.integrity.verdicts import RULES, Judged
from zmward.integrity.writers import Writer
from zmward.reports.integrity_json import AlarmShown, alarms_shown, node_shown
from zmward.reports.lines import hanging, printed
from zmward.reports.plain import plain

SCHEMA: Final = "zmward.integrity-path/1"
_INDENT: Final = 12
_LINES: Final = 20
_CAUSES: Final = {
    "package": mark("its package was upgraded, and says that it is right"),
    "expected": mark("Zimbra itself writes such files: nothing to do"),
    "seen": mark("nothing that matters for such a file"),
    "alarm": mark("nothing explains it"),
}


class PathShown(msgspec.Struct, frozen=True, rename={"kind": "class", "now": "is"}):
    """One path: what it is, what was recorded, what is there, what that means."""

    schema: str
    path: str
    kind: str
    about: str
    pattern: str
    looked: bool
    package: str
    version: str
    as_shipped: bool | None
    was: Mapping[str, Any] | None
    now: Mapping[str, Any] | None
    why_not: str
    cause: str
    differs: tuple[str, ...]
    alarms: tuple[AlarmShown, ...]
    baseline: str
    writers: tuple[Writer, ...] | None = None
    unmade: tuple[str, ...] = ()


def shown(
    path: str,
    kind: Class,
    pattern: str,
    *,
    looked: bool,
    package: tuple[str, str],
    as_shipped: bool | None,
    nodes: tuple[Node | None, Node | None],
    why_not: str,
    judged: Judged | None,
    header: Header | None,
    head: str,
    writers: tuple[Writer, ...] | None = None,
    unmade: tuple[str, ...] = (),
) -> PathShown:
    """Return the document of one path."""
    was, now = nodes
    name, version = package
    return PathShown(
        schema=SCHEMA,
        path=path,
        kind=kind.value,
        about=Speaker()(ABOUT[kind]),
        pattern=pattern,
        looked=looked,
        package=name,
        version=version,
        as_shipped=as_shipped,
        was=None if was is None else node_shown(was),
        now=None if now is None else node_shown(now),
        why_not=why_not,
        cause="" if judged is None else judged.cause,
        differs=() if judged is None else tuple(sorted(judged.difference.names)),
        alarms=() if judged is None else tuple(alarms_shown((judged,), Speaker())),
        baseline="" if header is None else f"{header.serial}:{head}",
        writers=writers,
        unmade=unmade,
    )


def _when(nanoseconds: int) -> str:
    try:
        moment = datetime.fromtimestamp(nanoseconds / 1e9, UTC)
    except (ValueError, OverflowError, OSError):
        # Whoever owns a file can give it any time.
        return f"@{nanoseconds // 10**9}"
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _node(node: Mapping[str, Any]) -> str:
    words = [
        f"{node['sort']} {node['mode']} {node.get('uid', 0)}:{node.get('gid', 0)}",
        f"{node.get('size', 0)} bytes, written {_when(node.get('modified', 0))}",
        f"status changed {_when(node.get('changed', 0))}",
    ]
    words += [f"{key} {node[key]}" for key in ("digest", "target") if key in node]
    words += [f"{key}={value}" for key, value in node.get("extra", {}).items()]
    if node.get("flags", 0):
        words.append(f"flags {node['flags']:#x}")
    if "unread" in node:
        words.append(f"not read: {node['unread']}")
    return "; ".join(words)


def _rows(found: PathShown, say: Speaker) -> Iterator[tuple[str, str]]:
    yield mark("path"), found.path
    yield mark("class"), f"{found.kind}: {found.about} ({found.pattern})"
    if not found.looked:
        yield "", say(mark("zmward does not record what lies there"))
    if found.package:
        state = {
            True: say(mark("as shipped")),
            False: say(mark("not as shipped")),
            None: say(mark("the package says nothing of its content")),
        }[found.as_shipped]
        yield mark("package"), f"{found.package} {found.version}: {state}"
    else:
        yield mark("package"), say(mark("none"))
    if found.baseline:
        nothing = say(mark("nothing"))
        yield mark("recorded"), _node(found.was) if found.was else nothing
    else:
        yield mark("recorded"), say(mark("there is no baseline that could be read"))
    gone = found.why_not or say(mark("nothing"))
    yield mark("is now"), _node(found.now) if found.now else gone
    if found.cause:
        names = ", ".join(found.differs)
        text = say(_CAUSES[found.cause])
        yield mark("differs"), f"{names}: {text}" if names else text
    label = mark("by hand")
    for line in found.unmade[:_LINES]:
        yield label, line
        label = ""
    yield from _who(found, say)


def _who(found: PathShown, say: Speaker) -> Iterator[tuple[str, str]]:
    if found.writers is None:
        return
    label = mark("by auditd")
    if not found.writers:
        yield label, say(mark("its log holds nothing on this path"))
    for one in found.writers:
        yield label, one.text
        label = ""


def text(found: PathShown, *, width: int, color: bool, encoding: str = "utf-8") -> str:
    """Return the path for a terminal."""
    say = Speaker()
    lines: list[Text] = []
    for label, body in _rows(found, say):
        head = Text(say(label), style="bold")
        lines += hanging(head, Text(plain(body, 2000)), _INDENT, width)
    for one in found.alarms:
        head = Text(say(mark("alarm")), style="bold red")
        words, todo = RULES[one.rule]
        lines += hanging(head, Text(say(words)), _INDENT, width)
        lines += hanging(Text(), Text(say(todo)), _INDENT, width)
    return printed(lines, width, color=color, encoding=encoding)


def render(found: PathShown) -> str:
    """Return the document as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(found)).decode() + "\n"
