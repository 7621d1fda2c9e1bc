"""Whether a load of rules of ours would keep somebody out who works on the host."""

import ipaddress
from collections.abc import Iterable, Mapping

from zmward.change import Change
from zmward.doors.host import Door
from zmward.doors.packet_filter import banned_now
from zmward.engine.operator import logins
from zmward.errors import Fault, Refused
from zmward.firewall.let_in import shut_out
from zmward.firewall.own_rules import banned_in
from zmward.ruleset import LoadRuleset, Rules

_SHOWN = 3


def _bounds(word: str) -> tuple[int, int, int]:
    """Return the IP version, the first and the last address of a ban."""
    try:
        if "-" in word:
            first, last = map(ipaddress.ip_address, word.split("-"))
            return first.version, int(first), int(last)
        net = ipaddress.ip_network(word, strict=False)
    except ValueError as error:
        raise Fault("unreadable", f"a ban is no address: {error}", "bans") from error
    return net.version, int(net[0]), int(net[-1])


def holding(banned: Iterable[str], address: str) -> str:
    """Return the ban that holds an address; empty where none does."""
    found = ipaddress.ip_address(address)
    for word in banned:
        version, first, last = _bounds(word)
        if version == found.version and first <= int(found) <= last:
            return word
    return ""


def _require_a_place(name: str, banned: tuple[str, ...]) -> None:
    """Refuse to give up bans of ours for ufw, which has no sets."""
    if banned:
        some = ", ".join(banned[:_SHOWN])
        raise Refused(
            f"{len(banned)} bans in zmward's own rules on {name} would end, since ufw "
            f"has no sets for them: {some}. Ban with `ufw insert 1 deny from ADDRESS` "
            "what shall stay so, empty the old sets, then try again. Nothing was "
            "changed."
        )


def _require_let_in(
    name: str, rules: Rules, people: Mapping[str, tuple[int, ...]]
) -> None:
    """Refuse rules that do not let in, surely, who works on the host by SSH."""
    for address, ports in people.items():
        reason = shut_out(rules, address, ports)
        if reason:
            raise Refused(
                f"{address} works on {name} by SSH and would be shut out: {reason}. "
                "Make a plan that lets that address in (`zmward firewall try`), or "
                "come from one that is let in. Nothing was changed."
            )


def nobody_shut_out(door: Door, changes: Iterable[Change]) -> None:
    """Refuse a load that would not let in again who is logged in to the host."""
    wanted = [c.after for c in changes if isinstance(c, LoadRuleset) and c.after]
    people = logins(door) if wanted else {}
    for rules in wanted:
        # A hundred thousand bans are listed in seconds.
        asked = people or rules.backend == "ufw"
        banned = banned_now(door) if asked else ()
        if rules.backend == "ufw":
            _require_a_place(door.name, banned)
        every = (*banned, *banned_in(rules))
        for address in people if every else ():
            word = holding(every, address)
            if word:
                raise Refused(
                    f"{address} works on {door.name} and is banned ({word}): a new "
                    "login would not be let in. End that ban, then try again. "
                    "Nothing was changed."
                )
        _require_let_in(door.name, rules, people)
