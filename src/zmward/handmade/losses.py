"""What a rendering would take away: each file's lines, and the code that accepts it."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from zmward.handmade.compare import compare
from zmward.handmade.known import Known
from zmward.handmade.parameters import overwritten, parse
from zmward.handmade.program import Section
from zmward.handmade.proxied import exploded, proxied
from zmward.handmade.template import Line, configured

HOME: Final = "/opt/zimbra"
MAIN: Final = "common/conf/main.cf"
TEMPLATES: Final = "conf/nginx/templates"
_INCLUDES: Final = "conf/nginx/includes"
_SUFFIX: Final = ".template"
_BACK: Final = "comes back: "
_SECRET: Final = re.compile(r"(?i)passw\w*|secret|bindpw|credential|token|private.?key")


class Text(msgspec.Struct, frozen=True):
    """What a host has under a path: a text, nothing, or why it could not be read."""

    text: str | None = None
    why: str = ""


class Loss(msgspec.Struct, frozen=True):
    """What would vanish of one file; `why` says that it could not be judged."""

    path: str
    lines: tuple[str, ...] = ()
    why: str = ""

    @property
    def code(self) -> str:
        """Return what must be said to accept this very loss."""
        parts = "\0".join((self.path, self.why, *self.lines))
        return hashlib.sha256(parts.encode("utf-8", "surrogateescape")).hexdigest()[:12]

    @property
    def name(self) -> str:
        """Return how the loss is named to accept it."""
        return f"{self.path}@{self.code}"


def masked(line: str) -> str:
    """Return a line without the secret that it may hold."""
    found = _SECRET.search(line)
    return f"{line[: found.end()]} …(not shown)" if found else line


class Host(msgspec.Struct, frozen=True):
    """What was read of a host, by paths below Zimbra's home."""

    files: Mapping[str, Text]
    templates: tuple[str, ...] = ()

    def at(self, path: str) -> Text:
        """Return what is under a path."""
        return self.files.get(path, Text(why="it was not read"))


def _output(template: str) -> str:
    name = template.removesuffix(_SUFFIX)
    return f"conf/{name}" if name == "nginx.conf" else f"{_INCLUDES}/{name}"


def pairs(section: Section, templates: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return the templates that a section renders, each with its file."""
    own = tuple((one.template, one.output) for one in section.rewrites)
    if not section.proxy:
        return own
    return (*own, *((f"{TEMPLATES}/{one}", _output(one)) for one in templates))


def wanted(sections: Iterable[Section], templates: Iterable[str]) -> tuple[str, ...]:
    """Return the paths that must be read to judge some sections."""
    names = tuple(templates)
    found: dict[str, None] = {}
    for section in sections:
        for pair in pairs(section, names):
            found |= dict.fromkeys(pair)
        if section.parameters:
            found[MAIN] = None
        for one in section.parameters:
            if one.kind == "FILE":
                found[f"conf/{one.operand}"] = None
    return tuple(found)


def _unjudged(path: str, why: str) -> Loss:
    return Loss(f"{HOME}/{path}", why=why)


def _file(
    template: str, output: str, host: Host, knowns: tuple[Known, ...]
) -> Loss | None:
    file, source = host.at(output), host.at(template)
    if file.why:
        return _unjudged(output, file.why)
    if file.text is None or not file.text.strip():
        return None
    if source.text is None:
        why = source.why or "it is not there"
        return _unjudged(
            output, f"its template {HOME}/{template} cannot be read: {why}"
        )
    if not template.endswith(_SUFFIX):
        lines = configured(source.text, knowns)
        return _compared(output, file.text, lines, blocks=False)
    name = template.rpartition("/")[2].removesuffix(_SUFFIX)
    lines = proxied(source.text, name, *knowns)
    return _compared(output, file.text, lines, blocks=exploded(source.text))


def foreign(template: str, output: str, host: Host) -> tuple[str, ...]:
    """Return the lines of a file that no values could make of its template.

    What the template always gives and the file lacks is said too; a file that cannot
    be laid beside its template has none.
    """
    loss = _file(template, output, host, (Known({}, {}, unread=True),))
    if loss is None or loss.why:
        return ()
    return tuple(
        f"lacks: {line.removeprefix(_BACK)}" if line.startswith(_BACK) else line
        for line in loss.lines
    )


def _compared(
    output: str, text: str, lines: tuple[Line, ...], *, blocks: bool
) -> Loss | None:
    found = compare(text, lines, blocks=blocks)
    if found is None:
        return _unjudged(output, "it is another file than its template renders")
    rows = text.splitlines()
    said = [f"line {n}: {masked(rows[n - 1].strip())}" for n in found.added]
    said += [f"{_BACK}{masked(lines[n].text.strip())}" for n in found.missing]
    return Loss(f"{HOME}/{output}", tuple(said)) if said else None


def _main(
    sections: Iterable[Section], host: Host, knowns: tuple[Known, ...]
) -> Loss | None:
    lines = [line for section in sections for line in section.parameters]
    if not lines:
        return None
    file = host.at(MAIN)
    if file.text is None:
        return _unjudged(MAIN, file.why or "it is not there")
    lists = {path: found.text for path, found in host.files.items()}
    changed = overwritten(lines, parse(file.text), knowns, lists)
    said = tuple(
        f"{one.name} = {one.value}, "
        + (
            "is removed"
            if one.becomes is None
            else f"becomes {one.becomes or '(empty)'}"
        )
        for one in changed
    )
    return Loss(f"{HOME}/{MAIN}", said) if said else None


def losses(
    sections: Iterable[Section], host: Host, before: Known, after: Known
) -> tuple[Loss, ...]:
    """Return what rendering these sections would take away, file by file."""
    chosen = tuple(section for section in sections if before.runs(section.name))
    knowns = (before, after)
    found: dict[str, Loss] = {}
    for section in chosen:
        for template, output in pairs(section, host.templates):
            loss = _file(template, output, host, knowns)
            if loss is not None:
                found[output] = loss
    main = _main(chosen, host, knowns)
    if main is not None:
        found[MAIN] = main
    return tuple(found.values())
