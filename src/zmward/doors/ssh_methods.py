"""The ways to log in that sshd offers, asked with the system's own ssh.

They are told only after the key exchange. A try with the method `none`, which holds
no password and no key, makes the server name them; it counts as no failed password.
"""

import subprocess
import threading
from typing import Final

from msgspec.structs import replace

from zmward.reports.plain import plain
from zmward.scan.line import Exchange
from zmward.scan.login_ssh import denied
from zmward.scan.ssh import SshShown

_USERS: Final = ("root", "zimbra")
_SECONDS: Final = 10.0
_MOST: Final = 65_536
# `-F none`: the operator's own settings, proxies and keys have no place here. At this
# level ssh shows no banner of the server.
_OPTIONS: Final = (
    *("-F", "none", "-T", "-o", "LogLevel=ERROR", "-o", "BatchMode=yes"),
    *("-o", "PreferredAuthentications=none", "-o", "PubkeyAuthentication=no"),
    *("-o", "IdentityFile=none", "-o", "IdentityAgent=none"),
    *("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"),
    *("-o", "GlobalKnownHostsFile=/dev/null", "-o", "UpdateHostKeys=no"),
    *("-o", "ConnectTimeout=5", "-o", "ConnectionAttempts=1"),
    *("-o", "ControlPath=none", "-o", "GSSAPIAuthentication=no"),
)


def _command(user: str, address: str, port: int) -> list[str]:
    # Where nothing is needed to log in, `true` is what is run: it changes nothing.
    return ["ssh", *_OPTIONS, "-p", str(port), "-l", user, "--", address, "true"]


def _ran(command: list[str]) -> tuple[int, str] | None:
    """Run ssh for ten seconds at most; return its end and its own words, bounded."""
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={"LC_ALL": "C", "PATH": "/usr/local/bin:/usr/bin:/bin"},
        )
    except OSError:
        return None
    over = threading.Timer(_SECONDS, process.kill)
    over.start()
    try:
        with process:
            said = process.stderr.read(_MOST) if process.stderr else b""
            # Who says so much is not waited for.
            if len(said) >= _MOST:
                process.kill()
    finally:
        over.cancel()
    return process.returncode, said.decode("utf-8", "replace")


def _offered(user: str, shown: SshShown) -> tuple[tuple[str, ...], str]:
    """Return the ways of one user, and the words that tell them; none if unknown."""
    end = _ran(_command(user, shown.address, shown.port))
    if end is None:
        return (), "the program ssh is not installed here"
    code, said = end
    if code == 0:
        return ("none",), "logged in, with the name alone"
    if ways := denied(said):
        return ways, f"Permission denied ({','.join(ways)})"
    words = plain(said.strip(), 160)
    return (), f"no ways to log in were told: {words or 'no answer'}"


def asked(shown: SshShown) -> SshShown:
    """Return the same with the ways to log in, or with why they are not known.

    Settings may differ by user, so two are asked that every Zimbra server has.
    """
    found: list[str] = []
    for user in _USERS:
        methods, words = _offered(user, shown)
        if not methods:
            trouble = "; ".join(filter(None, (shown.trouble, words)))
            return replace(shown, trouble=trouble)
        found += methods
        exchange = Exchange(shown.port, f"the name {user} and the method none", words)
        shown = replace(shown, exchanges=(*shown.exchanges, exchange))
    methods = tuple(dict.fromkeys(found))
    return replace(shown, user=" and ".join(_USERS), methods=methods)
