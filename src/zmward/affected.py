"""Whom a cure can hurt, as far as the directory and the server's logs show it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

import msgspec

from zmward.change import Change, SetAttr
from zmward.controls.mta._networks import (
    ATTRIBUTE,
    Network,
    covers,
    loopback,
    network,
    words_of,
)
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.i18n import mark
from zmward.sources.accounts import ACCOUNTS
from zmward.sources.recent_logins import RECENT_LOGINS, Logins, Use
from zmward.sources.recent_ssh import RECENT_SSH, SshLogins

_NAMES: Final = 5
_UNASKED: Final = mark("no log was read: who it is shows a plan made on the server")
FEW_DAYS: Final = 7
_LOGIN_TO_SEND: Final = "zimbraMtaSaslAuthEnable"


class Affected(msgspec.Struct, frozen=True):
    """A group of people or machines: who, how many (None: not known), the first.

    `days` is on how many days the log that was asked has lines,
    and `more` says that there are more than it was counted for.
    """

    who: str
    count: int | None
    names: tuple[str, ...] = ()
    days: int | None = None
    more: bool = False


def _told(name: str, use: Use) -> str:
    """Return who it is, how often he came, and from where last."""
    where = f" from {use.address}" if use.address and use.address != name else ""
    return f"{name}: {use.count}{where}"


def _first(found: Mapping[str, Use]) -> tuple[str, ...]:
    ranked = sorted(found, key=lambda name: (-found[name].count, name))
    return tuple(_told(name, found[name]) for name in ranked[:_NAMES])


def _row(who: str, found: Mapping[str, Use], days: int | None) -> Affected:
    return Affected(who, len(found), _first(found), days)


def _spoke(*protocols: str) -> Callable[[Logins, SetAttr | None], Iterator[Affected]]:
    """Return a rule: accounts that logged in over these protocols."""

    def look(logins: Logins, change: SetAttr | None) -> Iterator[Affected]:
        found: dict[str, Use] = {}
        for protocol in protocols:
            found |= logins.accounts.get(protocol, {})
        kind, _, name = change.target.partition(":") if change else ("", "", "")
        if kind == "account":
            found = {name: found[name]} if name in found else {}
        who = mark("accounts that logged in over {what}")
        text = who.replace("{what}", " or ".join(protocols).upper())
        yield _row(text, found, logins.days.get("audit"))

    return look


def _sent(logins: Logins, change: SetAttr | None) -> Iterator[Affected]:
    del change
    found = logins.typed.get("smtp", {})
    who = mark("names that logged in over SMTP to send")
    yield _row(who, found, logins.days.get("mail"))


def _aliases(logins: Logins, change: SetAttr | None) -> Iterator[Affected]:
    del change
    accounts = {name.lower() for own in logins.accounts.values() for name in own}
    # A name without its domain is no alias: the default domain is added to it.
    accounts |= {name.partition("@")[0] for name in accounts}
    found = {
        name: use
        for own in logins.typed.values()
        for name, use in own.items()
        if name.lower() not in accounts
    }
    who = mark("typed names that are no account's own")
    yield _row(who, found, min(logins.days.values()))


def _old_tls(logins: Logins, change: SetAttr | None) -> Iterator[Affected]:
    del change
    who = mark("clients that spoke TLS 1.0 or 1.1 to Postfix")
    yield _row(who, logins.old_tls, logins.days.get("mail"))


def _networks(values: Iterable[str] | None) -> tuple[Network, ...]:
    found = map(network, words_of(tuple(values or ())))
    return tuple(each for each in found if each is not None)


def _within(address: str, networks: Iterable[Network]) -> bool:
    found = network(address)
    return found is not None and any(covers(each, found) for each in networks)


def _in_force(change: SetAttr, facts: Facts) -> SetAttr:
    """Return the change with what a server inherits in the place of nothing."""
    if change.attribute != ATTRIBUTE or not change.target.startswith("server:"):
        return change
    try:
        shared = facts.config().own(ATTRIBUTE)
    except Unseen:
        return change
    before, after = change.before or shared, change.after or shared
    return SetAttr(change.target, ATTRIBUTE, before or None, after or None)


def _relays(logins: Logins, change: SetAttr | None) -> Iterator[Affected]:
    """Name the clients without a login that only the wider networks let in."""
    days = logins.days.get("mail")
    if change is None or change.attribute != ATTRIBUTE:
        return
    old, new = _networks(change.before), _networks(change.after)
    found = {
        address: use
        for address, use in logins.clients.items()
        if _within(address, old) and not _within(address, new)
    }
    yield _row(mark("clients that sent from the networks taken off"), found, days)


def _silences(change: SetAttr) -> bool:
    """Say whether a change can stop machines that send through this server."""
    if change.attribute == _LOGIN_TO_SEND:
        return change.after == ("no",)
    if change.attribute != ATTRIBUTE:
        return False
    new = _networks(change.after)
    lost = (old for old in _networks(change.before) if not _all_within(old, new))
    return any(not loopback(old) for old in lost)


def _all_within(old: Network, new: Iterable[Network]) -> bool:
    return any(covers(each, old) for each in new)


def unseen_relays(change: Change, facts: Facts | None) -> str:
    """Say why nobody can know who would be silenced; empty where it is known.

    A printer or a ticket system that sends once a week shows only in a week of logs.
    """
    if not isinstance(change, SetAttr):
        return ""
    if not _silences(_in_force(change, facts) if facts else change):
        return ""
    seen = "a report holds none"
    if facts is not None:
        found = {host: _days(facts, host) for host in _senders(change, facts)}
        few = [f"{host}: {days}" for host, days in found.items() if days < FEW_DAYS]
        if not few:
            return ""
        seen = ", ".join(few)
    return (
        f"machines may send through it of which nobody thinks: {FEW_DAYS} days of mail "
        f"logs are needed ({seen}), or --despite-short-logs"
    )


def _senders(change: SetAttr, facts: Facts) -> tuple[str, ...]:
    """Return the nodes that were seen and on which such a change works."""
    kind, _, name = change.target.partition(":")
    try:
        nodes = (name,) if kind == "server" else facts.hosts("mta")
    except Unseen:
        nodes = facts.evidence.hosts
    return tuple(node for node in nodes if node in facts.evidence.hosts)


def _days(facts: Facts, host: str) -> int:
    try:
        return facts.read(RECENT_LOGINS, host).days.get("mail", 0)
    except Unseen:
        return 0


def _of_domain(logins: Logins, change: SetAttr | None) -> Iterator[Affected]:
    """Name the accounts of a domain that logged in, over whatever protocol."""
    ending = f"@{change.target.partition(':')[2]}" if change else "@"
    found: dict[str, Use] = {}
    for own in logins.accounts.values():
        found |= {name: use for name, use in own.items() if name.endswith(ending)}
    who = mark("accounts of this domain that logged in")
    yield _row(who, found, logins.days.get("audit"))


_Rule = Callable[[Logins, SetAttr | None], Iterator[Affected]]
_RULES: Final[Mapping[str, _Rule]] = {
    "imap-off-by-default": _spoke("imap"),
    "pop-off-by-default": _spoke("pop3"),
    "mailbox-refuses-clear-text-logins": _spoke("imap", "pop3"),
    "mail-proxy-demands-starttls": _spoke("imap", "pop3"),
    "proxy-limits-logins-by-address": _spoke("imap", "pop3"),
    "mobile-sync-off": _spoke("zsync"),
    "smtp-auth-off-or-restricted": _sent,
    "mta-auth-only-over-tls": _sent,
    "senders-match-logins": _sent,
    "mta-login-guessing-is-slowed": _sent,
    "login-by-alias-refused": _aliases,
    "smtps-speaks-modern-tls": _old_tls,
    "mta-starttls-speaks-modern-tls": _old_tls,
    "mta-trusts-cluster-only": _relays,
    "mta-is-no-open-relay": _relays,
    "mta-trusts-no-balancer": _relays,
    "foreign-directory-asked-over-tls": _of_domain,
    "no-fallback-to-local-passwords": _of_domain,
}


def _of_logs(control: str, change: Change, facts: Facts) -> Iterator[Affected]:
    rule = _RULES.get(control)
    if rule is None:
        return
    attr = _in_force(change, facts) if isinstance(change, SetAttr) else None
    asked = False
    for host in facts.evidence.hosts:
        try:
            logins = facts.read(RECENT_LOGINS, host)
        except Unseen:
            continue
        asked = True
        for row in rule(logins, attr):
            if row.days is not None:
                yield msgspec.structs.replace(row, more=bool(logins.cut))
    if not asked:
        yield Affected(_UNASKED, None)


_NO_KEY: Final = mark("logins over SSH without a key (who from where)")
_ZIMBRA: Final = mark("logins over SSH as zimbra (who from where), other servers too")


def _over_ssh(
    *ways: str, user: str = "", who: str = _NO_KEY
) -> Callable[[SshLogins], Affected]:
    """Return a rule: logins over SSH by these ways, of one user or of all."""

    def look(logins: SshLogins) -> Affected:
        found = {
            name: Use(count)
            for way, names in logins.ways.items()
            for name, count in names.items()
            if way.startswith(ways) and name.startswith(f"{user} " if user else "")
        }
        return _row(who, found, logins.days)

    return look


_PASSWORDS = ("password", "keyboard-interactive")
_SSH: Final[Mapping[str, Callable[[SshLogins], Affected]]] = {
    "ssh-without-passwords": _over_ssh(*_PASSWORDS, "hostbased", "none"),
    "ssh-root-needs-key": _over_ssh(*_PASSWORDS, "hostbased", user="root"),
    "ssh-without-gssapi": _over_ssh("gssapi"),
    "zimbra-logins-by-own-keys": _over_ssh("publickey", user="zimbra", who=_ZIMBRA),
}


def _of_ssh(control: str, change: Change, facts: Facts) -> Iterator[Affected]:
    if control not in _SSH:
        return
    try:
        yield _SSH[control](facts.read(RECENT_SSH, change.target))
    except Unseen:
        yield Affected(_UNASKED, None)


def _of_directory(change: Change, facts: Facts) -> Iterator[Affected]:
    """Count the users whose class of service or domain changes."""
    if not isinstance(change, SetAttr):
        return
    kind, _, name = change.target.partition(":")
    try:
        census = facts.read(ACCOUNTS).census
        if kind == "global":
            yield Affected(mark("active users in all"), census.active)
        if kind == "cos":
            ids = {cos.id for cos in facts.coses() if cos.name == name}
            count = sum(n for place, n in census.coses.items() if place in ids)
            if name == "default":
                count += sum(n for p, n in census.coses.items() if p.startswith("@"))
            yield Affected(mark("active users of this class"), count)
    except Unseen:
        return
    if kind == "account":
        yield Affected(mark("accounts"), 1, (name,))


def affected(
    controls: Iterable[str], change: Change, facts: Facts
) -> tuple[Affected, ...]:
    """Return who would be hurt; what no log and no directory shows is said as such."""
    shown = [
        row
        for control in controls
        for look in (_of_logs, _of_ssh)
        for row in look(control, change, facts)
    ]
    if not shown:
        shown = [Affected(mark("the logs do not show how many"), None)]
    return (*dict.fromkeys(shown), *_of_directory(change, facts))
