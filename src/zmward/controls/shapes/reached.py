"""What findings say of sources that the loaded rules let in, and by which rule."""

from collections.abc import Iterable

import msgspec

from zmward.facts import Facts
from zmward.firewall.live import Entrants
from zmward.firewall.ranges import NOTHING, Family, Ranges, spelled
from zmward.firewall.reach import Step
from zmward.firewall.whitelist import comers, unresolved

_NAMES = {"ipv4": "IPv4", "ipv6": "IPv6"}
_SHOWN = 3
_LONGEST = 160


class Excess(msgspec.Struct, frozen=True):
    """Sources of one family beyond the allowed: let in, by what; or why in doubt."""

    family: Family
    sure: Ranges = NOTHING
    where: str = ""
    by: tuple[str, ...] = ()
    doubt: str = ""


def networks(found: Ranges, family: Family) -> str:
    """Return a set as a few networks, and how many more there are."""
    shown = spelled(Ranges(found.pairs[:_SHOWN]), family)
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return ", ".join(shown) + more


def where(found: Ranges, all_comers: Ranges, family: Family) -> str:
    """Return from where, in words: everywhere, or everywhere but some, or some."""
    left = all_comers - found
    if not left:
        return "from everywhere"
    if found.count() > left.count():
        return f"from everywhere but {networks(left, family)}"
    return f"from {networks(found, family)}"


def rule(step: Step, entry: str = "") -> str:
    """Return how findings name a rule: its text, its chain, its line."""
    text = " ".join(step.rule.text.split())
    text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    way = f", by {entry}" if entry else ""
    line = f", line {step.rule.line}" if step.rule.line else ""
    return f"`{text}` ({step.table} {step.chain}{line}{way})"


def rules(found: Entrants, some: Ranges) -> tuple[str, ...]:
    """Return the rules that let some sources in; policies only where no rule did."""
    for own in (True, False):
        texts: dict[str, None] = {}
        for entry, one in reversed(found.by):
            if len(texts) == _SHOWN:
                break
            if bool(one.rule.matches) == own and one.sources & some:
                texts[rule(one, entry)] = None
        if texts:
            return tuple(texts)
    return ("no rule looks at such packets",)


def excess(
    facts: Facts,
    host: str,
    found: Entrants,
    allowed: Ranges,
    *,
    own: Ranges,
    family: Family,
) -> Excess:
    """Return who gets in beyond the allowed; a few who may be peers are in doubt.

    `own` are the host's addresses, from which nobody else comes.
    """
    all_comers = comers(own, family)
    sure = (found.accepted & all_comers) - allowed
    possible = (found.unknown & all_comers) - allowed
    if sure:
        place = where(sure, all_comers, family)
        why = unresolved(facts, host, sure)
        if why:
            return Excess(family, doubt=f"it is reached {place}, perhaps peers: {why}")
        return Excess(family, sure, place, rules(found, sure))
    if possible:
        place = where(possible, all_comers, family)
        doubts = "; ".join(found.doubts[:_SHOWN]) or "the rules end in two ways"
        doubt = f"whether it is reached {place} is not known: {doubts}"
        return Excess(family, doubt=doubt)
    return Excess(family)


def told(found: Iterable[Excess]) -> str:
    """Return from where and by which rules, families that are alike as one."""
    alike: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for one in found:
        names = alike.setdefault((one.where, one.by), [])
        if _NAMES[one.family] not in names:
            names.append(_NAMES[one.family])
    return "; ".join(
        f"{place} over {' and '.join(names)}: {', '.join(by)}"
        for (place, by), names in alike.items()
    )
