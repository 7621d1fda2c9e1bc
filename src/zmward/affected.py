"""Whom a cure can hurt, as far as the directory and the server's logs show it."""

import ipaddress
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

import msgspec

from zmward.change import Change, SetAttr
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.i18n import mark
from zmward.sources.accounts import ACCOUNTS
from zmward.sources.recent_logins import RECENT_LOGINS, Logins, Use

_NAMES: Final = 5
_UNASKED: Final = mark("no log was read: who it is shows a plan made on the server")
FEW_DAYS: Final = 7


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


def _first(found: Mapping[str, Use]) -> tuple[str, ...]:
    ranked = sorted(found, key=lambda name: (-found[name].count, name))
    return tuple(ranked[:_NAMES])


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


def _networks(values: Iterable[str]) -> Iterator[str]:
    for value in values:
        yield from value.replace(",", " ").split()


def _within(address: str, words: Iterable[str]) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    for word in words:
        try:
            network = ipaddress.ip_network(word.strip("[]!"), strict=False)
        except ValueError:
            continue
        if found in network:
            return True
    return False


def _relays(logins: Logins, change: SetAttr | None) -> Iterator[Affected]:
    """Name the clients without a login that only the wider networks let in."""
    days = logins.days.get("mail")
    if change is None or change.attribute != "zimbraMtaMyNetworks":
        return
    old = tuple(_networks(change.before or ()))
    new = tuple(_networks(change.after or ()))
    found = {
        address: use
        for address, use in logins.clients.items()
        if _within(address, old) and not _within(address, new)
    }
    yield _row(mark("clients that sent from the networks taken off"), found, days)


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
}


def _of_logs(control: str, change: Change, facts: Facts) -> Iterator[Affected]:
    rule = _RULES.get(control)
    if rule is None:
        return
    attr = change if isinstance(change, SetAttr) else None
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
    shown = [row for control in controls for row in _of_logs(control, change, facts)]
    if not shown:
        shown = [Affected(mark("the logs do not show how many"), None)]
    return (*dict.fromkeys(shown), *_of_directory(change, facts))
