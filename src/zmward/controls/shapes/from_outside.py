"""The shape of what only a look from outside can tell."""

from collections.abc import Iterator

from zmward.control import Check
from zmward.deviation import Judgement, Layer, unknown
from zmward.facts import Facts


def _judge(facts: Facts) -> Iterator[Judgement]:
    for host in facts.evidence.hosts:
        reason = "nothing on the host tells: `zmward scan` looks from outside"
        yield unknown(Layer.RUNNING, host, reason)


def only_from_outside() -> Check:
    """Judge nothing on the host: the control's `outside` is its whole judgement."""
    return Check(needs=(), judge=_judge, layers=("running",))
