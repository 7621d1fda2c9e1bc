"""The control on baselines says where one lies, and takes it for no proof."""

from tests.examples import facts_of
from zmward.controls.integrity.installation_has_baseline import CONTROL
from zmward.deviation import State


def test_a_baseline_is_named_and_proves_nothing() -> None:
    without, with_one = CONTROL.examples[2:4]
    (nothing,) = CONTROL.check.judge(facts_of(without))
    (lies,) = CONTROL.check.judge(facts_of(with_one))
    assert nothing.state is lies.state is State.UNKNOWN
    assert "zmward integrity baseline" in nothing.reason
    assert lies.reason.startswith("a baseline lies on ")
    assert "zmward integrity check" in lies.reason
