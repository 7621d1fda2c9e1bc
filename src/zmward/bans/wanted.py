"""What fail2ban is to do on one server: jails, whom they spare, what speaks against.

Pure: who calls brings the evidence and what the logs said.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from zmward.bans.jails import (
    DIRECT,
    EITHER,
    EVENT_LOGS,
    LOGIN,
    RECIDIVE,
    SMTP,
    Jail,
    Placed,
)
from zmward.bans.networks import around
from zmward.bans.spared import Spared, everybody, plain_address, spared
from zmward.bans.victims import BYSTANDERS, Victim
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.firewall.services import services
from zmward.firewall.settings import entry
from zmward.i18n import mark
from zmward.logs.compact import EVENTS
from zmward.logs.report import LogReport
from zmward.sources.fail2ban import FAIL2BAN
from zmward.sources.listeners import LISTENERS
from zmward.sources.packages import PACKAGES

_OLDEST: Final = (0, 10)
_SYSLOG: Final = 514


class Reason(msgspec.Struct, frozen=True):
    """Why something is not done, or what else to know: a subject and a sentence."""

    subject: str
    text: str


class Bans(msgspec.Struct, frozen=True):
    """All of it; with something in `refused` nothing of it is installed."""

    host: str
    jails: tuple[Placed, ...]
    spared: tuple[Spared, ...]
    refused: tuple[Reason, ...] = ()
    left: tuple[Reason, ...] = ()
    notes: tuple[Reason, ...] = ()


class Ground(msgspec.Struct, frozen=True):
    """What is known beside the evidence: which logs exist, and who works there.

    `logs` is None where nobody has looked.
    """

    logs: frozenset[str] | None = None
    operators: tuple[str, ...] = ()


_NO_EVENTS = mark(
    "No event log is there ({log}), and mailboxd's own lines can be turned against "
    "others by words of clients: have `zmward logs follow --events {events}` run as "
    "a service, then try again."
)
_NO_LOG = mark("{log} does not exist.")
_NAMES = mark(
    "Networks of IPv6 are not banned whole, only their addresses: which of them hold "
    "{names}, which ignoreip of this server's fail2ban names, is not known. Write "
    "addresses there."
)
_ELSEWHERE = mark(
    "Traffic enters at {proxies}, so who comes through it is banned there: hand the "
    "event log over (docs/guides/ban-attackers.md). Here only those are banned who "
    "come past it."
)


def _ports(facts: Facts, host: str, jail: Jail) -> tuple[int, ...]:
    return tuple(
        sorted({s.port for s in services(facts, host) if s.name in jail.services})
    )


def _wanted(facts: Facts, host: str) -> Iterator[tuple[Jail, str]]:
    """Yield the jails for the roles of a server, and which addresses count there."""
    roles = entry(facts, host).own("zimbraServiceEnabled")
    if "mta" in roles:
        yield SMTP, EITHER
    if "proxy" in roles or ("mailbox" in roles and not facts.servers("proxy")):
        yield LOGIN, EITHER
    elif "mailbox" in roles:
        yield LOGIN, DIRECT


def _missing(jail: Jail, ground: Ground) -> str:
    if ground.logs is None or jail.log in ground.logs:
        return ""
    text = _NO_EVENTS if jail.log == EVENT_LOGS else _NO_LOG
    return text.replace("{log}", jail.log).replace("{events}", EVENTS)


def _placed(
    facts: Facts, host: str, ground: Ground, left: list[Reason], notes: list[Reason]
) -> Iterator[Placed]:
    found = list(_wanted(facts, host))
    kept = []
    for jail, ways in found:
        missing = _missing(jail, ground)
        if missing:
            left.append(Reason(jail.name, missing))
            continue
        if ways == DIRECT:
            names = ", ".join(server.name for server in facts.servers("proxy"))
            notes.append(Reason(jail.name, _ELSEWHERE.replace("{proxies}", names)))
        kept.append(jail)
        yield Placed(jail, _ports(facts, host, jail), ways)
    missing = _missing(RECIDIVE, ground) if kept else ""
    if missing:
        left.append(Reason(RECIDIVE.name, missing))
    elif kept:
        ports = sorted({p for jail in kept for p in _ports(facts, host, jail)})
        yield Placed(RECIDIVE, tuple(ports))


def _foreign(facts: Facts, host: str, placed: Iterable[Placed]) -> Iterator[Reason]:
    """Name the jails of others that act on the same logs or ports as ours."""
    try:
        found = facts.read(FAIL2BAN, host)
    except Unseen:
        return
    ports = {port for one in placed for port in one.ports}
    for jail in found.jails:
        if jail.ours:
            continue
        shared = sorted(ports & jail.ports)
        reads = [log for log in jail.logs if "zimbra" in log]
        if not shared and not reads:
            continue
        on = f"bans on {', '.join(map(str, shared))}" if shared else ""
        of = f"reads {', '.join(reads)}" if reads else ""
        said = " and ".join(filter(None, (on, of)))
        yield Reason(
            jail.name,
            f"The jail {jail.name} of this server's own fail2ban {said}: both act. "
            "Whether its filter can be turned against others is not proved; switch it "
            f"off by `enabled = false` below [{jail.name}] in jail.local.",
        )


def _syslog(facts: Facts, host: str, placed: Iterable[Placed]) -> Iterator[Reason]:
    """Say where others can write into the log of SMTP logins over the network."""
    if SMTP not in {one.jail for one in placed}:
        return
    try:
        found = facts.read(LISTENERS, host)
    except Unseen:
        return
    if any(one.port == _SYSLOG and not one.loopback for one in found):
        yield Reason(
            SMTP.name,
            f"Port {_SYSLOG} takes lines of others, which stand in {SMTP.log} like "
            "this server's own: whoever reaches it can have anybody banned, by UDP "
            "under a false address too. Let in the other nodes alone, by TLS at best, "
            "have rsyslog not listen, or have the jail read this server's own lines "
            "alone (docs/guides/ban-attackers.md).",
        )


def _old(facts: Facts, host: str) -> Iterator[Reason]:
    try:
        version = facts.read(PACKAGES, host).get("fail2ban", "")
    except Unseen:
        return
    numbers = version.partition(":")[2] or version
    parts = [p for p in numbers.replace("-", ".").split(".")[:2] if p.isdecimal()]
    if len(parts) == len(_OLDEST) and tuple(map(int, parts)) < _OLDEST:
        yield Reason(
            "fail2ban",
            f"fail2ban {version} is older than 0.10 and knows no IPv6: install a newer "
            "one, then try again.",
        )


def bans(facts: Facts, host: str, ground: Ground) -> Bans:
    """Return what is wanted on a server; Unseen where its roles are not known."""
    left: list[Reason] = []
    notes: list[Reason] = []
    refused: list[Reason] = [*_old(facts, host)]
    some, unknown = spared(facts, host, ground.operators)
    for name in unknown:
        text = f"No address of {name} is known, and it must never be banned: let this "
        text += "server resolve it, or name its address in firewall.cluster."
        refused.append(Reason(name, text))
    for one in everybody(some):
        text = f"{one.word} ({one.why}) spares everybody: name networks of yours."
        refused.append(Reason(one.word, text))
    if facts.profile.bans.network_addresses and around(some) is None:
        names = ", ".join(one.word for one in some if not plain_address(one.word))
        notes.append(Reason("ipv6", _NAMES.replace("{names}", names)))
    placed = tuple(_placed(facts, host, ground, left, notes))
    notes += _foreign(facts, host, placed)
    notes += _syslog(facts, host, placed)
    if not placed:
        text = "No jail of ours has something to read here."
        refused.append(Reason("jails", text))
    return Bans(host, placed, some, tuple(refused), tuple(left), tuple(notes))


def _hidden(found: LogReport, placed: Iterable[Placed]) -> Iterator[Reason]:
    """Yield why the jail of logins would ban the wrong one, or might."""
    if LOGIN not in {one.jail for one in placed}:
        return
    origin = found.origin_ip
    if origin.verdict == "unknown":
        yield Reason(
            "origin-ip",
            "No login stands in the logs that were read, so whether they show clients "
            "is not known: log in once as users do, or read more (--since 2w).",
        )
    if origin.verdict == "bad":
        hidden = origin.proxy_only + origin.absent
        machines = ", ".join(origin.hiding) or "none is named"
        yield Reason(
            "origin-ip",
            f"{hidden} of {origin.usable + hidden} logins do not show their client, "
            "so the wrong one would be banned or nobody. The machines between: "
            f"{machines}. Put proxies and MTAs into zimbraMailTrustedIP (`zmward plan "
            "--only proxies-and-mtas-trusted-by-address`) and restart mailboxd. Lines "
            "from before stay as they are: judge by new ones (--since 2h).",
        )


def late(seconds: int, placed: Iterable[Placed]) -> Iterator[Reason]:
    """Yield why a jail would wait in vain: nobody writes its event log."""
    if seconds and LOGIN in {one.jail for one in placed}:
        yield Reason(
            LOGIN.name,
            f"The event log lags {seconds // 60} minutes behind the logs, so its jail "
            f"would wait in vain: `zmward logs follow --events {EVENTS}` must run as a "
            "service.",
        )


def against(
    found: LogReport | None, placed: Iterable[Placed], some: Iterable[Victim]
) -> Iterator[Reason]:
    """Yield why jails must not start: clients hidden, or bystanders banned."""
    if found is None:
        yield Reason(
            "logs",
            "The logs were not read, so nobody knows whether a proxy or an office "
            "would be banned: run it on the server itself.",
        )
        return
    yield from _hidden(found, placed)
    for one in some:
        if one.hides:
            yield Reason(
                one.address,
                f"{one.address} ({one.spared}) would have been banned {one.bans} times "
                "if it were not spared: either clients come through it who are not "
                "told apart, so that attackers behind it escape, or something on it "
                "fails to log in. Trust it as a proxy (zimbraMailTrustedIP, and "
                "logs.trusted of the profile) or mend its logins.",
            )
        elif not one.spared and BYSTANDERS & set(one.doubts):
            yield Reason(
                one.address,
                f"{one.address} would have been banned {one.bans} times, and "
                f"{one.accounts} accounts log in well from there: an office, a NAT or "
                "a balancer. Name it in bans.spared of the profile (a proxy of yours "
                "in networks.proxies), or raise bans.failures.",
            )
