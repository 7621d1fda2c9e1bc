"""What a cure on a host begins with: the file, unit or package as it is now.

Each function returns the change, or raises Uncurable with what a person has to do.
"""

from collections.abc import Callable
from typing import TypedDict

from zmward.change import Change, FileText, InstallPackage, SetUnit, UnitState
from zmward.evidence import Missing, Unseen
from zmward.facts import Facts
from zmward.sources.own_files import OWN_FILES
from zmward.sources.packages import PACKAGES
from zmward.sources.units import UNITS, Unit

_ACTIVE = ("active", "reloading", "activating")
# A unit without [Install], or one that another unit brings along.
_NOT_TO_ENABLE = ("static", "indirect", "generated", "alias")


class Uncurable(Exception):  # it is the answer to "can software repair it?"
    """Software cannot repair this; the text says what a person has to do."""


class Words(TypedDict, total=False):
    """The words of `deviates` that tell the cure, or why there is none."""

    cure: Change
    no_cure: str


def repair(build: Callable[[], Change]) -> Words:
    """Return the cure that is built, or the reason for none."""
    try:
        return {"cure": build()}
    except Uncurable as reason:
        return {"no_cure": str(reason)}
    except Unseen as signal:
        missing = signal.missing.reason
        return {"no_cure": f"What stands there before is not known: {missing}"}


def standing(facts: Facts, host: str, path: str) -> FileText | None:
    """Return a file of ours as it is, None where it is known not to be there."""
    files = facts.read(OWN_FILES, host)
    if path in files.odd:
        raise Unseen(Missing(files.odd[path]))
    found = files.found.get(path)
    if found is None:
        return None
    return FileText(found.text, found.mode, found.owner, found.group)


def manager(facts: Facts, host: str) -> str:
    """Return which package manager the host has; empty where none is known."""
    packages = facts.read(PACKAGES, host)
    return next((name for name in ("apt", "dnf") if name in packages), "")


def package(facts: Facts, host: str, name: str) -> InstallPackage:
    """Return the change that installs a package that is not there."""
    if name in facts.read(PACKAGES, host):
        raise Uncurable(f"{name} is installed, but its unit is missing: reinstall it.")
    match manager(facts, host):
        case "apt":
            return InstallPackage(host, name, "apt")
        case "dnf":
            return InstallPackage(host, name, "dnf")
    raise Uncurable(f"Install {name}: which package manager is here is not known.")


def state(unit: Unit) -> UnitState:
    """Return a unit's state in the words of a change."""
    return UnitState(unit.boot == "enabled", unit.active in _ACTIVE)


def started(facts: Facts, host: str, name: str, *, new: bool = False) -> SetUnit:
    """Return the change by which a unit runs now and at boot.

    `name` is the unit's real one; `new` says that the same plan installs it.
    """
    off = UnitState(enabled=False, active=False)
    if new:
        return SetUnit(host, name, off, UnitState(enabled=True, active=True))
    unit = facts.read(UNITS, host)[name]
    if unit.boot == "masked" or unit.loaded == "masked":
        raise Uncurable(
            f"{name} is masked: somebody decided that it never starts. "
            f"`systemctl unmask {name}` takes that back."
        )
    if unit.active in ("failed", "activating", "deactivating"):
        raise Uncurable(
            f"{name} is {unit.active}: `journalctl -u {name}` says why. Mend that; "
            "a start alone does not."
        )
    before = state(unit)
    enabled = before.enabled if unit.boot in _NOT_TO_ENABLE else True
    return SetUnit(host, name, before, UnitState(enabled, active=True))


def stopped(facts: Facts, host: str, name: str) -> SetUnit:
    """Return the change by which a unit runs neither now nor at boot."""
    unit = facts.read(UNITS, host)[name]
    if unit.boot in _NOT_TO_ENABLE:
        raise Uncurable(
            f"{name} is started by another unit ({unit.boot}): "
            f"`systemctl mask --now {name}`, or remove its package."
        )
    return SetUnit(host, name, state(unit), UnitState(enabled=False, active=False))
