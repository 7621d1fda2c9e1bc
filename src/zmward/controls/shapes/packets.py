"""A shape for packet filters: is anything at all dropped, family by family."""

from collections.abc import Callable, Iterator

from zmward.control import Check
from zmward.controls.shapes.basic import Sources, on_hosts
from zmward.controls.shapes.exposure import FILTERLESS, open_to_all
from zmward.deviation import Judgement, Layer, deviates, not_concerned, unknown
from zmward.facts import Facts
from zmward.sources.firewall import FIREWALL, Family

NO_CURE = (
    "Load rules that deny by default and let SSH in first: `zmward firewall` will "
    "write and try them with a dead man's switch."
)
# Why a family is not in use on a host; an empty text where it is.
Unused = Callable[[Facts, str], str]


def filtered(family: Family, unused: Unused, needs: Sources = ()) -> Check:
    """Judge whether packets of a family are filtered on every node."""

    def one(facts: Facts, host: str) -> Iterator[Judgement]:
        reason = unused(facts, host)
        if reason:
            yield not_concerned(Layer.RUNNING, host, reason)
            return
        found = facts.read(FIREWALL, host)
        state = open_to_all(found, family)
        loaded = ", ".join(
            f"{one.place}: policy {'/'.join(one.policies) or 'none'}, {one.rules} rules"
            for one in found.of(family)
        )
        if state:
            yield deviates(
                Layer.RUNNING,
                host,
                f"{FILTERLESS} ({loaded or 'no rule set'})",
                "deny by default",
                no_cure=NO_CURE,
                source="firewall",
            )
        elif state is None:
            reason = f"not asked: {', '.join(found.unasked)}"
            yield unknown(Layer.RUNNING, host, reason)
        else:
            reason = f"{loaded}: whom it lets in is for `zmward firewall` to say"
            yield unknown(Layer.RUNNING, host, reason)

    return on_hosts(Layer.RUNNING, (FIREWALL, *needs), one)
