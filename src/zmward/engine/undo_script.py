"""Writes the rollback of a run as one plain shell script, before the first change."""

import shlex
from collections.abc import Iterable, Iterator
from importlib.resources import files

from zmward.catalog.actions import ACTIONS, RESTARTS, argv
from zmward.catalog.attributes import attributes
from zmward.change import (
    Act,
    Change,
    FileText,
    InstallPackage,
    SetAttr,
    SetCrontab,
    SetLocalConfig,
    SetMode,
    SetParameter,
    SetUnit,
    WriteFile,
)
from zmward.doors.files import pinned
from zmward.doors.packet_filter import program
from zmward.engine.cutting import cuts_off
from zmward.engine.services import Work, following
from zmward.engine.state import Run, digest
from zmward.firewall.own_rules import frames
from zmward.plan import Plan
from zmward.ruleset import LoadRuleset

UNITS = "/etc/systemd/system"
ZIMBRA = "/opt/zimbra"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
Words = tuple[str, ...]
_CACHES = {"global": "config"}


class _Store:
    """Gives contents their names, and keeps them for later."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}

    def text(self, text: str | None) -> str:
        if text is None:
            return "-"
        content = text.encode("utf-8", "surrogateescape")
        name = digest(content)
        self.contents[name] = content
        return name

    def values(self, values: tuple[str, ...] | None) -> str:
        if values is None:
            return "-"
        return self.text("".join(f"{value}\n" for value in values))

    def file(self, file: FileText | None) -> str:
        return self.text(None if file is None else file.text)


def _yes(*truths: bool) -> Words:
    return tuple("yes" if truth else "no" for truth in truths)


def lines(change: SetAttr) -> bool:
    """Say whether a value of an attribute has several lines, before or after."""
    values = (*(change.before or ()), *(change.after or ()))
    return any(len(f"{value}|".splitlines()) > 1 for value in values)


def _attribute(change: SetAttr, store: _Store) -> Words:
    kind, _, name = change.target.partition(":")
    if lines(change):
        pair = ((values or (None,))[0] for values in (change.before, change.after))
        texts = (store.text(value) for value in pair)
        return ("text", kind, name, change.attribute, *texts)
    row = attributes().get(change.attribute)
    many = "many" if row is not None and row.multi else "one"
    old, new = store.values(change.before), store.values(change.after)
    return ("attr", kind, name, change.attribute, old, new, many)


def _file(change: WriteFile, store: _Store) -> Words:
    was = change.before or FileText("")
    owners = (f"{was.mode:o}", was.owner, was.group)
    old, new = store.file(change.before), store.file(change.after)
    return ("file", change.path, old, *owners, new)


def _rules(change: LoadRuleset, store: _Store) -> Words:
    old, new = change.before, change.after
    text = None if old is None else frames(old.backend, old.texts)
    backends = (rules.backend if rules else "-" for rules in (old, new))
    return ("ruleset", store.text(text), *backends)


def _line(  # noqa: C901, PLR0911  # one a kind
    change: Change, store: _Store
) -> Words:
    match change:
        case LoadRuleset():
            return _rules(change, store)
        case SetAttr():
            return _attribute(change, store)
        case WriteFile():
            return _file(change, store)
        case SetLocalConfig(key=key):
            old, new = store.text(change.before), store.text(change.after)
            return ("setting", key, old, new)
        case SetMode():
            pair = (change.before, change.after)
            words = ((f"{m.mode:o}", m.owner, m.group) for m in pair)
            return ("mode", change.path, *(word for mode in words for word in mode))
        case SetParameter(parameter=name):
            old, new = store.text(change.before), store.text(change.after)
            return ("parameter", name, old, new)
        case SetCrontab():
            old, new = store.text(change.before), store.text(change.after)
            return ("cron", change.user, old, new)
        case SetUnit():
            states = (change.before, change.after)
            truths = (truth for s in states for truth in (s.enabled, s.active))
            return ("unit", change.unit, *_yes(*truths))
        case InstallPackage():
            return ("stays", change.package)
        case Act():
            return ()


def _after(work: Work, zimbra: str) -> Iterator[Words]:
    if work.sections:
        yield ("section", *work.sections)
    for unit in work.units:
        yield ("reloaded", unit)
    for service in work.services:
        action = RESTARTS[service]
        if ACTIONS[action].user == "zimbra":
            program, *words = argv(action, ())
            yield ("restarted", service, program.replace(ZIMBRA, zimbra, 1), *words)


def _way_in(changes: Iterable[Change], store: _Store) -> Iterator[Words]:
    """Yield what gives the operator back: first, and asking nothing of Zimbra."""
    first = [change for change in changes if cuts_off((change,))]
    yield from (_line(change, store) for change in first)
    files = (change for change in first if isinstance(change, WriteFile))
    for unit in dict.fromkeys(unit for file in files for unit in file.reloads):
        yield ("reloaded", unit)


def _calls(plan: Plan, store: _Store, zimbra: str) -> Iterator[Words]:
    changes = [step.change for step in reversed(plan.steps)]
    yield from _way_in(changes, store)
    changes = [change for change in changes if not cuts_off((change,))]
    if any(isinstance(change, SetAttr) for change in changes):
        yield ("directory",)
    whole = False
    for change in changes:
        if isinstance(change, SetLocalConfig) and not whole:
            yield ("settings",)
            whole = True
        words = _line(change, store)
        if words:
            yield words
    kinds = {c.target.partition(":")[0] for c in changes if isinstance(c, SetAttr)}
    if kinds:
        yield ("flushed", ",".join(sorted(_CACHES.get(kind, kind) for kind in kinds)))
    yield from _after(following(plan, range(len(plan.steps))), zimbra)


def _filled(text: str, words: Iterable[tuple[str, str]]) -> str:
    for name, value in words:
        text = text.replace(f"@{name}@", value)
    return text


def script(
    plan: Plan,
    run: Run,
    units: str = UNITS,
    zimbra: str = ZIMBRA,
    path: str = PATH,
) -> tuple[str, dict[str, bytes]]:
    """Return the script and the contents that its store must hold."""
    store = _Store()
    prelude = (files("zmward.engine") / "rollback.sh").read_text("utf-8")
    # A comment: nothing that could end it.
    host = "".join(c for c in plan.host.name if c.isalnum() or c in ".-, ")
    filled = _filled(
        prelude,
        (
            ("RUN", run.id),
            ("VERSION", "".join(c for c in plan.zmward if c.isalnum() or c in ".+-")),
            ("HOST", host),
            ("FOLDER", shlex.quote(run.folder)),
            ("UNITS", shlex.quote(units)),
            ("ZIMBRA", shlex.quote(zimbra)),
            ("PATH", shlex.quote(path)),
            ("PINNED", shlex.quote(pinned())),
            ("RULES", shlex.quote(program())),
            ("BOOT", shlex.quote(f"{run.base}/firewall")),
        ),
    )
    calls = "\n".join(
        f"    {shlex.join(words)}" for words in _calls(plan, store, zimbra)
    )
    # The shell reads all of it before main runs, so nothing is ever half done.
    body = f"\nmain() {{\n{calls}\n    finish\n}}\n\nmain </dev/null\n"
    return filled + body, store.contents
