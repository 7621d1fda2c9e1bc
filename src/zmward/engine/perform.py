"""Carries out one change, or one request's worth of attributes."""

from collections.abc import Sequence

from zmward.catalog.actions import ACTIONS, VALIDATORS, argv
from zmward.change import (
    Act,
    Change,
    InstallPackage,
    SetAttr,
    SetCrontab,
    SetLocalConfig,
    SetMode,
    SetParameter,
    SetUnit,
    WriteFile,
)
from zmward.doors.files import must, replace_file, set_mode
from zmward.doors.host import Door
from zmward.doors.local_settings import write_setting
from zmward.doors.packet_filter import load_rules, restore_rules, tried_as
from zmward.doors.postfix import write_parameter
from zmward.doors.system import install, simulated, write_crontab, write_unit
from zmward.engine.flags import lifted
from zmward.engine.present import missed
from zmward.engine.site import Site
from zmward.engine.state import known
from zmward.errors import Fault
from zmward.ruleset import LoadRuleset


def _accepted(door: Door, validator: str, path: str) -> None:
    words = VALIDATORS[validator].argv
    asked = tuple(path if word == "{}" else word for word in words)
    must(door.run(asked), validator, path)


def _write_file(door: Door, change: WriteFile, token: str) -> None:
    row = VALIDATORS.get(change.validator)
    if row is None or row.beside:
        name = change.validator
        check = (lambda new: _accepted(door, name, new)) if row else None
        replace_file(door, change.path, change.after, token=token, check=check)
        return
    # This daemon judges all of its files at once, so the new one must be in place.
    replace_file(door, change.path, change.after, token=token)
    try:
        _accepted(door, change.validator, change.path)
    except Fault:
        replace_file(door, change.path, change.before, token=token)
        raise


def act(door: Door, change: Act) -> None:
    """Carry out an action of the catalog."""
    row = ACTIONS[change.action]
    words = argv(change.action, change.arguments)
    must(door.run(words, user=row.user, seconds=row.seconds), change.action, row.about)


def _load(door: Door, change: LoadRuleset, token: str) -> None:
    if change.after is not None:
        # Who takes back knows the run's rules by their mark.
        if change.after.backend != "ufw":
            tried_as(door, change.after, token)
        load_rules(door, change.after, token, known(token).folder)
    else:
        restore_rules(door, None, change.before)


def _host(door: Door, change: Change, token: str) -> None:  # noqa: C901  # one a kind
    match change:
        case SetLocalConfig():
            write_setting(door, change.key, change.after)
        case WriteFile():
            _write_file(door, change, token)
        case SetMode():
            set_mode(door, change.path, change.after)
        case SetParameter():
            write_parameter(door, change.parameter, change.after)
        case SetCrontab():
            write_crontab(door, change.user, change.after)
        case SetUnit():
            write_unit(door, change.unit, change.after)
        case LoadRuleset():
            _load(door, change, token)
        case InstallPackage():
            simulated(door, change.package, change.manager)
            install(door, change.package, change.manager)
        case Act():
            act(door, change)
        case SetAttr():
            raise TypeError("attributes go through the directory")


def perform(site: Site, changes: Sequence[Change], token: str) -> None:
    """Carry out a group and read back what it left."""
    site.held()
    own = [change for change in changes if isinstance(change, SetAttr)]
    if own:
        values = {change.attribute: change.after for change in own}
        site.directory.write(own[0].target, values)
    else:
        for change in changes:
            with lifted(site.door, known(token), change):
                _host(site.door, change, token)
    wrong = missed(site, changes)
    if wrong:
        raise Fault("read-back", "the value is not what was written", ", ".join(wrong))
