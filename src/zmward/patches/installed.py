"""What is installed on a node, for each component that gets patches of its own.

zmcontrol reports the highest of these levels, which hides an old one. It computes
them from the packages and the diary, and so does this; its word is held against them.
"""

import re
from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec.structs import replace

from zmward.catalog.advisories import Component
from zmward.evidence import Answer, Missing, Unseen
from zmward.facts import Facts
from zmward.i18n import Said, as_is, fill, mark
from zmward.patches.told import contradicted, edition, release
from zmward.patches.version import Unknown, Version, of_package
from zmward.sources.directory import SERVERS
from zmward.sources.history import HISTORY, History
from zmward.sources.packages import PACKAGES, unfinished
from zmward.sources.zmcontrol import Release

# Component → its package, its patch's package, the service that marks it.
PARTS: Final[dict[Component, tuple[str, str, str]]] = {
    "store": ("zimbra-store", "zimbra-patch", "mailbox"),
    "mta": ("zimbra-mta", "zimbra-mta-patch", "mta"),
    "proxy": ("zimbra-proxy", "zimbra-proxy-patch", "proxy"),
    "ldap": ("zimbra-ldap", "zimbra-ldap-patch", "ldap"),
}
_CORE: Final = "zimbra-core"
_BUILD: Final = re.compile(r"[._]GA[._](\d+)")
# The vendor's builds have had four digits in every version that was seen.
_VENDOR_DIGITS: Final = 4
VENDORS: Final = "numbered as the vendor's builds are"
_FIRST_PACKAGED: Final = (8, 8, 15)
_DIARY: Final = mark("the diary says {level}")
_NO_VERSION: Final = mark("{shown} is no version that is known")
_NO_DIARY: Final = mark(
    "its patches were no packages, and the installer's diary is not known"
)

Unfinished = dict[str, tuple[str, str]]


class At(msgspec.Struct, frozen=True):
    """The versions that a component may have: one, several in doubt, none known.

    `rival` is the level that zmcontrol shows against all that packages and diary say;
    it takes nothing away from them, and `against` says so in words.
    """

    component: Component
    versions: tuple[Version, ...]
    package: str = ""
    doubt: Said | None = None
    rival: Version | None = None
    against: Said | None = None


class Installed(msgspec.Struct, frozen=True):
    """One node: its components, its edition, where its binaries come from.

    `seen` says that the package manager answered, `doubts` what contradicts itself.
    """

    node: str
    parts: tuple[At, ...]
    seen: bool = True
    edition: str = ""
    origin: str = ""
    doubts: tuple[Said, ...] = ()

    def part(self, component: Component) -> At | None:
        """Return a component, None where the node does not have it."""
        if component == "core":
            return _joined(self.parts)
        return next((one for one in self.parts if one.component == component), None)


class _Node(msgspec.Struct, frozen=True):
    """The answers of one node, read once."""

    packages: dict[str, str]
    unfinished: Unfinished
    history: History | None


def _joined(parts: tuple[At, ...]) -> At:
    """Return all components as one: in doubt as soon as they differ."""
    if not parts or not all(one.versions for one in parts):
        doubt = next((one.doubt for one in parts if not one.versions), None)
        return At("core", (), doubt=doubt)
    versions = sorted({version for one in parts for version in one.versions})
    packages = ", ".join(dict.fromkeys(one.package for one in parts))
    differ = Said(mark("the components differ"))
    doubt = differ if len(versions) > 1 else None
    first = parts[0]
    return At("core", tuple(versions), packages, doubt, first.rival, first.against)


def half_done(facts: Facts, node: str) -> Unfinished:
    """Return the node's packages that are only half in place."""
    facts.read(PACKAGES, node)
    answer = facts.evidence.answer(node, PACKAGES.name)
    return unfinished(answer.text) if isinstance(answer, Answer) else {}


def _several(*texts: str) -> tuple[Version, ...]:
    """Return the versions of texts in their order; none where one is not known."""
    found = [of_package(text) for text in texts]
    known = {one for one in found if isinstance(one, Version)}
    return tuple(sorted(known)) if len(known) == len(set(found)) else ()


def _patched(node: _Node, component: Component, name: str) -> At:
    """Return the level of a component that has a package of patches."""
    state, version = node.unfinished.get(name, ("", ""))
    version = version or node.packages.get(name, "")
    shown = f"{name} {version}"
    diary = (
        node.history.patches.get(name.removeprefix("zimbra-"), "")
        if node.history
        else ""
    )
    if state:
        core = node.packages.get(_CORE, "")
        doubt = fill(mark("{name} is {state}"), name=name, state=state)
        return At(component, _several(core, version), shown, doubt)
    own = of_package(version)
    if isinstance(own, Unknown):
        return _unreadable(component, shown, version, diary)
    told = of_package(diary) if diary else own
    if told != own:
        doubt = fill(_DIARY, level=diary)
        return At(component, _several(version, diary), shown, doubt)
    return At(component, (own,), shown)


def _unreadable(component: Component, shown: str, version: str, diary: str) -> At:
    """Return what the diary says where a package does not say its patch."""
    told = of_package(diary) if diary else Unknown("")
    begins = ".".join(version.split(".")[:3])
    if isinstance(told, Version) and begins == ".".join(map(str, told.numbers)):
        return At(component, (told,), f"{shown}, by the diary {diary}")
    return At(component, (), shown, fill(_NO_VERSION, shown=shown))


def _as_installed(node: _Node, component: Component, name: str) -> At:
    """Return the level of a component without a package of patches."""
    core = node.packages.get(_CORE, "")
    shown = f"{_CORE} {core}" if core else ""
    found = of_package(core)
    if isinstance(found, Unknown) or _CORE in node.unfinished:
        none = fill(mark("no {package}"), package=_CORE)
        doubt = fill(_NO_VERSION, shown=shown) if core else none
        return At(component, (), shown, doubt)
    packaged = any(patch in node.packages for _, patch, _ in PARTS.values())
    if not packaged and node.history is None and found.numbers < _FIRST_PACKAGED:
        return At(component, (), shown, Said(_NO_DIARY))
    patches = node.history.patches if node.history else {}
    # Before patches were packages, one archive patched the whole node.
    kind = name.removeprefix("zimbra-") if packaged else "patch"
    diary = patches.get(kind, "")
    if not diary:
        return At(component, (found,), shown)
    told = of_package(diary)
    archived = not packaged and found.numbers < _FIRST_PACKAGED
    if isinstance(told, Version) and told.numbers == found.numbers and archived:
        return At(component, (told,), f"{shown}, by the diary {diary}")
    return At(component, _several(core, diary), shown, fill(_DIARY, level=diary))


def _services(facts: Facts, node: str) -> frozenset[str] | None:
    """Return which services the directory enables on a node; None where unknown."""
    try:
        found = [one for one in facts.read(SERVERS) if one.name == node]
    except Unseen:
        return None
    return frozenset(found[0].own("zimbraServiceEnabled")) if found else None


def _origin(core: str) -> str:
    match = _BUILD.search(core)
    if match is None:
        return ""
    if len(match[1]) > _VENDOR_DIGITS:
        return f"build {match[1]}: not numbered as the vendor's builds are"
    return VENDORS


def _unseen(facts: Facts, node: str, missing: Missing) -> Installed:
    """Return a node whose packages are not known: its services name its parts."""
    services = _services(facts, node)
    parts = tuple(
        At(component, (), doubt=as_is(missing.reason))
        for component, (_, _, service) in PARTS.items()
        if services is None or service in services
    )
    named, doubt = edition(facts, node)
    return Installed(
        *(node, parts),
        seen=False,
        edition=named,
        doubts=(doubt,) if doubt else (),
    )


def _history(facts: Facts, node: str) -> History | None:
    try:
        return facts.read(HISTORY, node)
    except Unseen:
        return None


def _versions(node: _Node) -> Iterator[str]:
    """Yield every version that packages and diary name, of whatever is Zimbra's."""
    names = (_CORE, *(patch for _, patch, _ in PARTS.values()))
    yield from (node.packages[name] for name in names if name in node.packages)
    yield from (node.unfinished[name][1] for name in names if name in node.unfinished)
    yield from node.history.patches.values() if node.history else ()


def _parts(node: _Node, enabled: frozenset[str]) -> Iterator[At]:
    for component, (package, patch, service) in PARTS.items():
        if package in node.packages or package in node.unfinished:
            has_patch = patch in node.packages or patch in node.unfinished
            look = _patched if has_patch else _as_installed
            yield look(node, component, patch)
        elif service in enabled:
            form = mark("the directory enables {service}, and {package} is not there")
            doubt = fill(form, service=service, package=package)
            yield At(component, (), doubt=doubt)


def _against(node: _Node, said: Release | None) -> tuple[Version | None, Said | None]:
    """Return the level that zmcontrol shows and nothing else knows, and words of it."""
    rival = contradicted(said, _versions(node))
    form = mark(
        "zmcontrol says {level}, which no package and no line of the diary does"
    )
    return rival, fill(form, level=str(rival)) if rival else None


def installed(facts: Facts, node: str) -> Installed | None:
    """Return what is installed on a node; None where Zimbra surely is not."""
    try:
        packages = facts.read(PACKAGES, node)
    except Unseen as signal:
        return _unseen(facts, node, signal.missing)
    half = half_done(facts, node)
    enabled = _services(facts, node) or frozenset()
    expected = any(service in enabled for _, _, service in PARTS.values())
    zimbra = any(name.startswith("zimbra-") for name in (*packages, *half))
    if not zimbra and not expected:
        return None
    answers = _Node(packages, half, _history(facts, node))
    rival, against = _against(answers, release(facts, node))
    named, doubt = edition(facts, node)
    return Installed(
        node,
        tuple(
            replace(one, rival=rival, against=against)
            for one in _parts(answers, enabled)
        ),
        edition=named,
        origin=_origin(packages.get(_CORE, "")),
        doubts=tuple(text for text in (against, doubt) if text),
    )
