"""Whether a jail of fail2ban bans anybody, by its own settings."""

import ipaddress
import re
from collections.abc import Iterable

import msgspec

from zmward.sources.fail2ban import Jail

# zmward's own profile takes a minute at least; a shorter ban hinders no guessing,
# and within a shorter while hardly anybody fails often enough.
_SHORTEST = 60
# Who may fail more often within one while is hardly hindered.
MOST_FAILURES = 100
# All that is assigned of IPv6.
_GLOBAL = ipaddress.IPv6Network("2000::/3")
_MOST_SPARED = 0.5
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
    if re.fullmatch(r"-0*[1-9]\d*", words):
        return float("inf")
    parts = _TIME.findall(words)
    if not parts or _TIME.sub("", words):
        return None
    try:
        return sum(float(count) * _SECONDS[unit or "s"] for count, unit in parts)
    except (KeyError, ValueError):
        return None


def _share(nets: Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> float:
    """Return how much of their family's addresses some networks hold together."""
    old = [net for net in nets if isinstance(net, ipaddress.IPv4Network)]
    # Nobody comes from any other address of IPv6; of two such, one holds the other.
    new = [
        max(net, _GLOBAL, key=lambda one: one.prefixlen)
        for net in nets
        if isinstance(net, ipaddress.IPv6Network) and net.overlaps(_GLOBAL)
    ]
    held = sum(net.num_addresses for net in ipaddress.collapse_addresses(old))
    more = sum(net.num_addresses for net in ipaddress.collapse_addresses(new))
    return max(held / 2**32, more / _GLOBAL.num_addresses)


def _spared(words: Iterable[str]) -> Worth:
    """Judge ignoreip: who spares half of all addresses spares whoever guesses."""
    nets = []
    for word in words:
        try:
            nets.append(ipaddress.ip_network(word, strict=False))
        except ValueError:
            # A file, or a network in other words; a name is one machine.
            if "/" in word:
                return Worth(doubt=f"its ignoreip is not known: {word[:40]!r}")
    if _share(nets) >= _MOST_SPARED:
        return Worth("ignoreip spares everybody, or nearly")
    return Worth()


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


def _time(name: str, text: str) -> Worth:
    seconds = _seconds(text)
    if seconds is None:
        return Worth(doubt=f"its {name} is not known: {text[:40]!r}")
    return Worth(f"{name} is {text}") if seconds < _SHORTEST else Worth()


def _while(text: str) -> Worth:
    """Judge findtime: only a ban may be for ever."""
    if text.strip().startswith("-"):
        return Worth(f"findtime is {text}")
    return _time("findtime", text)


def worth(jail: Jail, failures: int) -> Worth:
    """Say why a jail bans nobody; `failures` is what the profile wants to allow."""
    some = [
        _spared(jail.spared),
        _retries(jail.retries, max(failures, MOST_FAILURES)),
        _time("bantime", jail.ban),
        _while(jail.find),
        _action(jail.action),
    ]
    if jail.excused:
        some.append(Worth(doubt="whom its ignorecommand spares is not known"))
    flaws = ", ".join(one.flaw for one in some if one.flaw)
    return Worth(flaws, ", ".join(one.doubt for one in some if one.doubt))
