"""A shape for tips that cost a function: a site that wants it is not nagged."""

from collections.abc import Iterator

from msgspec.structs import replace

from zmward.control import Check
from zmward.deviation import Judgement, Layer, not_concerned
from zmward.facts import Facts


def unless_wanted(service: str, check: Check) -> Check:
    """Judge only where the profile does not name the service as wanted."""

    def judge(facts: Facts) -> Iterator[Judgement]:
        if getattr(facts.profile.services, service) == "wanted":
            reason = f"the profile names {service} as wanted"
            yield not_concerned(Layer.DECLARED, "directory", reason)
        else:
            yield from check.judge(facts)

    return replace(check, judge=judge)
