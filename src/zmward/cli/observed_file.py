"""A file that `firewall observe` wrote: what it shows counts for the whitelist too."""

from pathlib import Path

import msgspec

from zmward.errors import BadFile
from zmward.firewall.observed import Observed, parse
from zmward.firewall.openings import Policy
from zmward.firewall.unsettled import unsettled
from zmward.profile import Profile
from zmward.sources.source import Unreadable

_LARGEST = 256 << 20


def read(path: str) -> Observed:
    """Read the file, or say what is wrong with it."""
    try:
        with Path(path).open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}.") from error
    if len(content) > _LARGEST:
        raise BadFile(f"{path} is larger than any observation.")
    try:
        return parse(content.decode("utf-8", "replace"))
    except Unreadable as error:
        raise BadFile(f"{path} is no observation: {error}.") from error


def with_observed(found: Policy, path: str | None, profile: Profile) -> Policy:
    """Return the policy with what an observation has against it."""
    if path is None:
        return found
    problems = (*found.problems, *unsettled(read(path), found, profile))
    return msgspec.structs.replace(found, problems=problems)
