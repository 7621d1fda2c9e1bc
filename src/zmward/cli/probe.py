"""The probe account of `zmward scan`: its name, and its password from a safe place."""

import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from zmward.cli.audit import stored
from zmward.doors.host import Remote
from zmward.engine.proofs import Login
from zmward.errors import BadFile, Unreachable, Usage
from zmward.evidence import merge
from zmward.facts import Facts
from zmward.finding import moment
from zmward.lockouts import guards
from zmward.profile import Profile
from zmward.scan.login import Guards, Wishes
from zmward.scan.login_account import Account

_MOST = 1024
_AUDIT_LOG = "/opt/zimbra/log/audit.log"
_LINES = "400"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def login(options: Mapping[str, Any], site: Profile) -> Login | None:
    """Return what is to be proved by logging in; None where nothing was asked for."""
    name = options["account"]
    if not name:
        for word, written in _ASKED.items():
            if options[word]:
                raise Usage(f"--{written} needs the account's name: --account NAME.")
    if not name and not options["ssh_user"]:
        return None
    wishes = Wishes(disabled=options["disabled"], alias=options["alias"] or "")
    return Login(
        account=Account(name, _secret(name, options["password_file"]))
        if name
        else None,
        wishes=wishes,
        guards=_guards(options["paths"], site),
        anyway=options["even_if_locked"],
        ssh=options["ssh_user"] or "",
        send_to=options["send_test"] or "",
        any_certificate=options["any_certificate"],
        log=_log(options["log_host"]) if options["log_host"] else None,
    )


_ASKED = {
    "password_file": "password-file",
    "alias": "alias",
    "disabled": "without",
    "send_test": "send-test",
    "log_host": "log-host",
}


def _log(host: str) -> Callable[[], tuple[str, ...]]:
    """Return what reads the end of a server's audit.log over ssh."""

    def lines() -> tuple[str, ...]:
        done = Remote(host).run(("tail", "-n", _LINES, _AUDIT_LOG))
        if done.code:
            raise Unreachable(f"{host}: {_AUDIT_LOG} cannot be read: {done.said}.")
        return tuple(done.out.decode("utf-8", "replace").splitlines())

    return lines


def _guards(paths: tuple[str, ...], site: Profile) -> Guards:
    """Return after how many failures somebody is shut out, by recorded evidence."""
    if not paths:
        return Guards()
    evidence = merge(map(stored, map(Path, paths)))
    return guards(Facts(evidence, site, moment(evidence.when)))


def _secret(name: str, path: str | None) -> str:
    """Return the password: the first line of a file, or what somebody types."""
    if path is None:
        text: str = click.prompt(f"Password of {name}", hide_input=True, err=True)
        return text
    try:
        with Path(path).open(encoding="utf-8") as file:
            if stat.S_IMODE(Path(path).stat().st_mode) & _OTHERS:
                raise BadFile(f"{path} can be read by others: chmod 0600 {path}.")
            found = file.read(_MOST).split("\n")[0]
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(f"{path} cannot be read: {error}.") from error
    if not found:
        raise BadFile(f"{path} holds no password: its first line is empty.")
    return found
