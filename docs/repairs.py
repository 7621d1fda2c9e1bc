"""What each control's examples say of its repair: commands, and what is by hand."""

import shlex
from collections.abc import Iterator

import msgspec
from tests.examples import facts_of

from zmward.change import Change, SetAttr, SetLocalConfig, WriteFile
from zmward.control import Control, Status
from zmward.controls.registry import controls
from zmward.deviation import Deviation
from zmward.finding import judge

_MOST = 4
# What a cure brings with it, and what an example leaves out.
_OF_THE_CURE = ("It follows from ", "What stands there before is not known")


def deviations(control: Control) -> Iterator[Deviation]:
    """Yield what the failing examples of a control come to."""
    for example in control.examples:
        if example.status is Status.FAIL:
            yield from judge(control, facts_of(example)).deviations


def _added(cure: WriteFile) -> Iterator[str]:
    """Yield the lines that a file gets, as commands; its own comments are left out."""
    old = cure.before.text.splitlines() if cure.before else []
    for line in cure.after.text.splitlines() if cure.after else []:
        if line not in old and not line.startswith(("#", "//")):
            yield f"echo {shlex.quote(line)} >>{cure.path}"


def _commands(cure: Change) -> Iterator[str]:
    if isinstance(cure, WriteFile) and "zmward" in cure.path:
        yield from _added(cure)
        return
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
        if d.no_cure and not (cured and d.no_cure.startswith(_OF_THE_CURE))
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
