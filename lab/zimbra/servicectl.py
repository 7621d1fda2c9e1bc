"""zmmtactl, zmproxyctl, ldap and their like: one service each."""

import os
import pwd
import sys
from collections.abc import Sequence

from .services import BY_PROGRAM, Service
from .units import change, is_running, main_process

_DOING = {
    "start": "Starting",
    "stop": "Stopping",
    "restart": "Restarting",
    "reload": "Reloading",
}


def running_as_zimbra() -> bool:
    """Tell whether the user is the one that the tools insist on."""
    return pwd.getpwuid(os.geteuid()).pw_name == "zimbra"


def _status(service: Service) -> int:
    running = is_running(service.unit)
    if service.program == "ldap":
        pid = main_process(service.unit)
        print(f"slapd running pid: {pid}" if running else "slapd is not running.")
    else:
        print(f"{service.word} is {'running' if running else 'not running'}.")
    return 0 if running else 1


def _act(service: Service, verb: str) -> int:
    if verb == "start" and is_running(service.unit):
        print(f"{service.word} is already running.")
        return 0
    print(f"{_DOING[verb]} {service.word}...", end="", flush=True)
    wrong = change(verb, service.unit)
    print("failed." if wrong else "done.")
    if wrong:
        print(wrong, file=sys.stderr)
    return 1 if wrong else 0


def main(program: str, argv: Sequence[str]) -> int:
    """Run the control program of that name."""
    if not running_as_zimbra():
        print(f"Error: must be run as zimbra user, not {_user()}", file=sys.stderr)
        return 1
    verb = argv[0] if argv else ""
    service = BY_PROGRAM[program]
    if verb == "status":
        return _status(service)
    if verb in _DOING:
        return _act(service, verb)
    print(f"Usage: {program} start|stop|restart|reload|status")
    return 1


def _user() -> str:
    return pwd.getpwuid(os.geteuid()).pw_name


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
