"""Which lines show a finding: what to look for in the logs once more.

The first reading keeps no lines: the hot path would pay for millions that nobody sees.
"""

import math
from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace

from zmward.logs.event import Event
from zmward.logs.report import LogReport

_MOST, _LINES = 10, 3
_FAILED = frozenset(("failure", "unknown", "denied", "preauth-failure"))
_GRAVE = frozenset(
    ("campaign", "spraying", "distributed", "brute-force", "enumeration")
)


class Wanted(msgspec.Struct, frozen=True):
    """The lines of one finding: a word that they hold, and what they must tell.

    Empty texts say that it does not matter; `domain` is the end of the account.
    """

    about: str
    word: str
    kinds: frozenset[str]
    since: float
    until: float
    account: str = ""
    source: str = ""
    domain: str = ""
    most: int = _LINES

    def met(self, event: Event) -> bool:
        """Return whether a line that tells of this event belongs to the finding."""
        return (
            event.kind in self.kinds
            and self.since <= event.when <= self.until
            and self.account in {"", event.account}
            and self.source in {"", event.source}
            and event.account.endswith(self.domain)
        )


def _time(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _inside(found: LogReport) -> Iterator[Wanted]:
    """Yield the lines of logins that should not have worked, the good one last."""
    for win in found.successes_after_failures[:_MOST]:
        about, when = f"win {win.account} {win.source}", _time(win.when)
        before = Wanted(
            *(about, win.source, _FAILED),
            since=0.0,
            until=when + 1,
            account=win.account,
            source=win.source,
        )
        good = frozenset(("success",))
        yield before
        yield replace(before, kinds=good, since=when - 1, most=1)
    for session in found.impossible_sessions[:_MOST]:
        for login in session.logins:
            when = _time(login.when)
            yield Wanted(
                f"session {session.account}",
                login.source,
                frozenset(("success",)),
                when - 1,
                when + 1,
                account=session.account,
                source=login.source,
                most=1,
            )


def _conduct(found: LogReport) -> Iterator[Wanted]:
    for sent in found.sending[:_MOST]:
        begin = datetime.fromisoformat(f"{sent.day}T00:00:00+00:00")
        end = begin + timedelta(days=1)
        yield Wanted(
            *(f"sending {sent.account}", sent.account, frozenset(("success",))),
            since=begin.timestamp(),
            until=end.timestamp(),
            account=sent.account,
        )
    for asked in [one for one in found.recipients if one.verdict in _GRAVE][:_MOST]:
        yield Wanted(
            *(f"recipients {asked.address}", asked.address, frozenset(("recipient",))),
            since=_time(asked.first) - 1,
            until=_time(asked.last) + 1,
            source=asked.address,
        )
    for domain in [one for one in found.preauth if one.verdict == "guessing"][:_MOST]:
        yield Wanted(
            f"preauth {domain.domain}",
            domain.domain,
            frozenset(("preauth-failure",)),
            since=0.0,
            until=math.inf,
            domain=f"@{domain.domain}",
        )


def _attacks(found: LogReport) -> Iterator[Wanted]:
    for source in [one for one in found.sources if one.verdict in _GRAVE][:_MOST]:
        yield Wanted(
            *(f"source {source.address}", source.address),
            kinds=_FAILED | {"success", "probe"} if source.campaign else _FAILED,
            since=_time(source.first) - 1,
            until=_time(source.last) + 1,
            source=source.address,
        )
    for account in [one for one in found.accounts if one.verdict in _GRAVE][:_MOST]:
        yield Wanted(
            *(f"account {account.account}", account.account, _FAILED),
            since=_time(account.first) - 1,
            until=_time(account.last) + 1,
            account=account.account,
        )


def wanted(found: LogReport) -> tuple[Wanted, ...]:
    """Return what to look for: the gravest findings of each kind."""
    return (*_inside(found), *_conduct(found), *_attacks(found))
