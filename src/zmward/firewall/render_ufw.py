"""A policy for a host with ufw: application profiles, blocks of rules, commands."""

import re
import shlex
from collections.abc import Iterable, Iterator
from itertools import pairwise

import msgspec

from zmward.firewall.basics import IGMP, Group, groups, word
from zmward.firewall.openings import FAMILIES, Opening, Policy
from zmward.firewall.ranges import Family, written
from zmward.firewall.render_iptables import (
    asked_protocol,
    chunks,
    counter_name,
    kept_rules,
    odd_rules,
    port_list,
)

BEGIN, END = "# BEGIN zmward", "# END zmward"
_MARK = "zmward: "
_COMMENT = '-m comment --comment "'
_LONGEST = 100
CHAINS = {"ipv4": "ufw-before-input", "ipv6": "ufw6-before-input"}
_LOGGED = {"ipv4": "ufw-logging-deny", "ipv6": "ufw6-logging-deny"}
# What before.rules and before6.rules let in as ufw ships them: DHCP, UPnP and mDNS.
_BY_ITSELF = (68, 546, 1900, 5353)
ANY = {"ipv4": "0.0.0.0/0", "ipv6": "::/0"}
_MASK = {"ipv4": "32", "ipv6": "64"}
_BLOCK = re.compile(
    rf"^{re.escape(BEGIN)}$.*?^{re.escape(END)}$\n?", re.MULTILINE | re.DOTALL
)
_RULES = ("-A ", "-I ", "COMMIT")
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


def in_commands(opening: Opening) -> bool:
    """Say whether ufw's own words can say it, behind what its own files say."""
    own = opening.protocol == "udp" and any(
        first <= port <= last for first, last in opening.ports for port in _BY_ITSELF
    )
    return bool(opening.ports) and opening.zone != "link" and not own


def application(name: str, openings: Iterable[Opening]) -> str:
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


def named(group: Group) -> str:
    """Return how the profile of a group is called."""
    digit = "4" if group.family == "ipv4" else "6"
    return f"zmward-{(group.name or 'everybody').rstrip('-')}{digit}"


def _said(group: Group) -> tuple[Opening, ...]:
    found = (o for o in group.openings if in_commands(o) and o.name != "ssh")
    return tuple(found)


def _all_groups(policy: Policy) -> tuple[Group, ...]:
    return tuple(group for family in FAMILIES for group in groups(policy, family))


def _from(group: Group) -> Iterator[str]:
    if group.name is None:
        yield ANY[group.family]
    else:
        yield from written(group.sources, group.family)


def comment(text: str) -> tuple[str, str]:
    """Return the words that put a comment of ours on a rule."""
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
                        *comment("ssh"),
                    )


def _others(found: Iterable[Group]) -> Iterator[Argv]:
    for group in found:
        own = _said(group)
        names = ", ".join(dict.fromkeys(opening.name for opening in own))
        for net in _from(group) if own else ():
            yield (
                *("ufw", "allow", "from", net, "to", "any", "app", named(group)),
                *comment(names),
            )


def _commands(found: tuple[Group, ...]) -> Iterator[Argv]:
    yield from _ssh(found)
    for group in found:
        if _said(group):
            yield "ufw", "app", "update", named(group)
    yield from _others(found)
    yield "ufw", "default", "deny", "incoming"
    yield "ufw", "--force", "enable"
    yield "ufw", "reload"


def _called(text: str) -> str:
    return f'{_COMMENT}{word(text, _LONGEST)}"'


def _said_so(rule: str) -> str:
    """Return a rule with a comment by which it is known for ours."""
    return rule.replace(_COMMENT, f"{_COMMENT}{_MARK}", 1)


def _limits(opening: Opening, family: Family) -> Iterator[str]:
    count = opening.rate.partition("/")[0]
    for piece in chunks(opening.ports):
        yield (
            f"-p {opening.protocol} -m multiport --dports {port_list(piece)} "
            "-m conntrack --ctstate NEW -m hashlimit "
            f"--hashlimit-above {opening.rate} --hashlimit-burst {count} "
            f"--hashlimit-mode srcip --hashlimit-srcmask {_MASK[family]} "
            f"--hashlimit-name {counter_name(opening, family)} "
            f"{_called(f'{opening.name}: too many new connections')} -j DROP"
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
                    packet = f"-s {net} -p {opening.protocol} {ports}"
                    yield f"{packet} {_called(name)} -j ACCEPT"
        yield from _limits(opening, family)


def _basics(family: Family) -> Iterator[str]:
    """Yield what ufw begins with too, with ICMP before what belongs to nothing."""
    yield f"-i lo {_called('the host itself')} -j ACCEPT"
    known = f"{_called('connections that were let in')} -j ACCEPT"
    yield f"-m conntrack --ctstate RELATED,ESTABLISHED {known}"
    yield from kept_rules(family)
    if family == "ipv4":
        yield f"-p {IGMP} {_called('igmp')} -j ACCEPT"
    for target in (_LOGGED[family], "DROP"):
        lost = f"{_called('belongs to nothing')} -j {target}"
        yield f"-m conntrack --ctstate INVALID {lost}"


def _others_in_block(policy: Policy, family: Family) -> Iterator[str]:
    """Yield what ufw's own words cannot say, and an end to what its files let in."""
    for group in groups(policy, family):
        nets = written(group.sources, family) if group.name else (ANY[family],)
        for opening in group.openings:
            if in_commands(opening):
                continue
            said = f"{_called(opening.name)} -j ACCEPT"
            source = f" --sport {opening.source_port}" if opening.source_port else ""
            for net in nets:
                if not opening.ports:
                    yield f"-s {net} {asked_protocol(opening.number, family)} {said}"
                for piece in chunks(opening.ports):
                    ports = f"{source} -m multiport --dports {port_list(piece)}"
                    yield f"-s {net} -p {opening.protocol}{ports} {said}"
    closed = f"{_called('what ufw lets in by itself')} -j DROP"
    for port in _BY_ITSELF:
        yield f"-p udp -m udp --dport {port} {closed}"


def block(policy: Policy, family: Family) -> str:
    """Return the rules for before.rules or before6.rules, between their marks."""
    rules = (
        *_basics(family),
        *odd_rules(),
        *_rated(policy, family),
        *_others_in_block(policy, family),
    )
    lines = (f"-A {CHAINS[family]} {_said_so(rule)}" for rule in rules)
    return "\n".join((BEGIN, *lines, END)) + "\n"


def ufw(policy: Policy) -> Ufw:
    """Return what ufw needs for a policy."""
    found = _all_groups(policy)
    applications = "\n".join(
        application(named(group), _said(group)) for group in found if _said(group)
    )
    return Ufw(
        applications,
        block(policy, "ipv4"),
        block(policy, "ipv6"),
        tuple(_commands(found)),
    )


def placed(text: str, block: str) -> str:
    """Return before.rules with our block before its first rule, an old one replaced."""
    bare = _BLOCK.sub("", text)
    place, inside = 0, False
    for line in bare.splitlines(keepends=True):
        if line.startswith("*"):
            inside = line.split() == ["*filter"]
        elif inside and line.startswith(_RULES):
            return f"{bare[:place]}{block}{bare[place:]}"
        place += len(line)
    raise ValueError("a file of ufw's rules without *filter and COMMIT")


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
    source = "any" if source in (*ANY.values(), "any") else source.removesuffix("/32")
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
