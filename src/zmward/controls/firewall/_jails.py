"""Whether a jail of fail2ban bans anybody, by its own settings."""

import ipaddress
import re
from collections.abc import Iterable

import msgspec

from zmward.sources.fail2ban import Jail

# zmward's own profile takes a minute at least; a shorter ban hinders no guessing.
_SHORTEST = 60
# Who may fail more often within one while is hardly hindered.
MOST_FAILURES = 100
_UNITS = (
    *((1, "s sec second seconds"), (60, "m min minute minutes")),
    *((3600, "h hour hours"), (86_400, "d day days"), (604_800, "w week weeks")),
    *((2_629_800, "mo month months"), (31_557_600, "y year years")),
)
_SECONDS = {name: seconds for seconds, names in _UNITS for name in names.split()}
_TIME = re.compile(r"([\d.]+)\s*([a-z]*)\s*")
_ACTION = re.compile(r"(?m)^\s*([\w.-]+)\s*(?:\[|$)")
# Actions of fail2ban that tell somebody, and ban nobody.
_TELLING = re.compile(
    r"(?:sendmail|mail|complain|abuseipdb|apprise|blocklist_de|dshield|dummy|ipthreat"
    r"|mynetwatchman|noop|smtp|xarf)(?:[-.].*)?"
)


class Worth(msgspec.Struct, frozen=True):
    """What is the matter with a jail: something surely, or what is not known."""

    flaw: str = ""
    doubt: str = ""


def _seconds(text: str) -> float | None:
    """Read `90`, `10m` or `1d 12h` as fail2ban does; None for anything else."""
    words = text.strip().lower()
    if re.fullmatch(r"-\d+", words):
        return float("inf")
    parts = _TIME.findall(words)
    if not parts or _TIME.sub("", words):
        return None
    try:
        return sum(float(count) * _SECONDS[unit or "s"] for count, unit in parts)
    except (KeyError, ValueError):
        return None


def _everybody(words: Iterable[str]) -> bool:
    """Say whether some words together hold all addresses of a family."""
    old: list[ipaddress.IPv4Network] = []
    new: list[ipaddress.IPv6Network] = []
    for word in words:
        try:
            net = ipaddress.ip_network(word, strict=False)
        except ValueError:  # a name, which is one machine
            continue
        if isinstance(net, ipaddress.IPv4Network):
            old.append(net)
        else:
            new.append(net)
    return any(net.prefixlen == 0 for net in ipaddress.collapse_addresses(old)) or any(
        net.prefixlen == 0 for net in ipaddress.collapse_addresses(new)
    )


def _action(text: str) -> Worth:
    if "%(" in text:
        return Worth(doubt="its action is not known")
    names = _ACTION.findall(text)
    if not names:
        return Worth("it has no action")
    if all(map(_TELLING.fullmatch, names)):
        return Worth(f"its action only tells somebody: {', '.join(names)}")
    return Worth()


def _retries(text: str, most: int) -> Worth:
    if not re.fullmatch(r"-?\d{1,9}", text):
        return Worth(doubt=f"its maxretry is not known: {text[:40]!r}")
    if int(text) > most:
        return Worth(f"maxretry is {text}")
    return Worth()


def _time(text: str) -> Worth:
    seconds = _seconds(text)
    if seconds is None:
        return Worth(doubt=f"its bantime is not known: {text[:40]!r}")
    return Worth(f"bantime is {text}") if seconds < _SHORTEST else Worth()


def worth(jail: Jail, failures: int) -> Worth:
    """Say why a jail bans nobody; `failures` is what the profile wants to allow."""
    some = [
        Worth("ignoreip spares everybody") if _everybody(jail.spared) else Worth(),
        _retries(jail.retries, max(failures, MOST_FAILURES)),
        _time(jail.ban),
        _action(jail.action),
    ]
    if jail.excused:
        some.append(Worth(doubt="whom its ignorecommand spares is not known"))
    flaws = ", ".join(one.flaw for one in some if one.flaw)
    return Worth(flaws, ", ".join(one.doubt for one in some if one.doubt))
