"""What was changed on the sample server since it was recorded, as changes."""

from collections.abc import Iterator, Mapping

from zmward.change import (
    Change,
    FileText,
    InstallPackage,
    SetAttr,
    SetCrontab,
    SetLocalConfig,
    SetMode,
    SetParameter,
    SetUnit,
    UnitState,
    WriteFile,
)
from zmward.demo.world import FOLDER, SETTINGS, Node, World
from zmward.firewall.own_rules import Listing, loadable
from zmward.ruleset import LoadRuleset
from zmward.sources.localconfig import parse

# What zmward itself keeps there is no change of the server.
_OURS = ("/var/lib/zmward", "/etc/systemd/system/zmward-", "/proc/")
_OFF = UnitState(enabled=False, active=False)


def _text(node: Node) -> FileText:
    text = node.content.decode("utf-8", "surrogateescape")
    return FileText(text, node.mode.mode, node.mode.owner, node.mode.group)


def _settings(node: Node) -> Mapping[str, str]:
    return parse(node.content.decode()).own


def _localconfig(host: str, old: Node, new: Node) -> Iterator[Change]:
    was, now = _settings(old), _settings(new)
    for key in sorted({*was, *now}):
        if was.get(key) != now.get(key):
            yield SetLocalConfig(host, key, was.get(key), now.get(key))
    if old.mode != new.mode:
        yield SetMode(host, SETTINGS, old.mode, new.mode)


def _file(host: str, path: str, old: Node | None, new: Node | None) -> Iterator[Change]:
    if old is not None and new is not None and old.content == new.content:
        if old.mode != new.mode:
            yield SetMode(host, path, old.mode, new.mode)
        return
    if FOLDER not in {n.kind for n in (old, new) if n is not None}:
        before, after = (None if n is None else _text(n) for n in (old, new))
        yield WriteFile(host, path, before, after)


def _files(
    host: str, old: World, new: World, ours: tuple[str, ...]
) -> Iterator[Change]:
    for path in sorted({*old.files, *new.files}):
        was, now = old.files.get(path), new.files.get(path)
        if path.startswith((*_OURS, *ours)):
            continue
        if path == SETTINGS and was is not None and now is not None:
            yield from _localconfig(host, was, now)
        else:
            yield from _file(host, path, was, now)


def _attributes(old: World, new: World) -> Iterator[Change]:
    for target in sorted({*old.objects, *new.objects}):
        was, now = old.objects.get(target, {}), new.objects.get(target, {})
        for name in sorted({*was, *now}):
            if was.get(name) != now.get(name):
                yield SetAttr(target, name, was.get(name), now.get(name))


def _system(host: str, old: World, new: World) -> Iterator[Change]:
    for package in sorted(new.packages.keys() - old.packages.keys()):
        yield InstallPackage(host, package, "apt")
    for user in sorted({*old.crontabs, *new.crontabs}):
        text, then = old.crontabs.get(user), new.crontabs.get(user)
        if text != then:
            yield SetCrontab(host, user, text, then)
    for unit in sorted({*old.units, *new.units}):
        state, since = old.units.get(unit, _OFF), new.units.get(unit, _OFF)
        if state != since and not unit.startswith("zmward-"):
            yield SetUnit(host, unit, state, since)


def _parameters(
    host: str, old: World, new: World, live: Mapping[str, str]
) -> Iterator[Change]:
    for name in sorted({*old.parameters, *new.parameters}):
        was, now = old.parameters.get(name), new.parameters.get(name)
        if was != now:
            yield SetParameter(host, name, was, now, live.get(name, ""))


def _ruleset(host: str, old: World, new: World) -> Iterator[Change]:
    was, now = (
        loadable(Listing("nftables", (world.rules,))) if world.rules else None
        for world in (old, new)
    )
    if was != now:
        yield LoadRuleset(host, was, now)


def differences(
    host: str,
    old: World,
    new: World,
    live: Mapping[str, str],
    ours: tuple[str, ...] = (),
) -> tuple[Change, ...]:
    """Return the changes that lead from one world to the other.

    `live` are Postfix's parameters in the old one; `ours` are further places where
    zmward keeps its own files.
    """
    return (
        *_parameters(host, old, new, live),
        *_files(host, old, new, ours),
        *_attributes(old, new),
        *_system(host, old, new),
        *_ruleset(host, old, new),
    )
