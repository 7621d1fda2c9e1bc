"""A policy for a host with ufw: application profiles, blocks of rules, commands."""

import re
import shlex
from collections.abc import Iterable, Iterator
from itertools import pairwise

import msgspec

from zmward.firewall.basics import Group, groups, word
from zmward.firewall.openings import FAMILIES, Opening, Policy
from zmward.firewall.ranges import Family, written
from zmward.firewall.render_iptables import (
    chunks,
    counter_name,
    odd_rules,
    port_list,
)

BEGIN, END = "# BEGIN zmward", "# END zmward"
_MARK = "zmward: "
_LONGEST = 100
_CHAIN = {"ipv4": "ufw-before-input", "ipv6": "ufw6-before-input"}
_ANY = {"ipv4": "0.0.0.0/0", "ipv6": "::/0"}
_MASK = {"ipv4": "32", "ipv6": "64"}
_BLOCK = re.compile(
    rf"^{re.escape(BEGIN)}$.*?^{re.escape(END)}$\n?", re.MULTILINE | re.DOTALL
)
_SHORT = len(("ufw", "allow", "what"))
Argv = tuple[str, ...]


class Ufw(msgspec.Struct, frozen=True):
    """What ufw needs: one file, a block for each of two, and commands in order.

    The blocks are put in their files by `placed`. IPV6=yes must stand in
    /etc/default/ufw, or the rules for IPv6 are refused by ufw itself.
    """

    applications: str
    before: str
    before6: str
    commands: tuple[Argv, ...]


def _in_commands(opening: Opening) -> bool:
    """Say whether ufw's own words can say it; DHCP is in its own rules already."""
    return bool(opening.ports) and opening.zone != "link"


def _application(name: str, openings: Iterable[Opening]) -> str:
    """Return one profile: at most 15 ports an item, no blank before the protocol."""
    by_protocol: dict[str, dict[tuple[int, int], None]] = {}
    for opening in openings:
        own = by_protocol.setdefault(opening.protocol, {})
        own.update(dict.fromkeys(opening.ports))
    items = [
        f"{port_list(piece)}/{protocol}"
        for protocol, spans in by_protocol.items()
        for piece in chunks(tuple(sorted(spans)))
    ]
    names = ", ".join(dict.fromkeys(opening.name for opening in openings))
    return (
        f"[{name}]\ntitle=zmward: {name.removeprefix('zmward-')}\n"
        f"description={word(names, _LONGEST)}\nports={'|'.join(items)}\n"
    )


def _named(group: Group) -> str:
    digit = "4" if group.family == "ipv4" else "6"
    return f"zmward-{(group.name or 'everybody').rstrip('-')}{digit}"


def _said(group: Group) -> tuple[Opening, ...]:
    found = (o for o in group.openings if _in_commands(o) and o.name != "ssh")
    return tuple(found)


def _all_groups(policy: Policy) -> tuple[Group, ...]:
    return tuple(group for family in FAMILIES for group in groups(policy, family))


def _from(group: Group) -> Iterator[str]:
    if group.name is None:
        yield _ANY[group.family]
    else:
        yield from written(group.sources, group.family)


def _comment(text: str) -> tuple[str, str]:
    return "comment", _MARK + word(text, _LONGEST).replace("'", "")


def _ssh(found: Iterable[Group]) -> Iterator[Argv]:
    """Yield what lets administrators in: it does not depend on any file."""
    for group in found:
        for opening in group.openings:
            if opening.name != "ssh":
                continue
            for piece in chunks(opening.ports):
                for net in _from(group):
                    yield (
                        *("ufw", "allow", "proto", opening.protocol, "from", net),
                        *("to", "any", "port", port_list(piece)),
                        *_comment("ssh"),
                    )


def _others(found: Iterable[Group]) -> Iterator[Argv]:
    for group in found:
        own = _said(group)
        names = ", ".join(dict.fromkeys(opening.name for opening in own))
        for net in _from(group) if own else ():
            yield (
                *("ufw", "allow", "from", net, "to", "any", "app", _named(group)),
                *_comment(names),
            )


def _commands(found: tuple[Group, ...]) -> Iterator[Argv]:
    yield from _ssh(found)
    for group in found:
        if _said(group):
            yield "ufw", "app", "update", _named(group)
    yield from _others(found)
    yield "ufw", "default", "deny", "incoming"
    yield "ufw", "--force", "enable"
    yield "ufw", "reload"


def _limits(opening: Opening, family: Family) -> Iterator[str]:
    count = opening.rate.partition("/")[0]
    for piece in chunks(opening.ports):
        yield (
            f"-p {opening.protocol} -m multiport --dports {port_list(piece)} "
            "-m conntrack --ctstate NEW -m hashlimit "
            f"--hashlimit-above {opening.rate} --hashlimit-burst {count} "
            f"--hashlimit-mode srcip --hashlimit-srcmask {_MASK[family]} "
            f"--hashlimit-name {counter_name(opening, family)} -j DROP"
        )


def _rated(policy: Policy, family: Family) -> Iterator[str]:
    """Yield limits behind accepts for those whom the policy does not limit."""
    limited = {o.name: o for o in policy.openings if o.rate}
    for name, opening in limited.items():
        for group in groups(policy, family):
            free = [o for o in group.openings if o.name == name and not o.rate]
            if not free or group.name is None:
                continue
            for net in written(group.sources, family):
                for piece in chunks(free[0].ports):
                    ports = f"-m multiport --dports {port_list(piece)}"
                    yield f"-s {net} -p {opening.protocol} {ports} -j ACCEPT"
        yield from _limits(opening, family)


def _block(policy: Policy, family: Family) -> str:
    chain = _CHAIN[family]
    rules = [*odd_rules(), *_rated(policy, family)]
    for group in groups(policy, family):
        for opening in group.openings:
            if not opening.ports:
                nets = written(group.sources, family) if group.name else (_ANY[family],)
                rules += [f"-s {net} -p {opening.number} -j ACCEPT" for net in nets]
    return "\n".join((BEGIN, *(f"-A {chain} {rule}" for rule in rules), END)) + "\n"


def ufw(policy: Policy) -> Ufw:
    """Return what ufw needs for a policy."""
    found = _all_groups(policy)
    applications = "\n".join(
        _application(_named(group), _said(group)) for group in found if _said(group)
    )
    return Ufw(
        applications,
        _block(policy, "ipv4"),
        _block(policy, "ipv6"),
        tuple(_commands(found)),
    )


def placed(text: str, block: str) -> str:
    """Return before.rules with our block at the end of `filter`, an old one replaced.

    There, loopback and known connections are let in already.
    """
    bare = _BLOCK.sub("", text)
    start = bare.find("*filter")
    end = bare.find("\nCOMMIT", start)
    if start < 0 or end < 0:
        raise ValueError("a file of ufw's rules without *filter and COMMIT")
    return f"{bare[: end + 1]}{block}{bare[end + 1 :]}"


def _key(words: Iterable[str]) -> tuple[str, ...]:
    """Return what tells rules of ufw apart, however they are written."""
    found = list(words)
    if "comment" in found:
        found = found[: found.index("comment")]
    if len(found) == _SHORT:
        # From anywhere: `ufw allow 22/tcp`, `ufw allow zmward-everybody4`.
        name, slash, protocol = found[-1].partition("/")
        return ("any", name, protocol) if slash else ("any", name)
    pairs = dict(pairwise(found))
    source = pairs.get("from", "any")
    source = "any" if source in (*_ANY.values(), "any") else source.removesuffix("/32")
    if "app" in pairs:
        return source.removesuffix("/128"), pairs["app"]
    return source.removesuffix("/128"), pairs.get("port", ""), pairs.get("proto", "")


def stale(added: str, wanted: Ufw) -> tuple[Argv, ...]:
    """Return commands that delete our own old rules, given `ufw show added`."""
    kept = {_key(argv) for argv in wanted.commands if argv[:2] == ("ufw", "allow")}
    found: list[Argv] = []
    for line in added.splitlines():
        if f"comment '{_MARK}" not in line or not line.startswith("ufw allow "):
            continue
        words = shlex.split(line)
        if _key(words) not in kept:
            bare = words[1 : words.index("comment")]
            found.append(("ufw", "--force", "delete", *bare))
    return tuple(found)
