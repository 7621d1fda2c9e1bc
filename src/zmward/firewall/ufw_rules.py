"""A policy as what ufw keeps: its application profiles, rules of both kinds of files.

SSH is in a profile too: each rule of ours then carries a profile's name, by which it is
known for ours in ufw's files and in the kernel.
"""

import re
from collections.abc import Iterator
from typing import Final

from zmward.firewall.basics import Group, groups
from zmward.firewall.openings import FAMILIES, Opening, Policy
from zmward.firewall.ranges import Family, written
from zmward.firewall.render_iptables import chunks, port_list
from zmward.firewall.render_ufw import (
    ANY,
    application,
    block,
    comment,
    in_commands,
    named,
)

CHAINS: Final = {"ipv4": "ufw-user-input", "ipv6": "ufw6-user-input"}
# A rule without a target, which says which run has loaded those beside it.
MARK: Final = re.compile(r" -m comment --comment \"zmward: run ([A-Za-z0-9-]+)\"$")


def _own(group: Group) -> tuple[Opening, ...]:
    return tuple(opening for opening in group.openings if in_commands(opening))


def _applications(policy: Policy) -> str:
    found = ((g, _own(g)) for family in FAMILIES for g in groups(policy, family))
    return "\n".join(application(named(g), own) for g, own in found if own)


def _items(own: tuple[Opening, ...]) -> Iterator[tuple[str, str]]:
    """Yield protocols and ports as a profile's items have them."""
    spans: dict[str, dict[tuple[int, int], None]] = {}
    for opening in own:
        spans.setdefault(opening.protocol, {}).update(dict.fromkeys(opening.ports))
    for protocol, ports in spans.items():
        for piece in chunks(tuple(sorted(ports))):
            yield protocol, port_list(piece)


def _entry(family: Family, source: str, item: tuple[str, str], app: str) -> str:
    """Return one rule as ufw itself writes it, a line for people above it."""
    protocol, ports = item
    where = "" if source == ANY[family] else f" -s {source}"
    if "," in ports or ":" in ports:
        packet = f"-p {protocol} -m multiport --dports {ports}{where}"
    else:
        packet = f"-p {protocol} --dport {ports}{where}"
    return f"-A {CHAINS[family]} {packet} -j ACCEPT -m comment --comment 'dapp_{app}'\n"


def entries(policy: Policy, family: Family) -> str:
    """Return our rules as they stand in user.rules or user6.rules."""
    lines: list[str] = []
    for group in groups(policy, family):
        own = _own(group)
        said = comment(", ".join(dict.fromkeys(o.name for o in own)))[1]
        nets = written(group.sources, family) if group.name else (ANY[family],)
        for net in nets if own else ():
            source = net.removesuffix("/32" if family == "ipv4" else "/128")
            for item in _items(own):
                words = f"{' '.join(item)} {ANY[family]} any {source} {named(group)}"
                known = f"in comment={said.encode().hex()}"
                lines.append(f"### tuple ### allow {words} - {known}\n")
                lines.append(_entry(family, source, item, named(group)))
    return "".join(lines)


def texts(policy: Policy) -> tuple[str, ...]:
    """Return the five texts of a policy: profiles, blocks and rules, both families."""
    blocks = (block(policy, family) for family in FAMILIES)
    own = (entries(policy, family) for family in FAMILIES)
    return (_applications(policy), *blocks, *own)


def rules_of(text: str) -> tuple[str, ...]:
    """Return a text's rules, without what only ufw and people read."""
    return tuple(line for line in text.splitlines() if line.startswith("-A "))


def essence(listed: tuple[str, ...]) -> str:
    """Return what listed rules of ours come to, but the mark of their run."""
    kept = (
        "\n".join(line for line in text.splitlines() if not MARK.search(line))
        for text in listed
    )
    return "\n=\n".join(kept)


def loadable(listed: tuple[str, ...]) -> tuple[str, ...]:
    """Return texts that load listed rules again; ufw's files are no part of it."""
    lines = ("".join(f"{line}\n" for line in rules_of(text)) for text in listed[1:])
    return ("", *lines)


def marked(found: tuple[str, ...], run: str) -> tuple[str, ...]:
    """Return texts whose blocks say which run loads them."""
    apps, *blocks = found[:3]
    lines = (
        f'-A {chain} -m comment --comment "zmward: run {run}"\n'
        for chain in ("ufw-before-input", "ufw6-before-input")
    )
    ends = zip(blocks, lines, strict=True)
    return (apps, *(_inside(text, line) for text, line in ends), *found[3:])


def _inside(text: str, line: str) -> str:
    """Return a block with one line more, its first."""
    head, begin, rest = text.partition("\n")
    if not text.startswith("# BEGIN"):
        return f"{line}{text}"
    return f"{head}{begin}{line}{rest}"
