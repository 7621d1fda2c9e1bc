"""The reach engine says of packets what the kernel does with them.

Replay a run with ZMWARD_AGREEMENT_SEED and ZMWARD_AGREEMENT_PACKETS (for each rule set
at least), or `python -m lab.agreement --seed N --packets N NAME`.
"""

import multiprocessing
import os
import random
import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from ipaddress import ip_address

import msgspec
import pytest
from lab import agreement
from lab.agreement import Agreement
from lab.cases import cases

from zmward.firewall import (
    ipset,
    iptables,
    iptables_matches,
    nft_matches,
    packet,
    reach,
)
from zmward.firewall.ranges import Ranges
from zmward.firewall.rules import Chain, Enters, Flagged, Is, OneOf, Ruleset, Take

pytestmark = pytest.mark.lab
SEED = int(os.environ.get("ZMWARD_AGREEMENT_SEED", agreement.SEED))
PACKETS = int(os.environ.get("ZMWARD_AGREEMENT_PACKETS", "300"))
CASES = cases()
FEWEST, LEAST_SETS = 20_000, 30
EITHER_SIDE, UNKNOWN = 0.2, 0.01
MANY = 3000
SOURCE = re.compile(r"\bsource=(\d+)")
Shown = Mapping[str, Agreement]


def _one(name: str, count: int, seed: int) -> Agreement:
    return agreement.agree(cases()[name], count, seed)


def _all(count: int, seed: int) -> Shown:
    """Show every rule set, two at a time."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, context) as pool:
        each = partial(_one, count=count, seed=seed)
        return dict(zip(CASES, pool.map(each, CASES), strict=True))


@pytest.fixture(scope="module")
def shown() -> Shown:
    found = _all(PACKETS, SEED)
    for one in found.values():
        print(one.text)  # noqa: T201  # what a failure is read with
    return found


@pytest.mark.parametrize("name", list(CASES))
def test_a_rule_set(name: str, shown: Shown) -> None:
    found = shown[name]
    assert not found.apart, (SEED, found.apart[:5])
    assert not found.lost
    assert not found.unproven, (SEED, found.unproven)


def _enough(shown: Shown, seed: int) -> None:
    total = agreement.totals(tuple(shown.values()))
    assert total["rule sets"] >= LEAST_SETS
    assert total["packets"] >= FEWEST
    assert total["apart"] == 0, (seed, [f.apart[:2] for f in shown.values() if f.apart])
    assert total["unknown"] <= UNKNOWN * total["packets"]
    share = total["accepted"] / total["packets"]
    assert EITHER_SIDE <= share <= 1 - EITHER_SIDE


def test_all_together(shown: Shown) -> None:
    _enough(shown, SEED)


def test_what_is_unknown_is_named(shown: Shown) -> None:
    """A state that kernels do not agree on, and a device that nft does not tell."""
    found = {text for one in shown.values() for text in one.unknown}
    doubts = {text.partition(": ")[2] for text in found}
    assert doubts
    assert all("is not told" in text or "--ctstate" in text for text in doubts), doubts


@pytest.mark.proof
def test_far_more_packets_with_a_new_seed() -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")  # noqa: T201  # for replay
    found = _all(MANY, seed)
    _enough(found, seed)
    assert not {name: one.unproven for name, one in found.items() if one.unproven}


def _opposite(field: str) -> Callable[[Is, object], Take]:
    """Return a mistake: matches of one field say the opposite."""
    true = Is.take

    def wrong(self: Is, probe: object) -> Take:
        inverted = self.inverted != (self.field == field)
        return true(Is(self.field, self.values, inverted), probe)  # type: ignore[arg-type]  # passed on

    return wrong


def _caught(name: str) -> None:
    """Fail where a mistaken engine agrees with the kernel."""
    assert agreement.agree(CASES[name], PACKETS, SEED).apart


@pytest.mark.parametrize(
    "field", ["source", "destination-port", "source-port", "state", "protocol", "icmp"]
)
def test_a_match_that_is_taken_for_its_opposite_is_caught(
    field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Is, "take", _opposite(field))
    _caught("odd-by-hand")


def _flags_opposite(true: Callable[..., Take], self: Flagged, probe: object) -> Take:
    return true(Flagged(self.mask, self.wanted, not self.inverted, self.any_of), probe)


def _enters_always(self: Enters, probe: object) -> Take:
    del self, probe
    return Take(None, None)


def _first_fields_only(true: Callable[..., Take], self: OneOf, probe: object) -> Take:
    rows = tuple(row[:-1] for row in self.rows)
    return true(OneOf(self.fields[:-1], rows, self.inverted), probe)


def _accepting(
    true: Callable[..., None], walk: object, chain: Chain, left: Ranges
) -> None:
    true(walk, msgspec.structs.replace(chain, policy="accept"), left)


def _goes_on(
    true: Callable[..., object], self: object, step: reach.Step, *rest: object
) -> object:
    """Take a goto for a jump."""
    if step.rule.verdict == "goto":
        rule = msgspec.structs.replace(step.rule, verdict="jump")
        step = msgspec.structs.replace(step, rule=rule)
    return true(self, step, *rest)


def _never_tracked(
    true: Callable[..., object], self: object, step: reach.Step, *rest: object
) -> object:
    """Forget that a rule switches tracking off."""
    if step.rule.verdict == "untrack":
        return ()
    return true(self, step, *rest)


def _short_ports(
    true: Callable[..., Iterator[tuple[int, int]]], text: str, separator: str = ":"
) -> Iterator[tuple[int, int]]:
    """Lose the last port of each range."""
    for low, high in true(text, separator):
        yield low, max(low, high - 1)


def _short_prefix(
    true: Callable[..., tuple[int, int]], *given: object
) -> tuple[int, int]:
    """Lose the last address of each network."""
    low, high = true(*given)
    return low, max(low, high - 1)


def _bare_ack_is_invalid(true: Callable[..., str], one: packet.Packet) -> str:
    found = true(one)
    return "invalid" if found == "new" and one.flags & 16 else found


def _no_ipv6(true: Callable[..., object], self: Ruleset, family: str) -> object:
    return () if family == "ipv6" else true(self, family)


def _last_first(
    true: Callable[..., tuple[Chain, ...]], self: Ruleset, family: str
) -> object:
    return true(self, family)[::-1]


def _all_meet(chain: Chain, probe: object) -> bool:
    del chain, probe
    return True


def _no_exceptions(
    true: Callable[..., Mapping[str, ipset.Set]], text: str
) -> Mapping[str, ipset.Set]:
    """Forget that a set leaves out a part of what it holds."""
    return {
        name: msgspec.structs.replace(
            found,
            members=tuple(
                msgspec.structs.replace(one, nomatch=False) for one in found.members
            ),
        )
        for name, found in true(text).items()
    }


MISTAKES: dict[str, tuple[str, object, str, Callable[..., object]]] = {
    "flags say the opposite": ("flags", Flagged, "take", _flags_opposite),
    "sets forget their last field": ("vmaps", OneOf, "take", _first_fields_only),
    "a policy of dropping accepts": ("deep", reach, "_policy", _accepting),
    "goto comes back": ("deep", reach._Walk, "_act", _goes_on),
    "notrack is forgotten": ("untracked", reach._Walk, "_act", _never_tracked),
    "ranges of ports lose one": (
        *("odd-by-hand", iptables_matches, "port_pairs"),
        _short_ports,
    ),
    "networks lose an address": ("whitelist", nft_matches, "_prefix", _short_prefix),
    "a bare ACK opens nothing": ("redhat", packet, "state", _bare_ack_is_invalid),
    "IPv6 is forgotten": ("whitelist", Ruleset, "base", _no_ipv6),
    "sets forget their exceptions": ("sets-by-hand", ipset, "parse", _no_exceptions),
    "chains in the wrong order": ("redirects", Ruleset, "base", _last_first),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_caught(mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, place, word, wrong = MISTAKES[mistake]
    true = getattr(place, word)

    def mistaken(*given: object) -> object:
        return wrong(true, *given)

    monkeypatch.setattr(place, word, mistaken)
    _caught(name)


# The first and the last address of each exception of sets-by-hand.
EXCEPTIONS = {
    int(ip_address(text))
    for text in (
        *("198.51.100.64", "198.51.100.127"),
        *("2001:db8:1:2::", "2001:db8:1:2:ffff:ffff:ffff:ffff"),
    )
}


@pytest.mark.parametrize("seed", [SEED, *range(1, 6)])
def test_packets_stand_on_the_boundaries_of_an_exception_that_nobody_reads(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    true = ipset.parse
    monkeypatch.setattr(ipset, "parse", partial(_no_exceptions, true))
    found = agreement.agree(CASES["sets-by-hand"], PACKETS, seed)
    sources = {int(n) for text in found.apart for n in SOURCE.findall(text)}
    assert sources >= EXCEPTIONS


def test_a_seed_replays_what_the_kernel_tells_in_any_order() -> None:
    found = [agreement.agree(CASES["sets-by-hand"], PACKETS, SEED) for _ in range(3)]
    assert found[0] == found[1] == found[2]


def test_interfaces_that_do_not_count_are_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Enters, "take", _enters_always)
    _caught("odd-by-hand")


def test_a_translation_that_every_packet_meets_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reach, "_meets", _all_meet)
    _caught("redirects")


def test_a_refusal_that_refuses_nobody_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(iptables._ENDS, "REJECT", "next")
    _caught("fail2ban-multiport")
