"""One control in full, for people: why, how it is judged, repaired and undone."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.text import Text

from zmward.catalog.attributes import attributes
from zmward.catalog.localconfig import keys
from zmward.catalog.repairs import Repair, repairs
from zmward.catalog.tips import TIPS
from zmward.control import Control
from zmward.i18n import Speaker, mark
from zmward.reports.lines import hanging, printed
from zmward.reports.words import LAYERS, SEVERITIES, topic
from zmward.sources.source import Source

_INDENT = 15
# The source that a control reads → the object that its cure may write.
_WRITES = {
    "ldap-config": ("globalConfig", "mcf"),
    "ldap-servers": ("server", "ms SERVER"),
    "ldap-domains": ("domain", "md DOMAIN"),
    "ldap-cos": ("cos", "mc COS"),
    "ldap-accounts": ("account", "ma ACCOUNT"),
}
_UNDO = mark(
    "The object's old own value is put back; where it had none, it inherits again."
)
_UNDO_KEY = mark(
    "The old value is put back in localconfig.xml; a key that was not there is removed."
)
_UNDO_HOST = mark(
    "What stood there before is put back; a package that was installed stays and is "
    "named."
)
_NONE = mark("zmward has no repair for it; each finding says what is to be done.")
_BY_HAND = mark("For example:")
_REST = mark("What is left to a person, for example:")
_SHOWN = mark("Each finding shows the very commands.")
_NOBODY = mark("Nobody is locked out.")


def _commands(control: Control) -> Iterator[str]:
    for name in control.check.attributes:
        objects = attributes()[name].objects
        for source, (written, verb) in _WRITES.items():
            if source in control.check.needs and written in objects:
                yield f"zmprov {verb} {name} VALUE"
    for key in control.check.keys:
        yield f"zmlocalconfig -e {key}=VALUE"


def _restarts(control: Control) -> tuple[str, ...]:
    found: set[str] = set()
    for name in control.check.attributes:
        found.update(attributes()[name].restart)
    for key in control.check.keys:
        row = keys().get(key)
        if row is not None and not row.reloadable:
            found.update(row.restart)
    found.update(repairs().get(control.id, Repair()).restarts)
    return tuple(sorted(found))


class _Explanation:
    """Writes one control, part by part."""

    def __init__(self, control: Control, say: Speaker, width: int) -> None:
        self.control = control
        self.say = say
        self.width = width

    def part(self, label: str, *paragraphs: str) -> Iterator[Text]:
        """Yield a blank line and the paragraphs beside their label."""
        yield Text()
        head = Text(self.say(label), style="bold")
        for paragraph in paragraphs:
            yield from hanging(head, Text(paragraph), _INDENT, self.width)
            head = Text()

    def head(self) -> Iterator[Text]:
        control = self.control
        title = Text(self.say(control.title), style="bold underline")
        yield from hanging(Text(), title, 0, self.width)
        words = [control.id, self.say(SEVERITIES[control.severity])]
        words.append(self.say(topic(control.topic)))
        if control.roles:
            on = self.say(mark("on servers that run {roles}"))
            words.append(on.format(roles=", ".join(control.roles)))
        yield from hanging(Text(), Text(" · ".join(words)), 0, self.width)

    def judged(self, sources: Mapping[str, Source[Any]]) -> Iterator[Text]:
        rows = []
        for layer in self.control.check.layers:
            word, meaning = LAYERS[layer]
            rows.append(f"{self.say(word)}: {self.say(meaning)}")
        yield from self.part(mark("Layers judged"), *rows)
        asked = [
            f"{name}: {sources[name].about}" if name in sources else name
            for name in dict.fromkeys(self.control.check.needs)
        ]
        yield from self.part(mark("It reads"), *asked)

    def repaired(self) -> Iterator[Text]:
        control, say = self.control, self.say
        yield from self.part(mark("Repair breaks"), say(control.impact))
        yield from self.part(mark("Can hurt"), say(control.locks_out) or say(_NOBODY))
        known = repairs().get(control.id, Repair())
        if not control.check.cures:
            reasons = (say(_BY_HAND), *known.by_hand) if known.by_hand else ()
            yield from self.part(mark("Repair"), say(_NONE), *reasons)
            return
        restarts = ", ".join(_restarts(control)) or say(mark("nothing"))
        commands = [f"$ {line}" for line in _commands(control)]
        value = (
            say(mark("VALUE is what the finding names as wanted.")) if commands else ""
        )
        shown = [f"$ {line}" for line in known.commands]
        lines = (*commands, *filter(None, (value,)), *shown)
        yield from self.part(mark("Repair"), *lines, *(() if value else (say(_SHOWN),)))
        if known.by_hand:
            yield from self.part(mark("By hand"), say(_REST), *known.by_hand)
        yield from self.part(mark("Restarts"), restarts)
        undo = [_UNDO] if control.check.attributes else []
        undo += [_UNDO_KEY] if control.check.keys else []
        undo += [_UNDO_HOST] if known.commands else []
        if undo:
            yield from self.part(mark("Undo"), *(say(text) for text in undo))

    def lines(self, sources: Mapping[str, Source[Any]]) -> Iterator[Text]:
        control, say = self.control, self.say
        yield from self.head()
        yield from self.part(mark("Why"), say(control.why))
        yield from self.judged(sources)
        yield from self.repaired()
        if control.note:
            yield from self.part(mark("Note"), say(control.note))
        rows = [f"{tip} {say(TIPS[tip].title)}" for tip in control.tips if tip in TIPS]
        yield from self.part(mark("Tips"), *rows)
        if control.formerly:
            yield from self.part(mark("Formerly"), ", ".join(control.formerly))
        if control.refs:
            yield from self.part(mark("References"), *control.refs)


def explained(
    control: Control,
    sources: Mapping[str, Source[Any]],
    *,
    width: int = 80,
    color: bool = False,
    encoding: str = "utf-8",
    say: Speaker | None = None,
) -> str:
    """Return the control as text for a terminal of this width."""
    width = max(width, 40)
    lines = _Explanation(control, say or Speaker(), width).lines(sources)
    return printed(lines, width, color=color, encoding=encoding)
