"""zmcontrol: all services of this host together."""

import sys
from collections.abc import Callable, Sequence
from xml.etree.ElementTree import ParseError

from . import localconfig, release
from .errors import ProvisioningError
from .servicectl import running_as_zimbra
from .services import ALWAYS, SERVICES, WEBAPPS, Service
from .units import change, is_running
from .zmprov_ldap import connect

_COLUMN = 24
_USAGE = """zmcontrol [-v -h] command [args]

	-v:	display version
	-h:	print usage statement
	-H:	Host name (localhost)

	Command in:
		restart                        Restart services
		shutdown                       Shutdown whole cluster
		start                          Start services
		startup                        Startup whole cluster
		status                         Display service status
		stop                           Stop services
"""


def _enabled() -> tuple[str, set[str]]:
    """Return the host's name and its services, all of them if LDAP is down."""
    local = localconfig.load()
    host = local.get("zimbra_server_hostname") or "localhost"
    try:
        entry = connect(local, master=False).get("server", host, own=True)
    except ProvisioningError:
        return host, {service.name for service in SERVICES} | set(WEBAPPS)
    return host, {*entry.attrs.get("zimbraServiceEnabled", ()), *ALWAYS}


def _wanted(enabled: set[str]) -> list[Service]:
    return [service for service in SERVICES if service.name in enabled]


def _line(name: str, *, running: bool) -> None:
    print(f"\t{name:<{_COLUMN}}{'Running' if running else 'Stopped'}")


def _status() -> int:
    host, enabled = _enabled()
    print(f"Host {host}")
    all_running = True
    rows = [(s.name, s) for s in _wanted(enabled)]
    mailbox = next(s for s in SERVICES if s.name == "mailbox")
    rows += [(f"{name} webapp", mailbox) for name in WEBAPPS if name in enabled]
    for name, service in sorted(rows, key=lambda row: row[0].lower()):
        running = is_running(service.unit)
        _line(name, running=running)
        if not running:
            all_running = False
            print(f"\t\t{service.word} is not running.")
    return 0 if all_running else 1


def _each(verb: str, doing: str, services: Sequence[Service]) -> int:
    failed = False
    done: set[str] = set()
    for service in services:
        print(f"\t{doing} {service.name}...", end="", flush=True)
        wrong = "" if service.unit in done else change(verb, service.unit)
        done.add(service.unit)
        print("Failed." if wrong else "Done.")
        if wrong:
            failed = True
            print(f"{wrong}\n")
    return 1 if failed else 0


def _start() -> int:
    host, enabled = _enabled()
    print(f"Host {host}")
    first = [service for service in SERVICES if service.name == "ldap"]
    if "ldap" in enabled:
        _each("start", "Starting", first)
        _, enabled = _enabled()
    rest = [s for s in _wanted(enabled) if s.name != "ldap"]
    return _each("start", "Starting", rest)


def _stop() -> int:
    host, enabled = _enabled()
    print(f"Host {host}")
    return _each("stop", "Stopping", _wanted(enabled)[::-1])


_COMMANDS: dict[str, Callable[[], int]] = {
    "status": _status,
    "start": _start,
    "startup": _start,
    "stop": _stop,
    "shutdown": _stop,
    "restart": lambda: _stop() or _start(),
}


def main(argv: Sequence[str]) -> int:
    """Run zmcontrol."""
    if not running_as_zimbra():
        print("Run as the zimbra user!")
        return 1
    if "-v" in argv:
        print(release.release())
        return 0
    command = next((word for word in argv if not word.startswith("-")), "")
    if command not in _COMMANDS:
        print(_USAGE)
        return 0 if "-h" in argv else 1
    try:
        return _COMMANDS[command]()
    except (OSError, ParseError) as error:
        print(f"zmcontrol: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
