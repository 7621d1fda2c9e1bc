"""Rules that people have given ufw: which of them lets something in, and its end."""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from zmward.firewall.openings import Sources
from zmward.firewall.ranges import BadAddress, network, ranges
from zmward.firewall.render_ufw import ANY

_TUPLE: Final = re.compile(
    r"^### tuple ### (.*?)(?: comment=[0-9a-f]*)?$", re.MULTILINE
)
_PLAIN, _WITH_APPLICATIONS = 7, 9
_OURS: Final = "zmward-"


class Added(msgspec.Struct, frozen=True):
    """One rule as ufw keeps it, in the words of its own commands."""

    action: str
    protocol: str
    ports: str
    target: str
    source_ports: str
    source: str
    application: str
    way: str

    @property
    def deletion(self) -> str:
        """Return the command that takes the rule out."""
        action, _, log = self.action.partition("_")
        way, _, interface = self.way.partition("_")
        words = ["ufw", "delete", action]
        if interface:
            words += [way, "on", interface]
        words += [log] if log else []
        if self.protocol != "any" and not self.application:
            words += ["proto", self.protocol]
        words += ["from", _address(self.source)]
        if self.source_ports != "any":
            words += ["port", self.source_ports]
        words += ["to", _address(self.target)]
        if self.application:
            words += ["app", f"'{self.application}'"]
        elif self.ports != "any":
            words += ["port", self.ports]
        return " ".join(words)

    def lets_in(self, protocol: str, first: int, last: int) -> bool:
        """Say whether it lets in any of some ports; 0 where there are none."""
        if self.action.partition("_")[0] not in ("allow", "limit"):
            return False
        if self.protocol not in ("any", protocol) or self.way.startswith("out"):
            return False
        if self.ports == "any":
            return True
        spans = (piece.partition(":") for piece in self.ports.split(","))
        return any(int(a) <= last and first <= int(b or a) for a, _, b in spans)


def _address(text: str) -> str:
    return "any" if text in ANY.values() else text


def added(text: str) -> Iterator[Added]:
    """Yield the rules of user.rules or user6.rules that are not ours."""
    for found in _TUPLE.finditer(text):
        words = found[1].split()
        if len(words) not in (_PLAIN, _WITH_APPLICATIONS):
            continue
        apps = words[6:-1] or ["-", "-"]
        if apps[0].startswith(_OURS):
            continue
        name = next((app for app in apps if app != "-"), "").replace("%20", " ")
        action, protocol, ports, target, source_ports, source = words[:6]
        yield Added(
            *(action, protocol, ports, target, source_ports, source, name, words[-1])
        )


def _concerns(one: Added, sources: Sources) -> bool:
    """Say whether it lets in any of some addresses."""
    try:
        family, pair = network(one.source)
    except BadAddress:
        return True
    return bool(sources.of(family) & ranges((pair,)))


def closing(text: str, what: str, sources: Sources) -> tuple[str, ...]:
    """Return the commands that end what lets in packets like `tcp 25` or `vrrp`."""
    protocol, _, ports = what.partition(" ")
    first, _, last = ports.partition("-")
    low, high = (int(first), int(last or first)) if first.isdigit() else (0, 0)
    found = (one for one in added(text) if one.lets_in(protocol, low, high))
    own = (one.deletion for one in found if _concerns(one, sources))
    return tuple(dict.fromkeys(own))
