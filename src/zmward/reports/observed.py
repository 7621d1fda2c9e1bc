"""An observation as text: what is undecided comes first, with the lines that decide."""

import textwrap
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from zmward.firewall.observed import Between, Observed, Wanted
from zmward.reports.plain import plain

_MOST: Final = 10
Open = Callable[[Wanted], tuple[str, ...]]


def _number(count: int, one: str, many: str = "") -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"


def _head(wanted: Wanted) -> str:
    said = [wanted.name] if wanted.name not in ("", wanted.protocol) else []
    if wanted.program:
        said.append(f"{wanted.program} listens")
    named = f" ({'; '.join(said)})" if said else ""
    packets = _number(wanted.packets, "first packet")
    callers = _number(len(wanted.callers), "address", "addresses")
    return f"{wanted.thing}{named}: {packets} from {callers}"


def _callers(wanted: Wanted, chosen: Iterable[str]) -> Iterator[str]:
    kept = set(chosen)
    callers = [one for one in wanted.callers if one.source in kept]
    for one in callers[:_MOST]:
        node = f"  {one.peer}" if one.peer else ""
        yield f"    {one.packets:>8}  {one.source}{node}"
    if len(callers) > _MOST:
        yield f"              and {len(callers) - _MOST} more addresses"


def _undecided(wanted: Wanted, chosen: tuple[str, ...]) -> Iterator[str]:
    yield f"  {_head(wanted)}"
    if wanted.about:
        yield f"    {wanted.about}"
    yield from _callers(wanted, chosen)
    if wanted.allow:
        yield from textwrap.indent(wanted.allow, "      ").splitlines()
        yield "    or"
        yield from textwrap.indent(wanted.refuse, "      ").splitlines()
    yield ""


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    kept = tuple(lines)
    if kept:
        yield title
        yield from kept
        if kept[-1]:
            yield ""


def _short(found: Iterable[Wanted]) -> Iterator[str]:
    kept = tuple(found)
    yield from (f"  {_head(wanted)}" for wanted in kept[:_MOST])
    if len(kept) > _MOST:
        packets = sum(one.packets for one in kept[_MOST:])
        more = _number(len(kept) - _MOST, "more port")
        yield f"  and {more}: {_number(packets, 'first packet')}"


def _connection(one: Between, *, lost: bool) -> str:
    name = "; ".join(word for word in (one.name, one.program) if word)
    place = f"{one.source} port {one.source_port}, here {one.port}"
    seen = _number(one.packets, "packet") + " seen"
    end = "; it would not be let in again" if lost else ""
    return f"  {place}{f' ({name})' if name else ''}: {seen}{end}"


def _connections(found: tuple[Between, ...], is_open: Open) -> Iterator[str]:
    # Those that would be lost are what counts.
    judged = [(one, one.inbound and bool(is_open(one.wanted()))) for one in found]
    kept = sorted(judged, key=lambda pair: not pair[1])
    yield from (_connection(one, lost=lost) for one, lost in kept[:_MOST])
    if len(kept) > _MOST:
        yield f"  and {len(kept) - _MOST} more"


def _doubts(found: Observed) -> Iterator[str]:
    for kind, packets in found.uncounted.items():
        yield f"  {_number(packets, 'packet')} found no room in the set {kind}."
    if found.untracked:
        said = _number(found.untracked, "packet")
        yield f"  {said} exempt from connection tracking (notrack)."
    if found.invalid:
        yield f"  {_number(found.invalid, 'packet')} that belong to nothing."
    if found.strays:
        packets = sum(one.packets for one in found.strays)
        callers = len({one.source for one in found.strays})
        yield (
            f"  {_number(packets, 'TCP packet')} of no connection that was seen, from "
            f"{_number(callers, 'address', 'addresses')}."
        )


def _lines(found: Observed, is_open: Open) -> Iterator[str]:
    yield f"{found.host} was observed for {found.seconds} s; nothing was dropped."
    if found.ended != "time":
        yield f"It was to be {found.asked} s: {found.ended}."
    yield f"The policy would drop {_number(found.packets, 'first packet')}."
    yield ""
    chosen = [(one, is_open(one)) for one in found.wanted]
    refused = [one for one in chosen if one[0].reason == "not-allowed"]
    asked = [(one, callers) for one, callers in refused if callers]
    rest = [one for one, callers in refused if not callers]
    unheard = [one for one in rest if one.listening is False]
    undecided = (line for one, who in asked for line in _undecided(one, who))
    yield from _section("Neither allowed nor refused by name:", undecided)
    decided = (one for one in rest if one.listening is not False)
    yield from _section("Dropped on purpose:", _short(decided))
    title = "Nobody listens there, so nothing is lost:"
    yield from _section(title, _short(unheard))
    many = (one for one in found.wanted if one.reason == "too-many")
    yield from _section("More new connections than the limit lets in:", _short(many))
    before = _connections(found.open_before, is_open)
    yield from _section("Connections that were open already:", before)
    yield from _section("Not told apart:", _doubts(found))
    problems = (f"  {text}" for text in found.problems)
    yield from _section("What else keeps the policy from being loaded:", problems)


def text(found: Observed, is_open: Open) -> str:
    """Return the observation in words; `is_open` says who is still undecided."""
    return "\n".join(plain(line) for line in _lines(found, is_open)).rstrip() + "\n"
