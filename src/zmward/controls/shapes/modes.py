"""The repair of a mode: bits are taken away from a path, its owners stay."""

from collections.abc import Mapping

from zmward.catalog.actions import MODES
from zmward.change import Mode, SetMode
from zmward.sources.source import Status

HOME = "/opt/zimbra"
_KINDS = ("regular file", "regular empty file", "directory")
_ALL = 0o7777


KEY_GROUPS = ("zimbra", "root", "postfix")


def forbidden_to_keys(group: str) -> int:
    """Return the bits that a private key must not have, by the group it belongs to."""
    return 0o027 if group in KEY_GROUPS else 0o077


def without(
    found: Mapping[str, Status], host: str, path: str, forbidden: int
) -> SetMode | None:
    """Return the change that takes bits away; None where a link could be followed.

    Owners are never changed: whoever owns a file may have put anything into it.
    """
    status = found.get(path)
    home = found.get(HOME)
    linked = home is not None and home.kind == "symbolic link"
    if status is None or status.kind not in _KINDS or linked:
        return None
    if not MODES.fullmatch(path):
        return None
    before = Mode(status.mode, status.owner, status.group)
    after = Mode(status.mode & (_ALL ^ forbidden), status.owner, status.group)
    return None if after == before else SetMode(host, path, before, after)
