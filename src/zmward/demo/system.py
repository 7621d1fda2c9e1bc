"""The programs of the sample server for services, packages, cron and Zimbra itself."""

from collections.abc import Mapping
from typing import Final
from xml.sax.saxutils import escape

from zmward.catalog.actions import ACTIONS, UNITS, VALIDATORS
from zmward.change import Mode, UnitState
from zmward.demo.files import Call, Program
from zmward.demo.world import REGULAR, SETTINGS, Node
from zmward.doors.host import Done
from zmward.sources.localconfig import parse

_NOTHING: Final = Done(0)
_NO_UNIT: Final = Done(5, b"", b"Unit could not be found.")
_OFF: Final = UnitState(enabled=False, active=False)
_ON: Final = UnitState(enabled=True, active=True)


def _crontab(call: Call) -> Done:
    user, verb = call.words[2], call.words[3]
    tables = call.world.crontabs
    if verb == "-":
        tables[user] = call.given.decode("utf-8", "surrogateescape")
        return _NOTHING
    if user not in tables:
        return Done(1, b"", f"no crontab for {user}".encode())
    if verb == "-r":
        del tables[user]
        return _NOTHING
    return Done(0, tables[user].encode("utf-8", "surrogateescape"))


def _show(call: Call, unit: str) -> Done:
    found = call.world.units.get(unit)
    state = found or _OFF
    loaded = "masked" if unit in call.world.masked else "loaded"
    rows = (
        f"LoadState={loaded if found else 'not-found'}",
        f"UnitFileState={'enabled' if state.enabled else 'disabled'}",
        f"ActiveState={'active' if state.active else 'inactive'}",
    )
    return Done(0, "".join(f"{row}\n" for row in rows).encode())


def _asked(call: Call, verb: str, unit: str) -> Done:
    state = call.world.units.get(unit, _OFF)
    if verb == "is-enabled":
        return Done(0 if state.enabled else 1)
    return Done(0 if state.active or unit in call.world.timers else 3)


def _switched(call: Call, verb: str, unit: str) -> Done:
    units = call.world.units
    ours = unit.startswith("zmward-")
    if verb == "stop" and unit in call.world.timers:
        del call.world.timers[unit]
        return _NOTHING
    if unit not in units and not ours:
        return _NO_UNIT
    state = units.get(unit, _OFF)
    active = {"start": True, "reload-or-restart": True, "stop": False}
    units[unit] = UnitState(
        enabled={"enable": True, "disable": False}.get(verb, state.enabled),
        active=active.get(verb, state.active),
    )
    if ours and units[unit] == _OFF:
        del units[unit]
    return _NOTHING


def _systemctl(call: Call) -> Done:
    verb, *words = (word for word in call.words[1:] if word not in {"-q", "--"})
    if verb in {"daemon-reload", "reset-failed"}:
        return _NOTHING
    if verb == "show":
        return _show(call, call.last)
    if verb in {"is-active", "is-enabled"}:
        return _asked(call, verb, call.last)
    done = [_switched(call, verb, unit) for unit in words]
    return next((one for one in done if one.code), _NOTHING)


def _systemd_run(call: Call) -> Done:
    options = dict(word.split("=", 1) for word in call.words[1:] if "=" in word)
    seconds = float(options["--on-active"].removesuffix("s"))
    call.world.timers[f"{options['--unit']}.timer"] = call.now + seconds
    return _NOTHING


def _dpkg_query(call: Call) -> Done:
    there = call.last in call.world.packages
    return Done(0, b"installed") if there else Done(1, b"", b"no packages found")


def _apt_get(call: Call) -> Done:
    package = call.last
    if "-s" in call.words:
        return Done(0, f"Inst {package} (1.0)\n".encode())
    call.world.packages[package] = "1.0"
    # Debian's packages start what they bring.
    if f"{package}.service" in UNITS:
        call.world.units.setdefault(f"{package}.service", _ON)
    return _NOTHING


def _zmlocalconfig(call: Call) -> Done:
    old = call.world.files[SETTINGS]
    values = dict(parse(old.content.decode()).own)
    key, _, value = call.last.partition("=")
    if "-u" in call.words:
        values.pop(key, None)
    else:
        values[key] = value
    rows = "".join(
        f'  <key name="{escape(name)}">\n    <value>{escape(text)}</value>\n  </key>\n'
        for name, text in values.items()
    )
    text = f'<?xml version="1.0"?>\n<localconfig>\n{rows}</localconfig>\n'
    # The real one renames a new file into place, with a mode of its own.
    mode = Mode(0o600, "zimbra", "zimbra")
    call.world.files[SETTINGS] = Node(REGULAR, text.encode(), mode, int(call.now))
    return _NOTHING


def _agrees(_call: Call) -> Done:
    """Answer for Zimbra's own programs and the daemons' checks: all is well."""
    return _NOTHING


_CHECKED: Final = (
    *(action.argv[0] for action in ACTIONS.values()),
    *(validator.argv[0] for validator in VALIDATORS.values()),
)

PROGRAMS: Final[Mapping[str, Program]] = {
    **dict.fromkeys((path.rpartition("/")[2] for path in _CHECKED), _agrees),
    "apt-get": _apt_get,
    "crontab": _crontab,
    "dpkg-query": _dpkg_query,
    "systemctl": _systemctl,
    "systemd-run": _systemd_run,
    # Nobody is connected to the sample server.
    "ss": _agrees,
    "zmconfigdctl": _agrees,
    "zmlocalconfig": _zmlocalconfig,
}
