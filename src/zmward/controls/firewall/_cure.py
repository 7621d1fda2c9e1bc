"""The one repair of all findings about the packet filter."""

from typing import Final, TypedDict

from zmward.change import Change
from zmward.facts import Facts

CURES: Final = False


class Repair(TypedDict, total=False):
    """The arguments of `deviates` that say how a finding is repaired."""

    cure: Change | None
    no_cure: str


def repair(facts: Facts, host: str) -> Repair:
    """Return the change that loads a node's policy, or why there is none."""
    del facts, host
    return {
        "no_cure": "`zmward firewall try` loads the whitelist with a dead man's "
        "switch: it takes the rules back unless you confirm over a new connection."
    }
