"""Whether the condition of a hole holds on a node: yes, no, or not known."""

from collections.abc import Iterable, Mapping

import msgspec

from zmward.catalog.conditions import (
    AllOf,
    AnyOf,
    AppPasswords,
    Attribute,
    ByHand,
    Condition,
    Edition,
    Extension,
    Helper,
    Kind,
    LocalKey,
    Not,
    Package,
    Pax,
    SecondFactor,
    Sudo,
    Zimlet,
)
from zmward.catalog.overrides import OVERRIDES
from zmward.evidence import Missing, Unseen
from zmward.facts import Facts
from zmward.patches.installed import half_done
from zmward.patches.told import has_edition
from zmward.sources.accounts import ACCOUNTS
from zmward.sources.amavis import PAX
from zmward.sources.amavis_helpers import AMAVIS_HELPERS
from zmward.sources.app_passwords import APP_PASSWORDS
from zmward.sources.directory import SERVERS, Entry
from zmward.sources.extensions import EXTENSIONS, ZIMLETS
from zmward.sources.localconfig import LOCALCONFIG
from zmward.sources.packages import PACKAGES
from zmward.sources.source import Status
from zmward.sources.sudoers import SUDOERS


class Met(msgspec.Struct, frozen=True):
    """Whether something holds (None: not known), and what was seen."""

    holds: bool | None
    why: str


def met(condition: Condition, facts: Facts, node: str) -> Met:
    """Evaluate a condition on a node; without the evidence it is not known."""
    try:
        return _met(condition, facts, node)
    except Unseen as signal:
        return Met(None, signal.missing.reason)


def _met(condition: Condition, facts: Facts, node: str) -> Met:  # noqa: PLR0911  # one line a kind
    match condition:
        case AllOf(parts):
            return _all(met(part, facts, node) for part in parts)
        case AnyOf(parts):
            return _any(met(part, facts, node) for part in parts)
        case Not(part):
            found = met(part, facts, node)
            return Met(None if found.holds is None else not found.holds, found.why)
        case ByHand(text):
            return Met(None, f"a person must look: {text}")
        case Attribute():
            return _attribute(condition, facts, node)
        case LocalKey():
            return _key(condition, facts, node)
        case Package(name):
            return _package(name, facts, node)
        case Edition() | Sudo() | Helper():
            return _installation(condition, facts, node)
        case _:
            return _program(condition, facts, node)


def _installation(condition: Edition | Sudo | Helper, facts: Facts, node: str) -> Met:
    match condition:
        case Edition(name):
            return Met(*has_edition(name, facts, node))
        case Sudo(program):
            return _sudo(program, facts, node)
        case Helper(name):
            paths = facts.read(AMAVIS_HELPERS, node)[name]
            return Met(bool(paths), ", ".join(paths) or f"amavis finds no {name}")


def _program(
    condition: Zimlet | Extension | Pax | SecondFactor | AppPasswords,
    facts: Facts,
    node: str,
) -> Met:
    match condition:
        case Zimlet(name):
            return _path(facts.read(ZIMLETS, node), f"/{name}", f"zimlet {name}")
        case Extension(name):
            return _path(
                facts.read(EXTENSIONS, node), f"/ext/{name}/", f"extension {name}"
            )
        case Pax():
            found = facts.read(PAX, node)
            return Met(bool(found), ", ".join(found) or "amavis finds no pax")
        case SecondFactor():
            count = facts.read(ACCOUNTS).census.second_factor
            return Met(count > 0, f"accounts with a second factor: {count}")
        case AppPasswords():
            count = facts.read(APP_PASSWORDS)
            return Met(count > 0, f"accounts with passwords of applications: {count}")


def _all(parts: Iterable[Met]) -> Met:
    found = tuple(parts)
    for wanted in (False, None):
        against = [one for one in found if one.holds is wanted]
        if against:
            return Met(wanted, _texts(against))
    return Met(holds=True, why=_texts(found))


def _any(parts: Iterable[Met]) -> Met:
    found = tuple(parts)
    for wanted in (True, None):
        speaks = [one for one in found if one.holds is wanted]
        if speaks:
            return Met(wanted, _texts(speaks))
    return Met(holds=False, why=_texts(found))


def _texts(found: Iterable[Met]) -> str:
    return "; ".join(dict.fromkeys(one.why for one in found))


def _package(name: str, facts: Facts, node: str) -> Met:
    packages = facts.read(PACKAGES, node)
    if name in packages:
        return Met(holds=True, why=f"{name} is installed")
    state, _ = half_done(facts, node).get(name, ("", ""))
    if state:
        return Met(None, f"{name} is {state}")
    return Met(holds=False, why=f"{name} is not installed")


def _sudo(program: str, facts: Facts, node: str) -> Met:
    """Say whether a rule lets zimbra run a program; one that may is one that does."""
    rules = (rule for rule in facts.read(SUDOERS, node) if rule.zimbra)
    commands = [command for rule in rules for command in rule.commands]
    hits = [one for one in commands if _may_be(program, one)]
    if hits:
        return Met(holds=True, why=f"sudo lets zimbra run {', '.join(hits)}")
    return Met(holds=False, why=f"no rule of sudo lets zimbra run {program}")


def _may_be(program: str, command: str) -> bool:
    """Say whether a command of sudo, an alias or a pattern of some may name it."""
    path = command.partition(" ")[0]
    whole = not path.startswith("/") or path.endswith("/")
    return whole or program in path or bool(set("*?[") & set(path))


def _path(paths: Mapping[str, Status], words: str, what: str) -> Met:
    found = tuple(paths)
    if not found:  # the folder itself is asked for, so something must be there
        return Met(None, f"{what}: the folder was not seen")
    hit = any(
        words in f"{path}/" if words.endswith("/") else path.endswith(words)
        for path in found
    )
    return Met(hit, f"{what} is {'there' if hit else 'not there'}")


def _key(condition: LocalKey, facts: Facts, node: str) -> Met:
    value = facts.read(LOCALCONFIG, node).own.get(condition.key)
    if value is None:
        return Met(condition.unset, f"{condition.key} is not in localconfig.xml")
    wanted = tuple(one.lower() for one in condition.values)
    return Met(value.lower() in wanted, f"{condition.key} = {value}")


def _attribute(condition: Attribute, facts: Facts, node: str) -> Met:
    """Say whether one object of the kinds holds all the attributes' values."""
    return _any(_kind(condition, kind, facts, node) for kind in condition.kinds)


def _kind(condition: Attribute, kind: Kind, facts: Facts, node: str) -> Met:
    """Say it of one kind, so that a kind that was not seen hides no other."""
    try:
        if kind == "account":
            return _any(_accounts(condition, facts))
        return _any(_object(condition, one) for one in _objects(kind, facts, node))
    except Unseen as signal:
        return Met(None, signal.missing.reason)


def _objects(kind: Kind, facts: Facts, node: str) -> Iterable[Entry]:
    if kind == "cos":
        return facts.coses()
    if kind == "domain":
        return facts.domains()
    own = [one for one in facts.read(SERVERS) if one.name == node]
    if not own:  # its own values may be others than the global ones
        raise Unseen(Missing(f"the directory has no server {node}"))
    values = dict(facts.config().values)
    for one in own:
        values |= one.values
    return (Entry("server", node, "", values),)


def _object(condition: Attribute, entry: Entry) -> Met:
    parts = []
    for attribute, wanted in condition.values.items():
        values = entry.own(attribute)
        text = f"{entry.label} {attribute} = {' '.join(values)}"
        if not values:
            parts.append(Met(condition.unset, f"{entry.label} sets no {attribute}"))
        else:
            parts.append(Met(not wanted or bool(set(values) & set(wanted)), text))
    return _all(parts)


def _accounts(condition: Attribute, facts: Facts) -> list[Met]:
    overrides = facts.read(ACCOUNTS).overrides
    found = []
    for attribute, wanted in condition.values.items():
        if attribute not in OVERRIDES:
            found.append(Met(None, f"which accounts set {attribute} was not asked"))
            continue
        groups = overrides.get(attribute, {})
        count = sum(
            group.count
            for value, group in groups.items()
            if not wanted or value in wanted
        )
        found.append(Met(count > 0, f"accounts with an own {attribute}: {count}"))
    return found
