"""Crontabs, units and packages of a host."""

import re
from collections.abc import Iterable
from typing import Literal

from zmward.change import UnitState
from zmward.doors.files import must
from zmward.doors.host import Door
from zmward.errors import Fault, Refused
from zmward.sources.crontab import bare_table

_MINUTES = 60
_INSTALLING = 30 * _MINUTES
_QUIET = ("env", "DEBIAN_FRONTEND=noninteractive")
# What a package manager would do, by its own words; LC_ALL=C is set by the door.
_LOSES = frozenset({"Remv", "Purg", "Removing", "Downgrading", "replacing"})
_APT = re.compile(r"^(Inst|Remv|Purg|Conf) (\S+)", re.MULTILINE)
_DNF_TITLE = re.compile(r"([A-Z][a-z]+)[\w /]*:")
# A name too long for its column stands alone on its line.
_DNF_ROW = re.compile(r" +(?:(replacing) +)?([A-Za-z0-9][\w.+-]*)(?: |$)")
Manager = Literal["apt", "dnf"]


def read_crontab(door: Door, user: str) -> str | None:
    """Return a user's whole crontab, None where there is none."""
    # Without the word, Debian's drops three comments, be they its header or not.
    done = door.run(("env", "CRONTAB_NOHEADER=N", "crontab", "-u", user, "-l"))
    if done.code and b"no crontab for" in done.error:
        return None
    text = must(done, "crontab", user).out.decode("utf-8", "surrogateescape")
    return bare_table(text)


def write_crontab(door: Door, user: str, text: str | None) -> None:
    """Replace a user's whole crontab; crontab itself checks it first."""
    if text is None:
        must(door.run(("crontab", "-u", user, "-r")), "crontab", user)
        return
    content = text.encode("utf-8", "surrogateescape")
    must(door.run(("crontab", "-u", user, "-"), given=content), "crontab", user)


def read_unit(door: Door, unit: str) -> UnitState:
    """Return whether a unit starts at boot and runs now."""
    asked = ("-p", "LoadState", "-p", "UnitFileState", "-p", "ActiveState")
    done = must(door.run(("systemctl", "show", *asked, "--", unit)), "systemctl", unit)
    rows = dict(
        line.split("=", 1) for line in done.out.decode().splitlines() if "=" in line
    )
    if rows.get("LoadState") == "masked":
        raise Refused(f"{unit} is masked: somebody decided that it never starts.")
    return UnitState(
        enabled=rows.get("UnitFileState") == "enabled",
        active=rows.get("ActiveState") in {"active", "reloading", "activating"},
    )


def write_unit(door: Door, unit: str, state: UnitState) -> None:
    """Bring a unit to a state, by the fewest commands."""
    found = read_unit(door, unit)
    if found.enabled != state.enabled:
        verb = "enable" if state.enabled else "disable"
        must(door.run(("systemctl", verb, "--", unit)), "systemctl", unit)
    if read_unit(door, unit).active != state.active:
        verb = "start" if state.active else "stop"
        done = door.run(("systemctl", verb, "--", unit), seconds=5 * _MINUTES)
        must(done, "systemctl", unit)
    if read_unit(door, unit) != state:
        raise Fault("systemctl", _missed(door, unit), unit)


def _missed(door: Door, unit: str) -> str:
    """Say why a unit is not in its state: one that may not start here says nothing."""
    done = door.run(("systemctl", "show", "-p", "ConditionResult", "--", unit))
    if done.out.strip() == b"ConditionResult=no":
        return (
            "a condition of the unit's own is not met here, so it does not start (in "
            "a container the clock is the host's): plan without it"
        )
    return "the unit did not come to the state asked for"


def installed(door: Door, package: str, manager: Manager) -> bool:
    """Say whether a package is installed."""
    if manager == "dnf":
        return not door.run(("rpm", "-q", "--", package)).code
    done = door.run(("dpkg-query", "-W", "-f", "${db:Status-Status}", "--", package))
    return not done.code and done.out.strip() == b"installed"


def _spared(package: str, words: Iterable[tuple[str, str]]) -> None:
    """Refuse a transaction that loses a package, or that touches one of Zimbra's."""
    for verb, name in words:
        if verb in _LOSES or name.startswith("zimbra-"):
            raise Refused(f"Installing {package} would change {name} ({verb}).")


def _by_apt(door: Door, package: str) -> tuple[str, ...]:
    options = ("-s", "-y", "--no-install-recommends")
    done = door.run(("apt-get", "install", *options, package), seconds=5 * _MINUTES)
    said = must(done, "apt-get", package).out.decode("utf-8", "replace")
    found = _APT.findall(said)
    _spared(package, found)
    return tuple(name for verb, name in found if verb == "Inst")


def _by_dnf(door: Door, package: str) -> tuple[str, ...]:
    asked = ("dnf", "install", "--assumeno", package)
    done = door.run(asked, seconds=_INSTALLING)
    said = done.out.decode("utf-8", "replace")
    verb, found = "", [("", "")]
    for line in said.splitlines():
        title, row = _DNF_TITLE.fullmatch(line), _DNF_ROW.match(line)
        if title:
            verb = title[1]
        elif row and row[1] is None:
            found.append((verb, row[2]))
        elif row and row[2].rpartition(".")[0] not in {"", found[-1][1]}:
            found.append(("replacing", row[2]))
    _spared(package, found)
    new = tuple(name for verb, name in found if verb == "Installing")
    # --assumeno ends with 1 whether the transaction was declined or impossible.
    if not new:
        raise Fault("dnf", done.said, package)
    return new


def simulated(door: Door, package: str, manager: Manager) -> tuple[str, ...]:
    """Return what installing would bring; refuse what would remove or touch Zimbra."""
    if installed(door, package, manager):
        return ()
    names = _by_dnf(door, package) if manager == "dnf" else _by_apt(door, package)
    # An answer that does not name the package is not understood, so it is not trusted.
    if package not in {name.partition(":")[0] for name in names}:
        raise Refused(f"{manager} does not say what installing {package} would do.")
    return names


def install(door: Door, package: str, manager: Manager) -> None:
    """Install one package; answers to questions are the old ones."""
    argv: tuple[str, ...] = ("dnf", "install", "-y", package)
    if manager == "apt":
        kept = ("-o", "Dpkg::Options::=--force-confold", "--no-install-recommends")
        argv = (*_QUIET, "apt-get", "install", "-y", *kept, package)
    must(door.run(argv, seconds=_INSTALLING), manager, package)
    if not installed(door, package, manager):
        raise Fault(manager, "the package is not installed afterwards", package)
