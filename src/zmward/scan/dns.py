"""What the domain name system says of the site's domains and of their mail servers.

Only answers are kept: what they mean is judged later, so that an old look can be judged
again.
"""

import ipaddress
import re
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from zmward.scan import spf
from zmward.scan.line import Exchange
from zmward.scan.names import Answered, Kind, Names, of, plain

_NAME: Final = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_.-]*[a-z0-9])?")
_SERVERS: Final = 4
_CERTIFIED: Final = 24
_ADDRESSES: Final = 8
_INCLUDES: Final = 14
_SELECTORS: Final = 8
_LISTS: Final = 24
_PARENTS: Final = 3
_POLICY: Final = 4096

# Returns the page behind an https address, whose certificate must be good; None where
# it cannot be had.
Fetch = Callable[[str], str | None]


class DnsShown(msgspec.Struct, frozen=True, tag="dns"):
    """The records of one domain that concern its mail.

    `policy` is the text of MTA-STS; None where it was not asked for or not had.
    `selectors` and `blocklists` are those that were asked for.
    """

    domain: str
    answers: tuple[Answered, ...] = ()
    policy: str | None = None
    selectors: tuple[str, ...] = ()
    blocklists: tuple[str, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    trouble: str = ""

    def answer(self, name: str, kind: Kind) -> Answered:
        """Return the answer to one question; unknown where it was not asked."""
        return of(self.answers, name, kind)

    def servers(self) -> tuple[str, ...] | None:
        """Return the names of the mail servers, the first first; None if unknown."""
        values = self.answer(self.domain, "MX").values
        if values is None:
            return None
        pairs = [value.split() for value in values]
        good = sorted((p for p in pairs if len(p) == 2 and p[0].isdecimal()), key=_rank)  # noqa: PLR2004  # number and name
        return tuple(plain(name) for _, name in good)


def _rank(pair: list[str]) -> tuple[int, str]:
    return int(pair[0]), pair[1]


class _Talk:
    """The questions of one look; none is asked twice."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self.answers: dict[tuple[str, str], Answered] = {}

    def ask(self, name: str, kind: Kind) -> Answered:
        name = plain(name) or "."
        key = (name, kind)
        if key not in self.answers:
            if name != "." and not _NAME.fullmatch(name):
                return Answered(name, kind, (), trouble="this is no name")
            self.answers[key] = self._names.ask(name, kind)
        return self.answers[key]

    def texts(self, domain: str) -> None:
        """Ask for SPF with everything that it takes in, and for DMARC above it."""
        ahead, asked = [domain], 0
        while ahead and asked < _INCLUDES:
            found = spf.records(self.ask(ahead.pop(0), "TXT")) or ()
            ahead += [n for record in found[:1] for n in spf.references(record)]
            asked += 1
        labels = domain.split(".")
        for count in range(min(_PARENTS, max(len(labels) - 1, 1))):
            answer = self.ask("_dmarc." + ".".join(labels[count:]), "TXT")
            if answer.values is None or answer.values:
                break

    def server(self, name: str) -> None:
        """Ask for a mail server's addresses, their names, and its certificates."""
        self.ask(f"_25._tcp.{name}", "TLSA")
        found = [*(self.ask(name, "A").values or ())]
        found += self.ask(name, "AAAA").values or ()
        for address in found[:_ADDRESSES]:
            try:
                kind: Kind = "AAAA" if ":" in address else "A"
                pointer = ipaddress.ip_address(address).reverse_pointer
            except ValueError:
                continue
            for back in (self.ask(pointer, "PTR").values or ())[:_SERVERS]:
                self.ask(back, kind)


def look(
    names: Names,
    domain: str,
    *,
    selectors: Iterable[str] = (),
    blocklists: Iterable[str] = (),
    fetch: Fetch | None = None,
) -> DnsShown:
    """Ask everything of one domain; `selectors` are those of its DKIM keys."""
    domain, talk = plain(domain), _Talk(names)
    chosen = tuple(dict.fromkeys(selectors))[:_SELECTORS]
    zones = tuple(dict.fromkeys(map(plain, blocklists)))[:_LISTS]
    # The root is signed: a resolver that proves answers says so here.
    talk.ask(".", "NS")
    talk.ask(domain, "MX")
    talk.texts(domain)
    talk.ask(domain, "CAA")
    for selector in chosen:
        talk.ask(f"{selector}._domainkey.{domain}", "TXT")
    sts = talk.ask(f"_mta-sts.{domain}", "TXT")
    talk.ask(f"_smtp._tls.{domain}", "TXT")
    servers = _shown(domain, talk, chosen, zones).servers() or ()
    some = tuple(dict.fromkeys(filter(None, servers)))
    for server in some[:_SERVERS]:
        talk.server(server)
    for server in some[_SERVERS:_CERTIFIED]:
        talk.ask(f"_25._tcp.{server}", "TLSA")
    for zone in zones:
        talk.ask(f"2.0.0.127.{zone}", "A")
        talk.ask(f"1.0.0.127.{zone}", "A")
    shown = _shown(domain, talk, chosen, zones)
    if fetch is None or not sts.values:
        return shown
    policy = fetch(f"https://mta-sts.{domain}/.well-known/mta-sts.txt")
    return msgspec.structs.replace(shown, policy=policy and policy[:_POLICY])


def _shown(
    domain: str, talk: _Talk, selectors: tuple[str, ...], zones: tuple[str, ...]
) -> DnsShown:
    answers = tuple(talk.answers.values())
    silent = {one.trouble for one in answers if one.values is None}
    everything = bool(answers) and all(one.values is None for one in answers)
    trouble = "; ".join(sorted(silent)) if everything else ""
    return DnsShown(domain, answers, None, selectors, zones, trouble=trouble)
