"""The package manager has looked for updates within the last week."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.updates import UPDATES

_DAY = 86_400
_MOST = 7


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    found = facts.read(UPDATES, host)
    if not found.lists:
        reason = "the package manager keeps no list here"
        yield unknown(Layer.RUNNING, host, reason)
        return
    days = (facts.now.timestamp() - found.lists) / _DAY
    text = f"package lists are {max(days, 0):.0f} days old"
    if days <= _MOST:
        yield sound(Layer.RUNNING, host, source="updates", seen=text)
    else:
        yield deviates(
            Layer.RUNNING,
            host,
            text,
            f"at most {_MOST} days",
            no_cure="Run `apt update` or `dnf makecache`, and enable its daily timer.",
            source="updates",
        )


CONTROL = Control(
    id="os-package-lists-fresh",
    title="The package manager looked for updates within the last week",
    why="A server that never asks hears of no fix; old lists make it look up to date.",
    impact="None: reading the lists changes no package.",
    severity=Severity.MEDIUM,
    tips=("T01",),
    check=on_hosts(Layer.RUNNING, (UPDATES,), _look),
    refs=(),
    examples=(
        passes(raw={"updates": "manager apt\nlists 1795250000\n"}),
        fails(raw={"updates": "manager apt\nlists 1790000000\n"}),
        unsure(raw={"updates": "manager dnf\nlists 0\n"}),
    ),
)
