"""What each control's examples say of its repair: commands, and what is by hand."""

import shlex
from collections.abc import Iterator

import msgspec
from tests.examples import facts_of

from zmward.change import Change, SetAttr, SetLocalConfig
from zmward.control import Control, Status
from zmward.controls.registry import controls
from zmward.deviation import Deviation
from zmward.finding import judge

_MOST = 4


def deviations(control: Control) -> Iterator[Deviation]:
    """Yield what the failing examples of a control come to."""
    for example in control.examples:
        if example.status is Status.FAIL:
            yield from judge(control, facts_of(example)).deviations


def _commands(cure: Change) -> Iterator[str]:
    # Attributes and keys are told by the control itself, for all objects at once.
    if not isinstance(cure, SetAttr | SetLocalConfig):
        yield from (shlex.join(argv) for argv in cure.commands())


def repair(control: Control) -> dict[str, list[str]]:
    """Return what the failing examples of a control come to."""
    found = tuple(deviations(control))
    cured = any(deviation.cure for deviation in found)
    commands = [line for d in found if d.cure for line in _commands(d.cure)]
    reasons = [
        d.no_cure
        for d in found
        if d.no_cure and not (cured and d.no_cure.startswith("It follows from "))
    ]
    return {
        "commands": list(dict.fromkeys(commands))[:_MOST],
        "restarts": sorted({s for d in found if d.cure for s in d.cure.restarts()}),
        "by_hand": list(dict.fromkeys(reasons))[:_MOST],
    }


def catalogue() -> str:
    """Return the file of zmward's catalog that `zmward explain` reads."""
    rows = {name: repair(control) for name, control in sorted(controls().items())}
    kept = {name: row for name, row in rows.items() if any(row.values())}
    return msgspec.json.format(msgspec.json.encode(kept)).decode() + "\n"
