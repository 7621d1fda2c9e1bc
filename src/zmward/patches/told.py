"""What zmcontrol says of a node, held against its packages and its diary.

It shows one level, and shows the highest, so it proves no component. Where it names a
level that nothing else knows, something is wrong, and what looks closed is in doubt.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from zmward.catalog.conditions import EDITIONS
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.i18n import Said, fill, mark
from zmward.patches.version import Unknown, Version, of_package
from zmward.sources.directory import SERVERS
from zmward.sources.zmcontrol import ZMCONTROL, Release

_PATCH_IS_THIRD = 10
_NOT_KNOWN = Said(mark("which edition it is is not known"))


def release(facts: Facts, node: str) -> Release | None:
    """Return what a node's zmcontrol says; None where it did not answer."""
    try:
        return facts.read(ZMCONTROL, node)
    except Unseen:
        return None


def level(said: Release) -> Version | None:
    """Return the level that it shows; None where it is no version that is known."""
    found = of_package(said.patch or said.package)
    if isinstance(found, Unknown):
        return None
    if found.major >= _PATCH_IS_THIRD:
        return replace(found, patch=0, update=0)
    return found


def _same(said: Version, seen: Version) -> bool:
    """Say whether it may show a level so; it may leave out a patch's update."""
    if said.numbers == seen.numbers:
        third = said.major >= _PATCH_IS_THIRD
        shown = said.patch == seen.patch and said.update in (0, seen.update)
        return third or shown
    # Current ones write the patch in place of the third number.
    third = bool(seen.patch) and not said.patch and said.micro == seen.patch
    return third and (said.major, said.minor) == (seen.major, seen.minor)


def contradicted(said: Release | None, texts: Iterable[str]) -> Version | None:
    """Return the level that it shows where no version of packages and diary is so.

    Without a version to compare with it contradicts nothing.
    """
    shown = level(said) if said else None
    known = {one for text in texts if isinstance(one := of_package(text), Version)}
    if shown is None or not known or any(_same(shown, seen) for seen in known):
        return None
    return shown


def _in_directory(facts: Facts, node: str) -> str:
    """Return the edition that the directory names; empty where it names none."""
    found = [one for one in facts.read(SERVERS) if one.name == node]
    return found[0].one("zimbraServerVersionType") if found else ""


def _in_zmcontrol(facts: Facts, node: str) -> str:
    said = release(facts, node)
    return said.edition if said else ""


def edition(facts: Facts, node: str) -> tuple[str, Said | None]:
    """Return the edition, empty where it is not known, and why it is in doubt."""
    try:
        stored = _in_directory(facts, node)
    except Unseen:
        stored = ""
    shown = _in_zmcontrol(facts, node)
    if stored and shown and stored != shown:
        form = mark("the directory says {stored} edition, zmcontrol says {shown}")
        return "", fill(form, stored=stored, shown=shown)
    return stored or shown, None


def has_edition(name: str, facts: Facts, node: str) -> tuple[bool | None, Said]:
    """Say whether a node has an edition, None where it is not known, and what was seen.

    Only the directory can say that it has not: zmcontrol brings doubt, and never
    clears a node. Raises Unseen where neither answers.
    """
    shown = _in_zmcontrol(facts, node)
    try:
        stored = _in_directory(facts, node)
    except Unseen:
        if not shown:
            raise
        stored = ""
    if not stored or stored not in EDITIONS:
        holds = True if not stored and shown == name else None
        says = fill(mark("zmcontrol says {shown} edition"), shown=shown)
        return holds, says if shown else _NOT_KNOWN
    _, doubt = edition(facts, node)
    if doubt is not None:
        return (True if stored == name else None), doubt
    return stored == name, fill(mark("it is the {stored} edition"), stored=stored)
