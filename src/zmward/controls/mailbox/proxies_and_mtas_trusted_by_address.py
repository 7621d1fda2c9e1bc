"""The mailboxes trust the proxies and MTAs to name the client."""

import ipaddress
import re
from collections.abc import Iterator

from zmward.change import SetAttr
from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import on_directory
from zmward.controls.shapes.effective import server_value
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.logs.trust import written
from zmward.sources.addresses import ADDRESSES
from zmward.sources.directory import CONFIG, SERVERS, Entry

TRUSTED = "zimbraMailTrustedIP"
_GROUPS = re.compile(
    r"\[?(?:(?:0|[1-9a-f][0-9a-f]{0,3}):){7}(?:0|[1-9a-f][0-9a-f]{0,3})\]?"
)


def _matches_something(value: str) -> bool:
    """Say whether a value can match: Zimbra compares whole texts, no networks."""
    if _GROUPS.fullmatch(value):
        return True
    try:
        return ipaddress.ip_address(value).version == 4  # noqa: PLR2004  # IPv4
    except ValueError:
        return False


def _addresses(facts: Facts, server: Entry) -> set[str]:
    mode = server_value(facts, server, "zimbraIPMode")
    found = set()
    for address in facts.read(ADDRESSES, server.name):
        parsed = ipaddress.ip_address(address)
        if parsed.is_loopback or parsed.is_link_local:
            continue
        if parsed.version == 4 or mode in (("both",), ("ipv6",)):  # noqa: PLR2004  # IPv4
            found.add(written(address)[0])
    return found


def _look(facts: Facts) -> Iterator[Judgement]:
    mailboxes = facts.servers("mailbox")
    if not mailboxes:
        yield not_concerned(Layer.DECLARED, "directory", "no server runs mailbox")
        return
    needed: set[str] = set()
    named = {s.name: s for s in (*facts.servers("proxy"), *facts.servers("mta"))}
    for server in named.values():
        try:
            needed |= _addresses(facts, server)
        except Unseen as signal:
            reason = f"its addresses are not known: {signal.missing.reason}"
            yield unknown(Layer.DECLARED, server.label, reason)
    places = [s if s.own(TRUSTED) else facts.config() for s in mailboxes]
    for place in {place.label: place for place in places}.values():
        yield _judged(place, needed)


def _judged(place: Entry, needed: set[str]) -> Judgement:
    values = place.own(TRUSTED)
    text = f"{TRUSTED}: {', '.join(values) or '(not set)'}"
    lacking = sorted(needed - set(values))
    useless = [value for value in values if not _matches_something(value)]
    if not lacking and not useless:
        return sound(Layer.DECLARED, place.label, source="directory", seen=text)
    kept = [value for value in values if value not in useless]
    said = [f"lacks {', '.join(lacking)}"] if lacking else []
    said += [f"never matches: {', '.join(useless)}"] if useless else []
    return deviates(
        Layer.DECLARED,
        place.label,
        f"{text}; {'; '.join(said)}",
        "the literal address of every proxy and MTA",
        cure=SetAttr(
            place.label, TRUSTED, place.own(TRUSTED) or None, (*kept, *lacking)
        ),
        source="directory",
    )


_OWN = ("127.0.0.1", "::1", "192.0.2.10", "2001:db8::5", "fe80::1")


CONTROL = Control(
    id="proxies-and-mtas-trusted-by-address",
    title="The mailboxes trust the proxies and MTAs to name the client",
    why=(
        "Without it every web and SMTP login in the logs comes from the proxy's "
        "own address: guessers cannot be told apart, and a ban hits everybody."
    ),
    impact="None; mailboxd restarts.",
    severity=Severity.HIGH,
    tips=("T32",),
    roles=("mailbox", "proxy", "mta"),
    check=on_directory(
        Layer.DECLARED,
        (CONFIG, SERVERS, ADDRESSES),
        _look,
        cures=True,
        attributes=(TRUSTED,),
    ),
    refs=(),
    note=(
        "Loopback is always trusted. Values are compared as whole texts: no "
        "networks, no names, and IPv6 in brackets with all eight groups. Trust "
        "nothing else: a trusted host may name any client address. A balancer in "
        "front that sets the header belongs here too."
    ),
    examples=(
        passes(config={TRUSTED: ("127.0.0.1", "192.0.2.10")}, addresses=_OWN),
        fails(config={}, addresses=_OWN),
        fails(config={TRUSTED: "192.0.2.0/24"}, addresses=_OWN),
        fails(config={TRUSTED: ("192.0.2.10", "10.0.0.0/8")}, addresses=_OWN),
        fails(
            config={TRUSTED: "192.0.2.10"},
            server={TRUSTED: "192.0.2.7"},
            addresses=_OWN,
        ),
        fails(config={TRUSTED: "192.0.2.10", "zimbraIPMode": "both"}, addresses=_OWN),
        passes(
            config={
                TRUSTED: (
                    "192.0.2.10",
                    "[2001:db8:0:0:0:0:0:5]",
                    "2001:db8:0:0:0:0:0:5",
                ),
                "zimbraIPMode": "both",
            },
            addresses=_OWN,
        ),
        unsure(config={TRUSTED: "192.0.2.10"}, missing=("addresses",)),
        unsure(
            config={TRUSTED: "192.0.2.10"},
            addresses=_OWN,
            servers={"proxy2.example.com": {"zimbraServiceEnabled": "proxy"}},
        ),
        unconcerned(services=("mta",), config={}, addresses=_OWN),
    ),
)
