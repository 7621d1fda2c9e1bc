"""Our sets of bans and counted sources have room."""

import json
from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.facts import Facts
from zmward.firewall.room import FULL, Room, nearly_full, rooms
from zmward.sources.firewall import FIREWALL
from zmward.sources.source import Unreadable

_MORE = (
    "Raise `bans` in the table `firewall` of the profile, then `zmward firewall try`; "
    "or ban networks instead of single addresses."
)


def _judged(host: str, found: tuple[Room, ...]) -> Iterator[Judgement]:
    full = nearly_full(found)
    if not full:
        fullest = max(found, key=lambda room: room.used / room.size)
        seen = f"{fullest.name}: {fullest.used} of {fullest.size}"
        yield sound(Layer.RUNNING, host, source="firewall", seen=seen)
    for room in full:
        yield deviates(
            Layer.RUNNING,
            host,
            f"{room.name}: {room.used} of {room.size} elements",
            f"fewer than {FULL:.0%}",
            no_cure=_MORE,
            source="firewall",
        )


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    try:
        found = rooms(facts.read(FIREWALL, host))
    except Unreadable as error:
        yield unknown(Layer.RUNNING, host, str(error))
        return
    if found:
        yield from _judged(host, found)
    else:
        yield not_concerned(Layer.RUNNING, host, "no sets of zmward's own")


def _loaded(used: int) -> str:
    place = {"family": "inet", "table": "zmward"}
    sets = [
        {
            **place,
            "name": "bans4",
            "size": 10,
            "elem": [f"192.0.2.{n}" for n in range(used)],
        },
        {**place, "name": "admin4", "size": 1024, "elem": ["198.51.100.7"]},
        {**place, "table": "others", "name": "full", "size": 1, "elem": ["192.0.2.1"]},
    ]
    rows = [
        {"table": {"family": "inet", "name": "zmward"}},
        *({"set": s} for s in sets),
    ]
    return f"> nft\n{json.dumps({'nftables': rows})}\n"


def _saved(used: int) -> str:
    kind = "hash:net family inet hashsize 1024 maxelem"
    lines = [
        f"create zmward-bans4 {kind} 10 timeout 0",
        f"create f2b-sshd {kind} 1",
        "add f2b-sshd 192.0.2.1",
        *(f"add zmward-bans4 192.0.2.{n} timeout 0" for n in range(used)),
    ]
    return "".join(f"{line}\n" for line in lines)


CONTROL = Control(
    id="sets-have-room",
    title="The sets of zmward's own rules have room",
    why=(
        "A set that is full takes no further ban, and counts no further source: the "
        "next attacker is let in as if nobody knew him."
    ),
    impact="None.",
    severity=Severity.MEDIUM,
    tips=("T03", "T05"),
    check=on_hosts(Layer.RUNNING, (FIREWALL,), _look),
    refs=("https://wiki.nftables.org/wiki-nftables/index.php/Sets",),
    examples=(
        passes(raw={"firewall": _loaded(7)}),
        fails(raw={"firewall": _loaded(8)}),
        unconcerned(raw={"firewall": '> nft\n{"nftables": []}\n'}),
        unconcerned(raw={"firewall": "> iptables none\n"}),
        passes(raw={"firewall": f"> iptables none\n> ipset\n{_saved(7)}"}),
        fails(raw={"firewall": f"> iptables none\n> ipset\n{_saved(8)}"}),
        unsure(raw={"firewall": "> nft\nnothing\n"}),
        unsure(missing=("firewall",)),
    ),
)
