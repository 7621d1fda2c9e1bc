"""A shape for thresholds: what is wanted depends on the site's profile."""

from collections.abc import Callable, Iterator

from msgspec.structs import replace

from zmward.control import Check
from zmward.deviation import Judgement
from zmward.facts import Facts
from zmward.profile import Profile


def by_profile(make: Callable[[Profile], Check]) -> Check:
    """Judge with the check that the profile makes; an empty one tells its needs."""
    usual = make(Profile())

    def judge(facts: Facts) -> Iterator[Judgement]:
        yield from make(facts.profile).judge(facts)

    return replace(usual, judge=judge)
