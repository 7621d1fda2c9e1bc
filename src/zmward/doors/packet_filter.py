"""Our own rules in a host's packet filter: read, tried in scratch, loaded."""

import ipaddress
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from zmward.doors.files import must
from zmward.doors.host import Done, Door
from zmward.errors import Fault, Refused
from zmward.firewall.own_rules import (
    Listing,
    comes_to,
    essence,
    frames,
    loadable,
    marked,
)
from zmward.ruleset import Backend, Rules
from zmward.sources.established import parse as parse_established

_SECONDS = 120
_MOST_ENDS = 65_000
_PROGRAMS: dict[Backend, str] = {
    "nftables": "nft",
    "iptables": "iptables-restore",
    "ufw": "ufw",
}
_WHERE = "packet filter"
# A network of its own, which ends with the program.
_SCRATCH = ("unshare", "--net", "--")
_SCRATCH_FILES = ("unshare", "--net", "--mount", "--")


def _own(name: str) -> str:
    return (files("zmward.doors") / name).read_text("utf-8")


def bans_program() -> str:
    """Return the functions by which who is banned stays so, for scripts that load."""
    return _own("bans.sh")


@cache
def program() -> str:
    """Return the script that does it, which the rollback's script carries too."""
    text = _own("rules.sh").replace("@UFW@\n", _own("ufw_rules.sh"))
    return text.replace("@BANS@\n", bans_program())


def run_rules(
    door: Door, *words: str, given: str = "", within: tuple[str, ...] = ()
) -> Done:
    """Run one verb of the script."""
    argv = (*within, "sh", "-c", program(), "zmward", *words)
    return door.run(argv, given=given.encode(), seconds=_SECONDS)


def has(door: Door, backend: Backend) -> bool:
    """Say whether a back end's program is installed."""
    argv = ("sh", "-c", 'command -v -- "$1"', "zmward", _PROGRAMS[backend])
    return not door.run(argv).code


def listed(door: Door, backend: Backend) -> Listing | None:
    """Return our rules of one back end as they are loaded now."""
    if not has(door, backend):
        return None
    done = must(run_rules(door, "list", backend), "list", _WHERE)
    return Listing.read(backend, done.out.decode("utf-8", "replace"))


def _now(door: Door) -> Listing | None:
    for backend in _PROGRAMS:
        found = listed(door, backend)
        if found is not None:
            return found
    return None


def _loaded(door: Door) -> Backend | None:
    """Return the back end that has rules of ours loaded now; none where none has."""
    for backend in _PROGRAMS:
        if has(door, backend):
            done = run_rules(door, "stands", backend)
            if done.code > 1:
                raise Fault("list", f"are rules loaded? {done.said}", _WHERE)
            if not done.code:
                return backend
    return None


def banned_now(door: Door) -> tuple[str, ...]:
    """Return the addresses and networks that our loaded rules ban."""
    done = must(run_rules(door, "banned"), "list", "bans")
    rows = (row.split() for row in done.out.decode("utf-8", "replace").splitlines())
    return tuple(row[1] for row in rows if len(row) > 1)


def read_rules(door: Door) -> Rules | None:
    """Return our rules as they are loaded now, whichever back end has them."""
    found = _now(door)
    return None if found is None else loadable(found)


def tried(door: Door, rules: Rules) -> str:
    """Return what rules come to, loaded in scratch; refuse what cannot be loaded."""
    return _in_scratch(door, rules, "try", _SCRATCH)


def proven(door: Door, rules: Rules) -> None:
    """Refuse rules that this host cannot load, or that it would not load at boot."""
    if rules.backend == "ufw":
        _in_scratch(door, rules, "prove", _SCRATCH_FILES)
        return
    tried(door, rules)
    if rules.minimum:
        tried(door, Rules(rules.backend, rules.minimum))


def tried_as(door: Door, rules: Rules, run: str) -> None:
    """Refuse rules of which nobody could say afterwards that a run has loaded them."""
    given = frames(rules.backend, marked(rules, run).texts)
    words = ("marks", rules.backend, run)
    done = run_rules(door, *words, given=given, within=_SCRATCH)
    if done.code:
        raise Refused(
            f"{door.name} would not know these rules again: {done.said}. They were "
            "tried in a network of their own; nothing was changed."
        )


def _in_scratch(door: Door, rules: Rules, verb: str, within: tuple[str, ...]) -> str:
    given = frames(rules.backend, rules.texts)
    done = run_rules(door, verb, rules.backend, given=given, within=within)
    found = None
    if not done.code:
        found = Listing.read(rules.backend, done.out.decode("utf-8", "replace"))
    if found is None:
        raise Refused(
            f"{door.name} cannot load these rules ({rules.backend}): {done.said}. "
            "They were tried in a network of their own; nothing was changed."
        )
    return essence(found)


def standing_rules(door: Door, *known: Rules | None) -> Rules | None:
    """Return the rules loaded now, as one of some known ones where they are these."""
    now = _now(door)
    if now is None:
        return None
    own = essence(now)
    for rules in known:
        if rules and rules.backend == now.backend and comes_to(own, tried(door, rules)):
            return rules
    return loadable(now)


def _ends(door: Door) -> Iterator[tuple[str, int]]:
    """Yield the far ends of TCP connections that are open, but the host's own."""
    done = must(door.run(("ss", "-Htn")), "ss", _WHERE)
    found = parse_established(done.out.decode("utf-8", "replace"))
    for one in found[:_MOST_ENDS]:
        if not ipaddress.ip_address(one.peer).is_loopback:
            yield one.peer, one.peer_port


def load_rules(door: Door, rules: Rules, run: str, folder: str) -> None:
    """Load rules in the place of ours; the script has bans go on, and ends do too.

    `folder` is the run's: nothing is loaded there once its switch has fired.

    The first rules of ours may be the first for which the kernel tracks connections:
    those that are open carry no SYN, and would be taken for nothing.
    """
    now = _loaded(door)
    ends = () if now else tuple(_ends(door))
    wanted = marked(rules, run, ends)
    given = frames(wanted.backend, wanted.texts)
    words = ("load", wanted.backend, folder)
    must(run_rules(door, *words, given=given), "load", _WHERE)
    if now is not None and now != rules.backend:
        # The switch may have brought the old ones back meanwhile.
        words = ("leave", now, folder)
        must(run_rules(door, *words), "unload", _WHERE)


def _put(door: Door, rules: Rules) -> None:
    given = frames(rules.backend, rules.texts)
    must(run_rules(door, "put", rules.backend, given=given), "load", _WHERE)


def _put_back(door: Door, rules: Rules) -> None:
    """Load earlier rules, be it without the bans: they say who can log in at all."""
    try:
        _put(door, rules)
    except Fault:
        given = frames(rules.backend, rules.texts)
        words = ("put", rules.backend, "without-bans")
        must(run_rules(door, *words, given=given), "load", _WHERE)


def restore_rules(door: Door, wanted: Rules | None, ours: Rules | None) -> None:
    """Put earlier rules in the place of those that a run has loaded."""
    if wanted is not None:
        _put_back(door, wanted)
    if ours is not None and (wanted is None or wanted.backend != ours.backend):
        must(run_rules(door, "take", ours.backend), "unload", _WHERE)


def loaded_by(door: Door, rules: Rules, run: str) -> bool:
    """Say whether the rules loaded now are those of a run; a Fault in doubt."""
    done = run_rules(door, "mine", rules.backend, run)
    if done.code > 1:
        raise Fault("mine", f"whose rules are loaded is not seen: {done.said}", _WHERE)
    return not done.code
