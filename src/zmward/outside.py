"""What was seen from outside, laid beside what the host says of itself."""

import ipaddress
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec.structs import replace

from zmward.control import Control
from zmward.deviation import Judgement, Layer, State, unknown
from zmward.evidence import Answer, Answers, Evidence, Unseen
from zmward.facts import Facts
from zmward.outlook import Outlook, doubted
from zmward.profile import Profile
from zmward.scan.permitted import held
from zmward.scan.seen import Seen, encode
from zmward.scan.unique import unique
from zmward.sources._outside import OUTSIDE
from zmward.sources.addresses import ADDRESSES
from zmward.sources.source import Unreadable

# What was seen so long before or after the host was asked may be another state.
_FRESH: Final = timedelta(days=7)
_NOWHERE: Final = Profile()


def looked_at(facts: Facts) -> bool:
    """Say whether the evidence holds a look from outside at any host."""
    name = OUTSIDE.name
    return any(name in facts.evidence.answers[host] for host in facts.evidence.hosts)


def from_outside(control: Control, facts: Facts) -> Iterator[Judgement]:
    """Judge what was seen of each host; nothing where nobody looked."""
    if control.outside is None:
        return
    for host in facts.evidence.hosts:
        if OUTSIDE.name not in facts.evidence.answers[host]:
            continue
        try:
            looks = facts.read(OUTSIDE, host)
        except Unseen as signal:
            yield unknown(Layer.RUNNING, host, signal.missing.reason)
            continue
        outlook = _outlook(facts, host)
        for seen in looks:
            judged = doubted(control.outside.look(seen, outlook), seen, outlook)
            yield from _of_now(judged, seen, facts)


def _outlook(facts: Facts, host: str) -> Outlook:
    """Return who judges, with what every node says of its own addresses."""
    answers = facts.evidence.answers
    own = {name: _own(answers[name]) for name in facts.evidence.hosts}
    others = (found for name, found in own.items() if name != host)
    peers = frozenset().union(*others) - own[host]
    return Outlook(facts.profile, facts.now, host, own[host], peers)


def _of_now(
    found: Iterable[Judgement], seen: Seen, facts: Facts
) -> Iterator[Judgement]:
    """Yield judgements; a look of another time says nothing of what the host says."""
    own, other = map(_moment, (facts.evidence.when, seen.when))
    if abs(own - other) <= _FRESH:
        yield from found
    elif any(one.state is not State.NA for one in found):
        reason = (
            f"it was looked at on {other:%Y-%m-%d} and asked on {own:%Y-%m-%d}: "
            "scan again"
        )
        yield unknown(Layer.RUNNING, seen.host, reason)


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def not_looked_at(facts: Facts, found: Iterable[Judgement]) -> Iterator[Judgement]:
    """Yield hosts that nobody looked at, where something was found good at others."""
    if not any(one.state is State.OK for one in found):
        return
    for host in facts.evidence.hosts:
        if OUTSIDE.name not in facts.evidence.answers[host]:
            reason = "nobody looked at it from outside"
            yield unknown(Layer.RUNNING, host, reason)


def contradiction(own: Iterable[Judgement], seen: Iterable[Judgement]) -> str:
    """Say that the host believes itself sound while the outside shows otherwise."""
    own = tuple(own)
    inside = {judgement.state for judgement in own}
    places = dict.fromkeys(j.subject for j in seen if j.state is State.BAD)
    if not own or not places or State.OK not in inside or State.BAD in inside:
        return ""
    return (
        f"{', '.join(places)}: the host's own settings say that all is well, what was "
        "seen from outside says otherwise; what was seen counts"
    )


def _own(answers: Answers) -> frozenset[str]:
    answer = answers.get(ADDRESSES.name)
    if not isinstance(answer, Answer):
        return frozenset()
    try:
        return frozenset(ADDRESSES.parse(answer.text))
    except Unreadable:
        return frozenset()


def whose(evidence: Evidence, seen: Seen, site: Profile = _NOWHERE) -> str:
    """Return the host of the evidence that was looked at; empty where none is sure.

    A name counts more than an address. An inner address is one of many sites' (think
    of Docker's bridge), so it counts only where the look was asked for by it, where
    the profile says that its network is the site's, or where the short name agrees.
    """
    name = seen.host.lower().rstrip(".")
    for host in evidence.hosts:
        if host.lower() == name:
            return host
    own = {host: _own(evidence.answers[host]) for host in evidence.hosts}
    there = {_telling(address) for address in seen.addresses} - {""}
    alike = (host for host in own if _short_of(name, host.lower()))
    short = [host for host in alike if own[host] & there]
    if len(short) == 1:
        return short[0]
    networks = (*site.firewall.cluster, *site.scan.hosts)
    asked = _telling(name)
    wanted = {a for a in there if unique(a) or a == asked or held(a, networks)}
    found = [host for host in own if own[host] & wanted]
    return found[0] if len(found) == 1 else ""


def _telling(address: str) -> str:
    """Return an address as hosts write it; empty where every machine has it."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    return "" if found.is_loopback or found.is_link_local else str(found)


def _short_of(one: str, other: str) -> bool:
    """Say whether one of two names is the other without its domain."""
    pair = sorted((one, other), key=len)
    return "." not in pair[0] and pair[1].partition(".")[0] == pair[0]


def with_looks(
    evidence: Evidence, looks: Iterable[Seen], site: Profile = _NOWHERE
) -> Evidence:
    """Lay what was seen beside the host that it belongs to, by name or address.

    A look that belongs to none of them for sure becomes a host of its own.
    """
    answers: dict[str, Answers] = dict(evidence.answers)
    lines: dict[str, list[str]] = {}
    for seen in looks:
        host = whose(evidence, seen, site) or seen.host
        lines.setdefault(host, []).append(encode(seen))
    for host, texts in lines.items():
        own = answers.get(host, {})
        answers[host] = {**own, OUTSIDE.name: Answer("\n".join(texts))}
    return replace(evidence, answers=answers)


def evidence_of(looks: Iterable[Seen], version: str) -> Evidence:
    """Return looks alone as evidence; its time is the newest look's."""
    looks = tuple(looks)
    when = max(seen.when for seen in looks)
    return with_looks(Evidence(when, {}, version), looks)
