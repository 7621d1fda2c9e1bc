"""Looks at the records of mail servers: names both ways, TLS told, lists alive, CAA."""

import ipaddress
from collections.abc import Iterator
from typing import Final

from zmward.controls.shapes.outside_dns import bad, good, told, unsure
from zmward.deviation import Judgement, Layer, not_concerned, unknown
from zmward.scan import policies
from zmward.scan.dns import DnsShown
from zmward.scan.names import Answered

_RUNNING: Final = Layer.RUNNING
_REFUSAL: Final = ipaddress.IPv4Network("127.255.255.0/24")
_LISTING: Final = ipaddress.IPv4Network("127.0.0.0/8")
_POINTER: Final = (
    "Whoever gave you the address sets its PTR record: one name, which leads back to "
    "the address and is the name that Postfix greets with."
)
_TLS: Final = (
    "Publish MTA-STS (a TXT record at _mta-sts.{0} and a policy at mta-sts.{0}), first "
    "with mode: testing and TLS-RPT, then with mode: enforce; or DANE with DNSSEC."
)
_LISTS: Final = (
    "Take the list out of zimbraMtaRestriction or zimbraMtaPostscreenDnsblSites."
)
_CAA: Final = "Publish CAA records that name the authority of your certificates."
_USAGES: Final = ("2", "3")
_SHOWN: Final = 4
# Who forges answers waits until a sender has forgotten the policy. RFC 8461 expects
# weeks (3.2); below a day even who is sent mail daily is not protected.
_DAY: Final = 86_400


def _null(servers: tuple[str, ...]) -> bool:
    """Say whether a domain takes no mail at all (RFC 7505)."""
    return servers == ("",)


def _mail(shown: DnsShown) -> tuple[str, ...] | Judgement:
    """Return the mail servers, or the judgement where there are none to look at."""
    servers = shown.servers()
    answer = shown.answer(shown.domain, "MX")
    if servers is None:
        return unsure(shown, answer)
    if not servers or _null(servers):
        reason = "it takes no mail" if servers else "it has no MX record"
        return not_concerned(_RUNNING, shown.domain, reason)
    return servers


def _addresses(shown: DnsShown, server: str) -> Iterator[str | Answered]:
    """Yield the addresses of a server, and what did not answer."""
    for kind in ("A", "AAAA"):
        answer = shown.answer(server, "A" if kind == "A" else "AAAA")
        if answer.values is None:
            yield answer
        else:
            yield from answer.values


def _confirmed(shown: DnsShown, address: str) -> tuple[bool | None, Answered]:
    """Say whether a name of an address leads back to it, and what shows it."""
    try:
        pointer = ipaddress.ip_address(address).reverse_pointer
    except ValueError:
        return None, Answered(address, "PTR", None, trouble="this is no address")
    names = shown.answer(pointer, "PTR")
    if names.values is None:
        return None, names
    doubt = None
    for name in names.values:
        back = shown.answer(name, "AAAA" if ":" in address else "A")
        if back.values is None:
            doubt = back
        elif _same(address, back.values):
            return True, names
    return (None, doubt) if doubt else (False, names)


def _same(address: str, values: tuple[str, ...]) -> bool:
    try:
        wanted = ipaddress.ip_address(address)
        return wanted in [ipaddress.ip_address(value) for value in values]
    except ValueError:
        return False


def named_both_ways(shown: DnsShown) -> Iterator[Judgement]:
    """Judge the names of the mail servers' addresses: each must lead back."""
    servers = _mail(shown)
    if isinstance(servers, Judgement):
        yield servers
        return
    looked = [s for s in servers if shown.answer(s, "A").trouble != "it was not asked"]
    for server in looked:
        found = tuple(_addresses(shown, server))
        if not found:
            text = f"{server} has no address"
            yield bad(
                shown, text, "an address", shown.answer(server, "A"), cure=_POINTER
            )
        for address in found:
            if isinstance(address, Answered):
                yield unsure(shown, address)
                continue
            holds, answer = _confirmed(shown, address)
            if holds is None:
                yield unsure(shown, answer)
            elif holds:
                yield good(shown, answer)
            else:
                none = "has no name" if not answer.values else "has a name of another"
                text = f"{address} of {server} {none}"
                yield bad(shown, text, "a name both ways", answer, cure=_POINTER)


def _sts(shown: DnsShown, servers: tuple[str, ...]) -> tuple[bool | None, str]:
    """Say whether MTA-STS demands TLS for all servers, and what shows it."""
    answer = shown.answer(f"_mta-sts.{shown.domain}", "TXT")
    if answer.values is None:
        return None, told(answer)
    if len([text for text in answer.values if policies.sts_record(text)]) != 1:
        return False, told(answer)
    if shown.policy is None:
        return None, f"{told(answer)}; the policy itself could not be had"
    return _demanded(policies.sts(shown.policy), servers)


def _demanded(
    policy: policies.Sts | None, servers: tuple[str, ...]
) -> tuple[bool, str]:
    if policy is None:
        return False, "the policy of MTA-STS cannot be read"
    left = [server for server in servers if not policies.covers(policy, server)]
    if left:
        return False, f"the policy of MTA-STS leaves out {', '.join(left)}"
    if policy.age < _DAY:
        return False, f"max_age: {policy.age}: senders forget the policy within a day"
    return policy.mode == "enforce", f"MTA-STS with mode: {policy.mode}"


def _dane(shown: DnsShown, servers: tuple[str, ...]) -> tuple[bool | None, str]:
    """Say whether DANE demands TLS of every server, and what shows it.

    A sender that is kept from one of them goes to the next.
    """
    found = [_dane_of(shown, server) for server in servers]
    for worst in (False, None):
        words = [text for state, text in found if state is worst]
        if words:
            return worst, "; ".join(words)
    return True, "; ".join(text for _, text in found)


def _dane_of(shown: DnsShown, server: str) -> tuple[bool | None, str]:
    answer = shown.answer(f"_25._tcp.{server}", "TLSA")
    proved = shown.answer(".", "NS").secure
    if answer.values is None:
        return None, told(answer)
    usable = [v for v in answer.values if v.split(" ")[0] in _USAGES]
    if not usable:
        return False, told(answer)
    # Whose servers' names are forged is sent to others (RFC 7672, 2.2.1).
    named = shown.answer(shown.domain, "MX").secure
    if answer.secure and named:
        return True, told(answer)
    if answer.secure:
        return False, (
            f"{told(answer)}, but the names of the servers come without DNSSEC: "
            "senders ignore it"
        )
    if proved:
        return False, f"{told(answer)}, without DNSSEC: senders ignore it"
    return None, f"{told(answer)}; the resolver here proves nothing (DNSSEC)"


def senders_told(shown: DnsShown) -> Iterator[Judgement]:
    """Judge whether other servers learn that they must use TLS."""
    servers = _mail(shown)
    if isinstance(servers, Judgement):
        yield servers
        return
    found = (_sts(shown, servers), _dane(shown, servers))
    asked = (
        shown.answer(f"_mta-sts.{shown.domain}", "TXT"),
        *(shown.answer(f"_25._tcp.{server}", "TLSA") for server in servers[:_SHOWN]),
    )
    holds = {state for state, _ in found}
    words = "; ".join(text for _, text in found)
    if True in holds:
        yield good(shown, *asked)
    elif None in holds:
        yield unknown(_RUNNING, shown.domain, words)
    else:
        cure = _TLS.format(shown.domain)
        yield bad(shown, words, "MTA-STS that is enforced, or DANE", *asked, cure=cure)


def authorities_named(shown: DnsShown) -> Iterator[Judgement]:
    """Judge whether the domain says who may issue certificates for it."""
    answer = shown.answer(shown.domain, "CAA")
    if answer.values is None:
        yield unsure(shown, answer)
    elif any(" issue " in f" {value} " for value in answer.values):
        yield good(shown, answer)
    else:
        found = "any authority may issue certificates"
        yield bad(shown, found, "CAA records with `issue`", answer, cure=_CAA)


def _strange(zone: str, values: tuple[str, ...]) -> tuple[str, bool]:
    """Return what is wrong with a list's answers, and if the resolver is at fault."""
    for word in values:
        if _inside(word, _REFUSAL):
            return f"{zone} refuses the resolver that was asked ({word})", True
        if not _inside(word, _LISTING):
            return f"{zone} answers {word}: the domain has a new owner", False
    return "", False


def _inside(word: str, network: ipaddress.IPv4Network) -> bool:
    try:
        return ipaddress.IPv4Address(word) in network
    except ValueError:
        return False


def _list(shown: DnsShown, zone: str) -> Judgement:
    listed = shown.answer(f"2.0.0.127.{zone}", "A")
    clean = shown.answer(f"1.0.0.127.{zone}", "A")
    if listed.values is None or clean.values is None:
        return unsure(shown, clean if listed.values else listed)
    fault, refused = _strange(zone, (*listed.values, *clean.values))
    if refused:
        return unknown(_RUNNING, shown.domain, fault)
    if clean.values and not fault:
        fault = f"{zone} lists 127.0.0.1: it lists everybody"
    if not listed.values and not fault:
        if not shown.answer(shown.domain, "MX").values:
            reason = f"{zone}: the resolver finds nothing at all"
            return unknown(_RUNNING, shown.domain, reason)
        fault = f"{zone} does not list 127.0.0.2: it is dead"
    if fault:
        return bad(shown, fault, "127.0.0.2 only", listed, clean, cure=_LISTS)
    return good(shown, listed, clean)


def lists_alive(shown: DnsShown) -> Iterator[Judgement]:
    """Judge the blocklists by their test entries."""
    for zone in shown.blocklists:
        yield _list(shown, zone)
    if not shown.blocklists:
        reason = "no blocklist was named"
        yield not_concerned(_RUNNING, shown.domain, reason)
