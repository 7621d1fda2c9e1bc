"""The control on baselines says where one lies, and takes it for no proof."""

from tests.examples import facts_of
from zmward.control import unsure
from zmward.controls.integrity.installation_has_baseline import CONTROL
from zmward.deviation import State
from zmward.sources.integrity_check import INTEGRITY_CHECK
from zmward.sources.modes import FILE_MODES

HISTORY = "/var/lib/zmward/integrity/history"
LIES = (
    f"755 root root 4096 1 directory|/\n600 root root 1134 1 regular file|{HISTORY}\n"
)


def reason(modes: str) -> str:
    example = unsure(absent=(INTEGRITY_CHECK.name,), raw={FILE_MODES.name: modes})
    (one,) = CONTROL.check.judge(facts_of(example))
    assert one.state is State.UNKNOWN
    return one.reason


def test_a_baseline_is_named_and_proves_nothing() -> None:
    assert "a baseline lies there" in reason(LIES)
    assert "zmward integrity check" in reason(LIES)


def test_where_there_is_none_the_verb_that_makes_one_is_named() -> None:
    assert "zmward integrity baseline" in reason(LIES.partition("600")[0])
