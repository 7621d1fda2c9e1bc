"""Whether the server's log shows the address from which somebody logged in."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec.structs import replace

from zmward.scan.login import Ended, LoginShown

_LINE = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\S* .*?\[([^\]\s]*=[^\]]*)\].*")
# Logs are in the server's own time, which is off by whole quarters of an hour.
_QUARTER = timedelta(minutes=15)
_AROUND = timedelta(minutes=2)
_LONGEST = 4000


def where_to_look(shown: LoginShown) -> str:
    """Say in words which address stands in which log at which time."""
    source = shown.source or "the address of the looker"
    return (
        f"audit.log must show {source} in the line of the login of {shown.account} at "
        f"{shown.when} (UTC)"
    )


def _near(line: str, when: datetime) -> bool:
    match = _LINE.match(line)
    if match is None:
        return False
    try:
        written = datetime.fromisoformat(match[1])
    except ValueError:
        return False
    away = abs(written - when.replace(tzinfo=None))
    rest = away % _QUARTER
    return away <= timedelta(hours=15) and min(rest, _QUARTER - rest) <= _AROUND


def _origin(line: str) -> str:
    """Return the address that counts: the last of `oip`, else `ip`."""
    match = _LINE.match(line)
    pairs = dict(
        pair.split("=", 1)
        for pair in (match[2] if match else "").split(";")
        if "=" in pair
    )
    return pairs.get("oip", pairs.get("ip", "")).split(",")[-1].strip()


def traced(shown: LoginShown, lines: Iterable[str]) -> LoginShown:
    """Look for a login in lines of audit.log; without its line nothing is known."""
    if shown.proof != "origin-in-log" or not shown.when or not shown.source:
        return shown
    when = datetime.fromisoformat(shown.when)
    account = f"account={shown.account.lower()};"
    found = [
        line[:_LONGEST]
        for line in lines
        if "cmd=Auth" in line
        and account in line[:_LONGEST].lower()
        and "error=" not in line
        and _near(line[:_LONGEST], when)
    ]
    if not found:
        return replace(shown, trouble="no line of this login was found in audit.log")
    right = [line for line in found if _origin(line) == shown.source]
    line = (right or found)[-1]
    ended: Ended = "good" if right else "bad"
    return replace(shown, ended=ended, answer=line[:200], trouble="")
