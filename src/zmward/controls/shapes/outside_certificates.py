"""Shapes for the certificates that ports show to the outside."""

import ipaddress
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache

from msgspec.structs import replace

from zmward.controls.shapes.outside_tls import Pick, on, on_ports, sight, spoken
from zmward.controls.tls._deployed import covers
from zmward.controls.tls._shown_examples import (
    COMING,
    DEMANDING,
    ENDING,
    ISSUER,
    LEAF,
    OTHER,
    SHORT,
    ZIMBRAS,
)
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.outlook import Outlook, Outside
from zmward.scan.seen import Seen
from zmward.scan.tls_shown import Chain, TlsShown
from zmward.sources.certificates import Certificate, CertificateFile, read_pem

# What is wrong with a chain, or nothing; and what it is, for the evidence.
ChainLook = Callable[[Chain, tuple[Certificate, ...], Outlook], tuple[str, str]]
# In the name of every authority that Zimbra makes.
ZIMBRAS_MARK = "OU=Zimbra Collaboration"
_LONG = 200


@cache
def _read(pem: tuple[str, ...]) -> CertificateFile:
    """Read a chain; names without end are cut, for they stand in findings."""
    read = read_pem("\n".join(pem))
    cut = (
        replace(one, subject=one.subject[:_LONG], issuer=one.issuer[:_LONG])
        for one in read.certificates
    )
    return replace(read, certificates=tuple(cut))


def _chains(
    shown: TlsShown,
    subject: str,
    one: Callable[[Chain, tuple[Certificate, ...]], Judgement],
) -> Iterator[Judgement]:
    if not shown.chains:
        yield unknown(Layer.RUNNING, subject, "its certificate was not seen")
    for chain in shown.chains:
        read = _read(chain.pem)
        if read.certificates:
            yield one(chain, read.certificates)
        else:
            reason = f"its certificate {read.problem or 'was not seen'}"
            yield unknown(Layer.RUNNING, subject, reason)


def _judged(wrong: str, text: str, subject: str, wanted: str, cure: str) -> Judgement:
    if wrong:
        return deviates(
            *(Layer.RUNNING, subject, f"{text}: {wrong}" if text else wrong, wanted),
            no_cure=cure,
            source="outside",
        )
    return sound(Layer.RUNNING, subject, source="outside", seen=text)


def _asked_for(seen: str, outlook: Outlook) -> str:
    """Return the name under which the host was looked at; nothing for an address."""
    for name in (seen, outlook.subject):
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return name.lower().rstrip(".")
    return ""


def names(no_cure: str) -> Outside:
    """Want certificates for the name under which the host is looked at."""

    def look(seen: Seen, outlook: Outlook) -> list[Judgement]:
        host = _asked_for(seen.host, outlook)

        def one(shown: TlsShown, subject: str, _: Outlook) -> Iterator[Judgement]:
            if shown.starttls == "smtp" and shown.port == 25:  # noqa: PLR2004  # SMTP
                reason = "other mail servers do not ask for this name"
                yield not_concerned(Layer.RUNNING, subject, reason)
            elif not host:
                reason = "the host was looked at by its address"
                yield not_concerned(Layer.RUNNING, subject, reason)
            else:
                yield from _chains(shown, subject, lambda _, f: _named(f, subject))

        def _named(found: tuple[Certificate, ...], subject: str) -> Judgement:
            text = f"for {' '.join(found[0].names)[:200] or 'no name'}"
            wrong = "" if covers(found[0].names, host) else f"not for {host}"
            return _judged(wrong, text, subject, f"also for {host}", no_cure)

        return on_ports(on(), one)(seen, outlook)

    return Outside(
        look,
        (
            sight("ok", spoken(443, chains=(Chain((LEAF, ISSUER)),))),
            sight("bad", spoken(443, chains=(Chain((OTHER, ISSUER)),))),
            sight("n/a", spoken(443, chains=(Chain((OTHER,)),)), host="192.0.2.10"),
            sight("n/a", spoken(25, starttls="smtp", chains=(Chain((OTHER,)),))),
            sight("unknown", spoken(443)),
            sight("unknown", spoken(443, chains=(Chain(("nonsense",)),))),
            sight("n/a"),
        ),
    )


def lasting(no_cure: str) -> Outside:
    """Want certificates that are valid for as long as the profile says."""

    def one(shown: TlsShown, subject: str, outlook: Outlook) -> Iterator[Judgement]:
        days = outlook.profile.thresholds.certificate_days
        wanted = f"valid for {days} days more"

        def ends(_: Chain, found: tuple[Certificate, ...]) -> Judgement:
            first = min(found, key=lambda each: each.end)
            text = f"{first.subject} ends {first.end:%Y-%m-%d}"
            late = [each for each in found if each.start > outlook.now]
            if late:
                wrong = f"{late[0].subject} begins {late[0].start:%Y-%m-%d}"
                return _judged(wrong, "", subject, wanted, no_cure)
            soon = first.end <= outlook.now + timedelta(days=days)
            wrong = "it ends too soon" if soon else ""
            return _judged(wrong, text, subject, wanted, no_cure)

        yield from _chains(shown, subject, ends)

    return Outside(
        on_ports(on(), one),
        (
            sight("ok", spoken(443, chains=(Chain((LEAF, ISSUER)),))),
            sight("bad", spoken(443, chains=(Chain((ENDING, ISSUER)),))),
            sight("bad", spoken(443, chains=(Chain((COMING, ISSUER)),))),
            sight("unknown", spoken(443)),
            sight("n/a"),
        ),
    )


def strong(weak: Callable[[Certificate], str], wanted: str, no_cure: str) -> Outside:
    """Want nothing weak in any certificate; `weak` says what is."""

    def one(shown: TlsShown, subject: str, _: Outlook) -> Iterator[Judgement]:
        def each(_: Chain, found: tuple[Certificate, ...]) -> Judgement:
            wrong = next(filter(None, map(weak, found)), "")
            leaf = found[0]
            text = f"{leaf.subject}, {leaf.key} {leaf.bits}, {leaf.signature}"
            return _judged(wrong, text, subject, wanted, no_cure)

        yield from _chains(shown, subject, each)

    return Outside(
        on_ports(on(), one),
        (
            sight("ok", spoken(443, chains=(Chain((LEAF, ISSUER)),))),
            sight("bad", spoken(443, chains=(Chain((SHORT, ISSUER)),))),
            sight("unknown", spoken(443)),
            sight("n/a"),
        ),
    )


def whole(
    broken: Callable[[tuple[Certificate, ...], str], str], no_cure: str
) -> Outside:
    """Want chains without a gap; `broken` says where one is.

    Clients of Zimbra's own authority have its certificate already; who is directly
    under an authority that the looker's system knows needs no more either.
    """

    def one(shown: TlsShown, subject: str, _: Outlook) -> Iterator[Judgement]:
        def each(chain: Chain, found: tuple[Certificate, ...]) -> Judgement:
            leaf = found[0]
            known = ZIMBRAS_MARK in leaf.issuer or chain.trusted == "yes"
            wrong = broken(found, leaf.issuer if known else "")
            text = f"{len(found)} certificates"
            return _judged(wrong, text, subject, "each signed by the next", no_cure)

        yield from _chains(shown, subject, each)

    return Outside(
        on_ports(on(), one),
        (
            sight("ok", spoken(443, chains=(Chain((LEAF, ISSUER)),))),
            sight("ok", spoken(443, chains=(Chain((ZIMBRAS,)),))),
            sight("ok", spoken(443, chains=(Chain((LEAF,), trusted="yes"),))),
            sight("bad", spoken(443, chains=(Chain((LEAF,), trusted="no"),))),
            sight("bad", spoken(443, chains=(Chain((LEAF, OTHER)),))),
            sight("unknown", spoken(443)),
            sight("n/a"),
        ),
    )


def trusted(pick: Pick, no_cure: str) -> Outside:
    """Want an authority that the looker's system knows behind the certificate."""

    def one(shown: TlsShown, subject: str, _: Outlook) -> Iterator[Judgement]:
        def each(chain: Chain, found: tuple[Certificate, ...]) -> Judgement:
            leaf = found[0]
            text, wrong = f"issued by {leaf.issuer}", ""
            if leaf.self_signed:
                wrong = "by itself"
            elif ZIMBRAS_MARK in leaf.issuer:
                wrong = "by Zimbra itself"
            elif chain.trusted == "no":
                wrong = f"no known authority: {chain.distrust}"
            elif chain.trusted == "unknown":
                reason = f"{text}: nobody here knows whom to believe"
                return unknown(Layer.RUNNING, subject, reason)
            return _judged(wrong, text, subject, "a public authority", no_cure)

        yield from _chains(shown, subject, each)

    return Outside(
        on_ports(pick, one),
        (
            sight("ok", spoken(443, chains=(Chain((LEAF, ISSUER), trusted="yes"),))),
            sight("bad", spoken(443, chains=(Chain((LEAF, ISSUER), trusted="no"),))),
            sight("bad", spoken(443, chains=(Chain((ZIMBRAS,), trusted="yes"),))),
            sight("bad", spoken(443, chains=(Chain((ISSUER,), trusted="yes"),))),
            sight("unknown", spoken(443, chains=(Chain((LEAF, ISSUER)),))),
            sight("n/a"),
        ),
    )


def stapled(no_cure: str) -> Outside:
    """Want a staple of OCSP where the certificate itself demands one."""

    def one(shown: TlsShown, subject: str, _: Outlook) -> Iterator[Judgement]:
        def each(chain: Chain, found: tuple[Certificate, ...]) -> Judgement:
            if not found[0].demands_staple:
                reason = "its certificate demands no staple"
                return not_concerned(Layer.RUNNING, subject, reason)
            wrong = "" if chain.stapled else "none came"
            text = "the certificate demands a staple of OCSP"
            return _judged(wrong, text, subject, "a staple", no_cure)

        yield from _chains(shown, subject, each)

    demanding = (DEMANDING, ISSUER)
    return Outside(
        on_ports(on(), one),
        (
            sight("ok", spoken(443, chains=(Chain(demanding, stapled=True),))),
            sight("bad", spoken(443, chains=(Chain(demanding),))),
            sight("n/a", spoken(443, chains=(Chain((LEAF, ISSUER)),))),
            sight("unknown", spoken(443)),
            sight("n/a"),
        ),
    )
