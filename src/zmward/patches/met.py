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
from zmward.i18n import Said, as_is, fill, mark
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
    why: Said


def met(condition: Condition, facts: Facts, node: str) -> Met:
    """Evaluate a condition on a node; without the evidence it is not known."""
    try:
        return _met(condition, facts, node)
    except Unseen as signal:
        return Met(None, as_is(signal.missing.reason))


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
            return Met(None, fill(mark("a person must look: {text}"), text=text))
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
            return Met(bool(paths), _found(paths, name))


def _program(
    condition: Zimlet | Extension | Pax | SecondFactor | AppPasswords,
    facts: Facts,
    node: str,
) -> Met:
    match condition:
        case Zimlet(name):
            zimlet = fill(mark("zimlet {name}"), name=name)
            return _path(facts.read(ZIMLETS, node), f"/{name}", zimlet)
        case Extension(name):
            extension = fill(mark("extension {name}"), name=name)
            return _path(facts.read(EXTENSIONS, node), f"/ext/{name}/", extension)
        case Pax():
            found = facts.read(PAX, node)
            return Met(bool(found), _found(found, "pax"))
        case SecondFactor():
            count = facts.read(ACCOUNTS).census.second_factor
            form = mark("accounts with a second factor: {count}")
            return Met(count > 0, fill(form, count=count))
        case AppPasswords():
            count = facts.read(APP_PASSWORDS)
            form = mark("accounts with passwords of applications: {count}")
            return Met(count > 0, fill(form, count=count))


def _found(paths: Iterable[str], name: str) -> Said:
    shown = ", ".join(paths)
    return as_is(shown) if shown else fill(mark("amavis finds no {name}"), name=name)


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


def _texts(found: Iterable[Met]) -> Said:
    """Return what was seen, each text once."""
    texts = {one.why.by(): one.why for one in found}
    return fill("{texts}", texts=tuple(texts.values()))


def _package(name: str, facts: Facts, node: str) -> Met:
    packages = facts.read(PACKAGES, node)
    if name in packages:
        return Met(holds=True, why=fill(mark("{name} is installed"), name=name))
    state, _ = half_done(facts, node).get(name, ("", ""))
    if state:
        return Met(None, fill(mark("{name} is {state}"), name=name, state=state))
    return Met(holds=False, why=fill(mark("{name} is not installed"), name=name))


def _sudo(program: str, facts: Facts, node: str) -> Met:
    """Say whether a rule lets zimbra run a program; one that may is one that does."""
    rules = (rule for rule in facts.read(SUDOERS, node) if rule.zimbra)
    commands = [command for rule in rules for command in rule.commands]
    hits = [one for one in commands if _may_be(program, one)]
    if hits:
        lets = mark("sudo lets zimbra run {commands}")
        return Met(holds=True, why=fill(lets, commands=", ".join(hits)))
    none = mark("no rule of sudo lets zimbra run {program}")
    return Met(holds=False, why=fill(none, program=program))


def _may_be(program: str, command: str) -> bool:
    """Say whether a command of sudo, an alias or a pattern of some may name it."""
    path = command.partition(" ")[0]
    whole = not path.startswith("/") or path.endswith("/")
    return whole or program in path or bool(set("*?[") & set(path))


def _path(paths: Mapping[str, Status], words: str, what: Said) -> Met:
    found = tuple(paths)
    if not found:  # the folder itself is asked for, so something must be there
        return Met(None, fill(mark("{what}: the folder was not seen"), what=what))
    hit = any(
        words in f"{path}/" if words.endswith("/") else path.endswith(words)
        for path in found
    )
    form = mark("{what} is there") if hit else mark("{what} is not there")
    return Met(hit, fill(form, what=what))


def _key(condition: LocalKey, facts: Facts, node: str) -> Met:
    value = facts.read(LOCALCONFIG, node).own.get(condition.key)
    if value is None:
        form = mark("{key} is not in localconfig.xml")
        return Met(condition.unset, fill(form, key=condition.key))
    wanted = tuple(one.lower() for one in condition.values)
    return Met(value.lower() in wanted, as_is(f"{condition.key} = {value}"))


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
        return Met(None, as_is(signal.missing.reason))


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
        if not values:
            form = mark("{entry} sets no {attribute}")
            none = fill(form, entry=entry.label, attribute=attribute)
            parts.append(Met(condition.unset, none))
        else:
            text = as_is(f"{entry.label} {attribute} = {' '.join(values)}")
            parts.append(Met(not wanted or bool(set(values) & set(wanted)), text))
    return _all(parts)


def _accounts(condition: Attribute, facts: Facts) -> list[Met]:
    overrides = facts.read(ACCOUNTS).overrides
    found = []
    for attribute, wanted in condition.values.items():
        if attribute not in OVERRIDES:
            form = mark("which accounts set {attribute} was not asked")
            found.append(Met(None, fill(form, attribute=attribute)))
            continue
        groups = overrides.get(attribute, {})
        count = sum(
            group.count
            for value, group in groups.items()
            if not wanted or value in wanted
        )
        form = mark("accounts with an own {attribute}: {count}")
        found.append(Met(count > 0, fill(form, attribute=attribute, count=count)))
    return found
