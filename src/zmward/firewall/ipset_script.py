"""What sets hold once `ipset restore` has carried out a text: as a boot will do it."""

from collections.abc import Callable, Mapping
from typing import Final

from zmward.firewall import ipset
from zmward.firewall.ipset import Set
from zmward.sources.source import Unreadable

_EXIST: Final = "-exist"
# A line holds a command, a set, and sometimes what it needs.
_SHORTEST: Final = 2


class _Rows:
    """The sets as they are made, filled, exchanged and thrown away."""

    def __init__(self) -> None:
        self.made: dict[str, str] = {}
        self.members: dict[str, list[str]] = {}

    def create(self, name: str, words: list[str], *, lenient: bool) -> None:
        if name in self.made and not lenient:
            raise ValueError(f"{name} is made twice")
        if name not in self.made:
            self.made[name] = " ".join(words)
            self.members[name] = []

    def add(self, name: str, words: list[str], **_rest: bool) -> None:
        self.members[name].append(" ".join(words))

    def flush(self, name: str, _words: list[str], **_rest: bool) -> None:
        self.members[name].clear()

    def swap(self, name: str, words: list[str], **_rest: bool) -> None:
        (other,) = words
        made, members = self.made, self.members
        made[name], made[other] = made[other], made[name]
        members[name], members[other] = members[other], members[name]

    def destroy(self, name: str, _words: list[str], **_rest: bool) -> None:
        del self.made[name], self.members[name]

    def saved(self) -> str:
        """Return what `ipset save` would print."""
        lines = [f"create {name} {kind}" for name, kind in self.made.items()]
        lines += (
            f"add {name} {word}" for name, own in self.members.items() for word in own
        )
        return "\n".join(lines)


def restored(text: str) -> Mapping[str, Set]:
    """Return the sets that a text leaves; Unreadable, with the line, for a bad one."""
    rows = _Rows()
    verbs: Mapping[str, Callable[..., None]] = {
        "create": rows.create,
        "add": rows.add,
        "flush": rows.flush,
        "swap": rows.swap,
        "destroy": rows.destroy,
    }
    for number, line in enumerate(text.splitlines(), 1):
        words = [word for word in line.split() if word != _EXIST]
        if not words:
            continue
        if len(words) < _SHORTEST or words[0] not in verbs:
            raise Unreadable(f"line {number}: not of ipset: {line[:60]!r}")
        try:
            verbs[words[0]](words[1], words[2:], lenient=_EXIST in line.split())
        except (KeyError, ValueError) as error:
            raise Unreadable(f"line {number}: {error}: {line[:60]!r}") from error
    return ipset.parse(rows.saved())
