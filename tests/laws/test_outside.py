"""The laws that every look from outside obeys."""

from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from zmward.control import Control, Status
from zmward.controls.registry import controls
from zmward.deviation import Judgement, Layer, State
from zmward.engine.audit import audit
from zmward.outlook import Outlook, Sight
from zmward.outside import evidence_of
from zmward.profile import Profile
from zmward.scan.seen import Seen, decode, encode

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LOOKS = tuple(control for control in controls().values() if control.outside)
SIGHTS = [
    pytest.param(control, sight, id=f"{control.id}-{number}-{sight.state}")
    for control in LOOKS
    if control.outside
    for number, sight in enumerate(control.outside.examples)
]
_ORDER = (State.BAD, State.UNKNOWN, State.OK, State.NA)


def worst(judgements: Iterable[Judgement]) -> State | None:
    found = {judgement.state for judgement in judgements}
    return next((state for state in _ORDER if state in found), None)


def looked(control: Control, seen: Seen, profile: Profile) -> tuple[Judgement, ...]:
    assert control.outside
    return tuple(control.outside.look(seen, Outlook(profile, NOW, seen.host)))


@pytest.mark.parametrize(("control", "sight"), SIGHTS)
def test_sights_are_judged_as_they_say(control: Control, sight: Sight) -> None:
    found = looked(control, sight.seen, sight.profile)
    assert worst(found) == sight.state, found
    assert all(judgement.layer is Layer.RUNNING for judgement in found)


@pytest.mark.parametrize("control", LOOKS, ids=lambda c: c.id)
class TestEveryLook:
    def test_it_can_come_to_good_and_to_bad(self, control: Control) -> None:
        assert control.outside
        states = {sight.state for sight in control.outside.examples}
        assert {"ok", "bad"} <= states

    def test_who_saw_nothing_says_nothing_good(self, control: Control) -> None:
        nothing = Seen("mail.example.test", NOW.isoformat(), "0")
        found = worst(looked(control, nothing, Profile()))
        assert found in (State.UNKNOWN, State.NA)

    def test_a_report_of_it_says_the_same(self, control: Control) -> None:
        assert control.outside
        for sight in control.outside.examples:
            if sight.state == "bad":
                evidence = evidence_of((sight.seen,), "0")
                report = audit(evidence, (control,), sight.profile, inside=False)
                assert report.findings[0].status is Status.FAIL
                assert decode(encode(sight.seen)) == sight.seen
