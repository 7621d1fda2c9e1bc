"""What changed, or what a hunt found, as one HTML page that loads nothing."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from zmward.i18n import Speaker, mark
from zmward.reports.html.page import environment, inlined
from zmward.reports.hunt_text import HuntShown
from zmward.reports.integrity_json import (
    AddedShown,
    ChangedShown,
    IntegrityShown,
    RemovedShown,
)
from zmward.reports.times import moment


class _Section(NamedTuple):
    """One table: its anchor, title, heads and rows; folded where it is long."""

    id: str
    title: str
    heads: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    folded: bool = False


class _Page(NamedTuple):
    """What a page holds: its title and host, facts, sentences and tables."""

    title: str
    host: str
    facts: tuple[str, ...]
    short: list[tuple[str, str, str]]
    sections: list[_Section]


def _rendered(page: _Page, say: Speaker) -> str:
    style, source = inlined("style.css")
    policy = (
        f"default-src 'none'; style-src {source}; base-uri 'none'; form-action 'none'"
    )
    return (
        environment(say)
        .get_template("integrity.html")
        .render(
            language=say.language,
            policy=Markup(policy),  # noqa: S704  # a hash of our own
            style=style,
            **page._asdict(),
        )
    )


def _properties(found: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in found.items())


def _changes(found: IntegrityShown) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    some: tuple[AddedShown | ChangedShown | RemovedShown, ...] = (
        *found.added,
        *found.changed,
        *found.removed,
    )
    for one in some:
        if isinstance(one, ChangedShown):
            what = ", ".join(
                f"{name}: {one.was[name]} → {one.now[name]}" for name in one.was
            )
        elif isinstance(one, AddedShown):
            what = f"+ {_properties(one.now)}"
        else:
            what = f"- {_properties(one.was)}"
        rows.append((one.path, one.kind, one.cause, one.package, what))
    return sorted(rows)


def _sums(
    alarms: int, unread: int, clean: str, say: Speaker
) -> list[tuple[str, str, str]]:
    short = []
    if alarms:
        one, many = mark("{count} alarm"), mark("{count} alarms")
        short.append(("✗", "FAIL", say.number(one, many, alarms)))
    if unread:
        text = say.number(
            mark("{count} place was not seen: nothing is known of it"),
            mark("{count} places were not seen: nothing is known of them"),
            unread,
        )
        short.append(("?", "UNKNOWN", text))
    return short or [("✓", "PASS", say(clean))]


def _notes(notes: Iterable[str]) -> list[tuple[str, str, str]]:
    return [("→", "", note) for note in notes]


def checked(found: IntegrityShown, say: Speaker | None = None) -> str:
    """Return the page of a comparison; it asks the network for nothing."""
    say = say or Speaker()
    base = found.baseline
    paths = len({one.path for one in found.alarms})
    clean = (
        mark("no alarm; read was what moved, and a sample of the rest")
        if found.quick
        else mark("no alarm; every content was read")
    )
    sections = [
        _Section(
            "alarms",
            mark("Alarms"),
            (mark("path"), mark("class"), mark("what"), mark("what to do")),
            [(one.path, one.kind, one.text, one.todo) for one in found.alarms],
        ),
        _Section(
            "unread",
            mark("Not seen"),
            (mark("place"), mark("why")),
            [(one.path, one.why) for one in found.unread],
        ),
        _Section(
            "changes",
            mark("All that differs"),
            (
                *(mark("path"), mark("class"), mark("cause"), mark("package")),
                mark("what"),
            ),
            _changes(found),
            folded=True,
        ),
    ]
    facts = (
        say(mark("baseline {number}")).format(number=base.number),
        base.digest[:16],
        moment(base.when),
        say(mark("{paths} paths")).format(paths=base.paths),
    )
    short = _sums(paths, len(found.unread), clean, say) + _notes(found.notes)
    title = say(mark("What changed since the baseline"))
    return _rendered(_Page(title, base.host, facts, short, sections), say)


def hunted(found: HuntShown, say: Speaker | None = None) -> str:
    """Return the page of a hunt; it asks the network for nothing."""
    say = say or Speaker()
    heads = (mark("path"), mark("what"), mark("shown by"), mark("what to do"))
    rows = {
        level: [
            (one.path, one.text, one.excerpt, one.todo)
            for one in found.found
            if one.level == level
        ]
        for level in ("alarm", "look")
    }
    sections = [
        _Section("alarms", mark("Alarms"), heads, rows["alarm"]),
        _Section("look", mark("To look at"), heads, rows["look"]),
        _Section(
            "unread",
            mark("Not seen"),
            (mark("place"), mark("why")),
            [(one.path, one.why) for one in found.unread],
        ),
    ]
    facts = (
        moment(found.when),
        say(mark("{files} files looked at")).format(files=found.files),
    )
    clean = mark("nothing was found that others were seen to leave")
    short = _sums(len(rows["alarm"]), len(found.unread), clean, say)
    short += _notes(found.notes)
    if found.saved is not None:
        text = say(mark("kept in {path}, SHA-256 {digest}"))
        short += _notes(
            (text.format(path=found.saved.path, digest=found.saved.digest),)
        )
    title = say(mark("What has no place on a Zimbra server"))
    return _rendered(_Page(title, found.host, facts, short, sections), say)
