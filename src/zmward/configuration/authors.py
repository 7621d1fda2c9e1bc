"""Who may have made a change, from audit.log's lines of admin writes: candidates.

A line names the command, the object and the attributes; who was logged in stands in its
context. It proves nothing: whoever can write to the log, or set a value of several
lines, can write such a line, and what changes the directory past mailboxd writes none.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from zmward.configuration.compare import Difference
from zmward.logs.clock import Clock
from zmward.logs.context import cut
from zmward.logs.event import LONGEST_NAME
from zmward.logs.lines import text

_COMMAND: Final = re.compile(rb"cmd=((?:Modify|Create|Delete|Rename|Copy)[A-Za-z]*);")
_PAIR: Final = re.compile(rb" ?([+-]?[A-Za-z][A-Za-z0-9]*)=((?:[^;]++|;;)*+);")
_KINDS: Final = {
    "global": ("ModifyConfig",),
    "server": ("ModifyServer", "CreateServer", "DeleteServer"),
    "domain": ("ModifyDomain", "CreateDomain", "DeleteDomain"),
    "cos": ("ModifyCos", "CreateCos", "DeleteCos", "RenameCos", "CopyCos"),
    "zimlet": ("ModifyZimlet", "CreateZimlet", "DeleteZimlet"),
}
_LONGEST: Final = 65_536
_MOST_NAMES: Final = 400


class Edit(msgspec.Struct, frozen=True):
    """One admin write: when (epoch), by which account, from where, on what.

    `peer` is the machine that spoke to mailboxd, `announced` what it said of another.
    `names` are the attributes in lower case.
    """

    when: float
    account: str
    peer: str
    announced: str
    command: str
    target: str
    names: frozenset[str]


class Candidate(msgspec.Struct, frozen=True, order=True):
    """Somebody who may have made a change; times are ISO 8601 in UTC."""

    when: str
    account: str
    peer: str
    announced: str
    command: str


def read(line: bytes, clock: Clock) -> Edit | None:
    """Return the write that a line of audit.log tells of, or None."""
    parts = cut(line[:_LONGEST].rstrip(b"\r\n"))
    if parts is None:
        return None
    minute, second, fraction, _, name, peer, announced, *_, category, message = parts
    command = _COMMAND.match(message) if category == b"security" else None
    when = clock.log4j(minute, second, fraction)
    if command is None or when is None:
        return None
    pairs = tuple(_pairs(message, command.end()))
    target = next((value for key, value in pairs if key == "name"), b"")
    names = (key.lstrip("+-").lower() for key, _ in pairs)
    return Edit(
        when=when,
        account=_short(name),
        peer=_short(peer),
        announced=_short(announced),
        command=text(command[1]),
        target=_short(target).replace(";;", ";"),
        names=frozenset(names),
    )


def _pairs(message: bytes, at: int) -> Iterator[tuple[str, bytes]]:
    """Yield names and values; what is none is passed over, up to the next `;`."""
    for _ in range(_MOST_NAMES):
        match = _PAIR.match(message, at)
        if match:
            yield match[1].decode(), match[2]
        at = match.end() if match else message.find(b";", at) + 1
        if not 0 < at < len(message):
            return


def _short(raw: bytes | None) -> str:
    return text(raw or b"")[:LONGEST_NAME]


def edits(lines: Iterable[bytes], clock: Clock) -> Iterator[Edit]:
    """Yield the writes that lines tell of, in their order."""
    for line in lines:
        found = read(line, clock)
        if found is not None:
            yield found


def _fits(edit: Edit, one: Difference) -> bool:
    kind, _, name = one.object.partition(":")
    if edit.command not in _KINDS.get(kind, ()):
        return False
    if kind != "global" and edit.target.lower() != name.lower():
        return False
    whole = not edit.command.startswith("Modify")
    return whole if not one.name else whole or one.name.lower() in edit.names


def candidates(
    one: Difference, some: Iterable[Edit], since: float, until: float
) -> tuple[Edit, ...]:
    """Return the writes between two moments that fit a difference, newest first."""
    found = (e for e in some if since < e.when <= until and _fits(e, one))
    return tuple(sorted(found, key=lambda edit: -edit.when))
