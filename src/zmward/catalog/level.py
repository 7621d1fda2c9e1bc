"""Zimbra's release and patch level, out of the ways in which versions are written."""

import re

# A number that is too long for a release or a patch is none, not its first digits.
_NUMBERS = re.compile(r"(?:\d+:)?(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?!\d)", re.ASCII)
_PATCH = re.compile(r"[._-][pP](\d{1,4})(?:\.(\d{1,4}))?(?![a-z\d]|\.\d)")
_UNFINISHED = re.compile(
    r"beta|snapshot|alpha|(?<![a-z])(rc|dev|git)(?![a-z])", re.IGNORECASE
)
_WITH_PATCHES = ((8, 8, 15), (9, 0, 0), (8, 7, 11))

Level = tuple[int, ...]


def level(version: str) -> Level | None:
    """Return `10.1.21.178…-1` as (10, 1, 21) and `8.8.15_P45` as (8, 8, 15, 45, 0).

    None where the text holds no version, or that of an unfinished build.
    From 10.0 on the third number is the patch.
    """
    match = _NUMBERS.match(version)
    if match is None or _UNFINISHED.search(version):
        return None
    numbers = tuple(int(part) for part in match.groups())
    patch = _PATCH.search(version, match.end())
    if numbers in _WITH_PATCHES and not patch and "GA" not in version:
        return None  # a patch package that does not say its number
    if numbers in _WITH_PATCHES or patch:
        parts = (int(patch[1]), int(patch[2] or 0)) if patch else (0, 0)
        return numbers + parts
    return numbers


def text(found: Level) -> str:
    """Return a level as people write it."""
    name = ".".join(str(part) for part in found[:3])
    if len(found) == 3:  # noqa: PLR2004  # no patch number behind the release
        return name
    return f"{name} patch {found[3]}" + (f".{found[4]}" if found[4] else "")


def branch(found: Level) -> str:
    """Return the branch, such as `10.1`."""
    return f"{found[0]}.{found[1]}"


def fixed(found: Level, fixes: tuple[Level, ...]) -> bool | None:
    """Say whether a level holds a fix that came out once per branch.

    A branch newer than all of them holds it; None for an older branch without one.
    """
    for fix in fixes:
        if found[:2] == fix[:2]:
            return found >= fix
    return True if found[:2] > max(fixes)[:2] else None
