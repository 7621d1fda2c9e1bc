"""Each blocklist answers, lists what it must and nothing else."""

import re
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from itertools import product

from msgspec.structs import replace

from zmward.change import SetAttr
from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import layers, on_hosts
from zmward.controls.shapes.outside_records import LISTS_ALIVE
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.sources.blocklists import BLOCKLISTS, Blocklist, Blocklists
from zmward.sources.directory import CONFIG, SERVERS, Entry

_RESTRICTIONS = "zimbraMtaRestriction"
_SITES = "zimbraMtaPostscreenDnsblSites"
_NO_CURE = (
    f"Take the list out of {_RESTRICTIONS} or {_SITES}, or repair the resolver: with "
    "one of its own (the service dnscache, no forwarders) the list may answer."
)
_FOLLOWS = (
    f"It follows from {_RESTRICTIONS} and {_SITES}; a line that no attribute has was "
    "written by hand: take the list out there."
)
_ELSEWHERE = (
    "Another MTA gets an answer from this list, or was not asked: the resolver may be "
    "at fault here. Take the list out only if it is dead for all."
)
_ALL_AT_ONCE = (
    "Every list looks dead here at once, so it is the resolver that is at fault: "
    "repair it (the service dnscache, no forwarders), then look again."
)
_INHERITS = (
    "Nothing of the server's own would be left, and it would inherit all global ones: "
    "write what this server shall have."
)
_REFUSES = "refuses this resolver"
_REFUSAL = ip_network("127.255.255.0/24")
_RULE = 2  # words: the restriction and its list
_LISTING = ip_network("127.0.0.0/8")


def _shown(zone: str) -> str:
    """Return the zone without a paid list's key."""
    key, dot, rest = zone.partition(".")
    return f"(key).{rest}" if ".dq." in f".{rest}" and dot and key else zone


def _wrong(kind: str, answers: tuple[str, ...], clean: tuple[str, ...]) -> str:
    """Return what is wrong with the answers themselves, or nothing."""
    for answer in map(ip_address, (*answers, *clean)):
        if answer in _REFUSAL:
            return f"{_REFUSES} ({answer})"
        if answer not in _LISTING:
            return f"answers {answer}, which no list does: the domain has a new owner"
    entry = "127.0.0.1" if kind == "address" else "INVALID"
    return f"lists {entry}: it lists everybody" if clean else ""


def _flaw(found: Blocklist, *, resolver: bool) -> str:
    """Return what is wrong with a list, or nothing."""
    wrong = _wrong(found.kind, found.listed or (), found.clean or ())
    if not wrong and resolver and found.listed == () and found.kind == "address":
        return "does not list 127.0.0.2: it is dead"
    return wrong


def _one(host: str, zone: str, found: Blocklist, *, resolver: bool) -> Judgement:
    name = _shown(zone)
    wrong = _flaw(found, resolver=resolver)
    if wrong:
        return deviates(
            Layer.RUNNING,
            host,
            f"{name} {wrong}",
            "lists 127.0.0.2 only",
            no_cure=_NO_CURE if wrong.startswith(_REFUSES) else _FOLLOWS,
        )
    if found.listed and found.clean is not None:
        seen = f"{name}: {' '.join(found.listed)}"
        return sound(Layer.RUNNING, host, source="blocklists", seen=seen)
    if found.listed is None or found.clean is None:
        return unknown(Layer.RUNNING, host, f"{name} gave no answer in time")
    if found.kind == "name" and resolver:
        return unknown(
            Layer.RUNNING,
            host,
            f"{name} does not list TEST: dead, or not as RFC 5782 says",
        )
    return unknown(
        Layer.RUNNING, host, f"{name}: the resolver answers nothing from outside"
    )


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    found = facts.read(BLOCKLISTS, host)
    if not found.zones:
        yield not_concerned(Layer.RUNNING, host, "no blocklist is configured")
    # The lists are asked side by side; whichever answers first must not matter.
    for zone in sorted(found.zones):
        yield _one(host, zone, found.zones[zone], resolver=found.resolver)


def _asks(attribute: str, value: str, zone: str) -> bool:
    """Say whether a value, and nothing else in it, asks the list."""
    words = value.split()
    if attribute == _RESTRICTIONS:
        if len(words) != _RULE or not words[0].startswith(("reject_rbl", "reject_rhs")):
            return False
        words = words[1:]
    return len(words) == 1 and re.split("[=*]", words[0])[0].lower() == zone.lower()


def _dead(facts: Facts, host: str) -> tuple[str, ...]:
    """Return the lists that are of no use to anybody who asks this resolver."""
    found = facts.read(BLOCKLISTS, host)
    flaws = {z: _flaw(one, resolver=found.resolver) for z, one in found.zones.items()}
    wrong = (z for z, flaw in flaws.items() if flaw and not flaw.startswith(_REFUSES))
    return tuple(sorted(wrong))


def _everywhere(facts: Facts, host: str, zone: str) -> bool:
    """Say whether a list is dead for every MTA: one resolver alone may be at fault."""
    others = (node for node in facts.hosts("mta") if node != host)
    try:
        return all(zone in _dead(facts, node) for node in others)
    except Unseen:
        return False


def _reason(facts: Facts, host: str, entry: Entry, zone: str, left: bool) -> str:  # noqa: FBT001  # one of two
    zones = facts.read(BLOCKLISTS, host).zones
    if len(zones) > 1 and len(_dead(facts, host)) == len(zones):
        return _ALL_AT_ONCE
    if entry.kind != "server":
        return "" if _everywhere(facts, host, zone) else _ELSEWHERE
    return "" if left else _INHERITS


def _declared(facts: Facts, host: str) -> Iterator[Judgement]:
    dead = _dead(facts, host)
    if not dead:
        return
    entries = (facts.config(), *(s for s in facts.servers() if s.name == host))
    for zone, entry, attribute in product(dead, entries, (_RESTRICTIONS, _SITES)):
        values = entry.own(attribute)
        kept = tuple(v for v in values if not _asks(attribute, v, zone))
        if kept != values:
            left = any(not any(_asks(attribute, v, z) for z in dead) for v in values)
            reason = _reason(facts, host, entry, zone, left)
            cure = SetAttr(entry.label, attribute, values, kept or None)
            yield deviates(
                Layer.DECLARED,
                entry.label,
                f"{attribute} names {_shown(zone)}",
                "no list that is dead or lists everybody",
                cure=None if reason else cure,
                no_cure=reason,
            )


CONTROL = Control(
    id="blocklists-are-alive",
    title="Each blocklist answers, lists what it must and nothing else",
    why=(
        "A dead list rejects nobody, or everybody; one that refuses the resolver may "
        "answer for every sender, and all mail is lost."
    ),
    impact="Nothing changes for mail that the other lists let through.",
    severity=Severity.HIGH,
    tips=("T18",),
    roles=("mta",),
    check=layers(
        replace(
            on_hosts(
                Layer.DECLARED,
                (BLOCKLISTS, CONFIG, SERVERS),
                _declared,
                role="mta",
                cures=True,
            ),
            attributes=(_RESTRICTIONS, _SITES),
        ),
        on_hosts(Layer.RUNNING, (BLOCKLISTS,), _look, role="mta"),
    ),
    refs=("https://www.rfc-editor.org/rfc/rfc5782",),
    note=(
        "Asked with getent on the node itself, which uses the resolver that Postfix "
        "uses. 127.0.0.2 must be listed, 127.0.0.1 must not, and nothing may answer in"
        " 127.255.255.0/24, by which lists refuse public resolvers: run the service "
        "dnscache without forwarders, or use the list's own key."
    ),
    outside=LISTS_ALIVE,
    examples=(
        passes(
            blocklists=Blocklists(
                {"zen.example.org": Blocklist("address", ("127.0.0.2",), ())},
                resolver=True,
            )
        ),
        fails(
            blocklists=Blocklists(
                {"dead.example.org": Blocklist("address", (), ())}, resolver=True
            )
        ),
        fails(
            config={
                _RESTRICTIONS: (
                    "reject_non_fqdn_sender",
                    "reject_rbl_client dead.example.org",
                ),
                _SITES: ("dead.example.org=127.0.0.2*2", "zen.example.org*3"),
            },
            blocklists=Blocklists(
                {"dead.example.org": Blocklist("address", (), ())}, resolver=True
            ),
        ),
        fails(
            config={_SITES: ("zen.example.org*3",)},
            blocklists=Blocklists(
                {
                    "zen.example.org": Blocklist(
                        "address", ("127.255.255.254",), ("127.255.255.254",)
                    )
                },
                resolver=True,
            ),
        ),
        fails(
            blocklists=Blocklists(
                {
                    "all.example.org": Blocklist(
                        "address", ("127.0.0.2",), ("127.0.0.2",)
                    )
                },
                resolver=True,
            )
        ),
        fails(
            blocklists=Blocklists(
                {
                    "zen.example.org": Blocklist(
                        "address", ("127.255.255.254",), ("127.255.255.254",)
                    )
                },
                resolver=True,
            )
        ),
        fails(
            blocklists=Blocklists(
                {"sold.example.org": Blocklist("address", ("203.0.113.9",), ())},
                resolver=True,
            )
        ),
        unsure(
            blocklists=Blocklists(
                {"zen.example.org": Blocklist("address", (), ())}, resolver=False
            )
        ),
        unsure(
            blocklists=Blocklists(
                {"zen.example.org": Blocklist("address", ("127.0.0.2",), None)},
                resolver=True,
            )
        ),
        unsure(
            blocklists=Blocklists(
                {"dbl.example.org": Blocklist("name", (), ())}, resolver=True
            )
        ),
        unconcerned(blocklists=Blocklists({}, resolver=False)),
        unsure(missing=("blocklists",)),
    ),
)
