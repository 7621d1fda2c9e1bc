"""Looks anew whether a host shows signs of compromise, and asks for nothing else."""

from collections.abc import Mapping

from zmward.control import Control
from zmward.doors.host import Door
from zmward.engine.audit import audit
from zmward.engine.collect import collect
from zmward.guards import SIGNS, signs
from zmward.profile import Profile
from zmward.sources.registry import sources

_ALWAYS = {"identity", "localconfig"}


def suspicions(
    door: Door, known: Mapping[str, Control], profile: Profile, version: str
) -> tuple[str, ...]:
    """Return the controls that show a sign of compromise on the host now."""
    chosen = tuple(known[name] for name in SIGNS)
    needed = {name for control in chosen for name in control.check.needs} | _ALWAYS
    asked = [source for source in sources().values() if source.name in needed]
    evidence = collect(door, asked, version)
    return signs(audit(evidence, chosen, profile).findings)
