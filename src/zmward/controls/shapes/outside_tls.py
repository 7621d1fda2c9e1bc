"""Shapes for what ports show of TLS to the outside: protocols, ciphers, parameters."""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, Final, Literal

from msgspec.structs import replace

from zmward.catalog.ciphers import KINDS, Kind, kind_of
from zmward.catalog.mozilla import DH_BITS, PROTOCOLS, VERSION
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.outlook import Outlook, Outside, Sight
from zmward.scan.seen import PortSeen, Seen
from zmward.scan.tls_shown import Chain, Spoken, TlsShown

PROXY_PORTS: Final = (443, 993, 995, 143, 110, 3443, 9071)
MAILBOX_PORTS: Final = (
    *(8443, 7071, 7072, 7073, 7025, 7993, 7995, 7143, 7110, 9443, 8143, 8993),
)
LDAP_PORTS: Final = (389, 636)
MTA_PORTS: Final = (25, 465, 587)
_OLD: Final = ("SSLv3", "TLS 1.0", "TLS 1.1")
_SHOWN: Final = 6

# What one port is judged to; the text that follows its name.
PortLook = Callable[[TlsShown, str, Outlook], Iterable[Judgement]]
Pick = Callable[[TlsShown], bool]


def on(*ports: int) -> Pick:
    """Pick some ports; all where none is named."""
    return lambda shown: not ports or shown.port in ports


def opportunistic(shown: TlsShown) -> bool:
    """Say whether mail arrives in the clear where TLS is not agreed on."""
    return shown.starttls == "smtp"


def on_ports(pick: Pick, one: PortLook) -> Callable[[Seen, Outlook], list[Judgement]]:
    """Judge each picked port that TLS was spoken with."""

    def look(seen: Seen, outlook: Outlook) -> list[Judgement]:
        shown = [s for s in seen.shown if isinstance(s, TlsShown) and pick(s)]
        found: list[Judgement] = []
        for each in shown:
            subject = outlook.place(each.address, each.port)
            if each.speaks():
                found += one(each, subject, outlook)
            else:
                found.append(_speechless(each, subject))
        if not found:
            reason = "TLS was spoken with none of its ports"
            found.append(not_concerned(Layer.RUNNING, outlook.subject, reason))
        return found

    return look


def _speechless(shown: TlsShown, subject: str) -> Judgement:
    if shown.unwilling:
        reason = f"it does not go over to TLS: {shown.unwilling}"
        return not_concerned(Layer.RUNNING, subject, reason)
    reason = shown.trouble or "what it speaks of TLS was not found out"
    return unknown(Layer.RUNNING, subject, reason)


def _told(shown: TlsShown, names: Collection[str]) -> str:
    return "; ".join(
        f"{one.name}: {one.words}" for one in shown.protocols if one.name in names
    )


def _old(shown: TlsShown, subject: str, no_cure: str) -> Iterator[Judgement]:
    spoken = [shown.spoken(name) for name in _OLD]
    taken = [one.name for one in spoken if one.state == "accepted"]
    doubted = [one.name for one in spoken if one.state == "unknown"]
    if taken:
        yield deviates(
            *(Layer.RUNNING, subject, f"it accepts {', '.join(taken)}"),
            f"{' and '.join(PROTOCOLS)} only",
            no_cure=no_cure,
            source="outside",
            seen=_told(shown, taken),
        )
    elif doubted:
        reason = f"whether it refuses all old TLS is not known: {_told(shown, doubted)}"
        yield unknown(Layer.RUNNING, subject, reason)
    else:
        modern = (*_OLD, *PROTOCOLS)
        yield sound(Layer.RUNNING, subject, source="outside", seen=_told(shown, modern))


def modern_protocols(
    pick: Pick, no_cure: str, *, port: int = 443, starttls: str = ""
) -> Outside:
    """Want TLS 1.1 and older refused; `port` is one that it is about."""
    look = on_ports(pick, lambda shown, subject, _: _old(shown, subject, no_cure))

    def example(**own: Any) -> TlsShown:
        return spoken(port, starttls=starttls, **own)

    silent = TlsShown("192.0.2.10", port, trouble="silence", starttls=starttls)
    unwilling = replace(silent, unwilling="454 TLS not available")
    return Outside(
        look,
        (
            sight("ok", example()),
            sight("bad", example(tls10="accepted")),
            sight("bad", example(ssl3="accepted", tls11="unknown")),
            sight("unknown", example(tls11="unknown")),
            sight("unknown", silent),
            sight("n/a", unwilling),
            sight("n/a"),
        ),
    )


def _ciphers(
    shown: TlsShown, subject: str, bad: Collection[Kind], wanted: str, cure: str
) -> Iterator[Judgement]:
    asked = [one for one in shown.protocols if one.state == "accepted"]
    names = dict.fromkeys(name for one in asked for name in one.ciphers)
    weak = [name for name in names if kind_of(name) in bad]
    doubts = [one for one in asked if not one.whole]
    doubts += [one for one in shown.protocols if one.state == "unknown"]
    if weak:
        more = f" and {len(weak) - _SHOWN} more" if len(weak) > _SHOWN else ""
        text = f"it accepts {', '.join(weak[:_SHOWN])}{more}"
        seen = _told(shown, [one.name for one in asked])
        yield deviates(
            *(Layer.RUNNING, subject, text, wanted),
            no_cure=cure,
            source="outside",
            seen=seen,
        )
    elif doubts:
        told = _told(shown, [one.name for one in doubts])
        yield unknown(Layer.RUNNING, subject, f"not all ciphers are known: {told}")
    else:
        text = f"among its ciphers: {', '.join(tuple(names)[:_SHOWN])}"
        yield sound(Layer.RUNNING, subject, source="outside", seen=text)


_STATIC: Final = "TLS_RSA_WITH_NULL_MD5"


def ciphers(
    pick: Pick,
    worst: Kind,
    wanted: str,
    no_cure: str,
    *,
    port: int = 443,
) -> Outside:
    """Want no cipher of a kind, and none of those that are worse."""
    bad = KINDS[: KINDS.index(worst) + 1]
    look = on_ports(
        pick, lambda shown, subject, _: _ciphers(shown, subject, bad, wanted, no_cure)
    )
    return Outside(
        look,
        (
            sight("ok", spoken(port)),
            sight("bad", spoken(port, more=(_STATIC,))),
            sight("bad", spoken(port, more=(_STATIC,), whole=False)),
            sight("unknown", spoken(port, whole=False)),
            sight("unknown", spoken(port, tls10="unknown")),
            sight("n/a"),
        ),
    )


def mozilla_ciphers(pick: Pick, no_cure: str) -> Outside:
    """Want the ciphers of Mozilla's intermediate profile only."""
    wanted = f"the ciphers of Mozilla's intermediate profile {VERSION} only"
    return ciphers(pick, "odd", wanted, no_cure)


def _groups(shown: TlsShown, subject: str, no_cure: str) -> Iterator[Judgement]:
    bits = shown.dh_bits
    if bits == 0 or (bits is None and shown.spoken("TLS 1.2").state == "refused"):
        reason = "it offers no Diffie-Hellman but that of elliptic curves or TLS 1.3"
        yield not_concerned(Layer.RUNNING, subject, reason)
    elif bits is None:
        reason = "its Diffie-Hellman parameters were not seen"
        yield unknown(Layer.RUNNING, subject, reason)
    elif bits >= DH_BITS:
        text = f"Diffie-Hellman of {bits} bits"
        yield sound(Layer.RUNNING, subject, source="outside", seen=text)
    else:
        yield deviates(
            *(Layer.RUNNING, subject, f"Diffie-Hellman of {bits} bits"),
            f"{DH_BITS} bits or more",
            no_cure=no_cure,
            source="outside",
        )


def long_parameters(no_cure: str) -> Outside:
    """Want 2048 bits or more wherever Diffie-Hellman over primes is offered."""
    return Outside(
        on_ports(on(), lambda shown, subject, _: _groups(shown, subject, no_cure)),
        (
            sight("ok", spoken(443, dh_bits=2048)),
            sight("bad", spoken(443, dh_bits=1024)),
            sight("n/a", spoken(443, dh_bits=0)),
            sight("unknown", spoken(443, dh_bits=None)),
            sight("n/a"),
        ),
    )


def flag(
    value: Callable[[TlsShown], bool | None],
    good: tuple[bool, str],
    bad: str,
    no_cure: str,
    examples: tuple[Sight, ...],
) -> Outside:
    """Want a property of every handshake before TLS 1.3, which has it by itself."""

    def one(shown: TlsShown, subject: str, _: Outlook) -> Iterator[Judgement]:
        found, (wanted, text) = value(shown), good
        if found is None and shown.spoken("TLS 1.2").state == "refused":
            yield not_concerned(Layer.RUNNING, subject, "it speaks TLS 1.3 only")
        elif found is None:
            yield unknown(Layer.RUNNING, subject, "no handshake showed it")
        elif found == wanted:
            yield sound(Layer.RUNNING, subject, source="outside", seen=text)
        else:
            yield deviates(
                *(Layer.RUNNING, subject, bad, text), no_cure=no_cure, source="outside"
            )

    newest = TlsShown(
        *("192.0.2.10", 443),
        protocols=(Spoken("TLS 1.3", "accepted"), Spoken("TLS 1.2", "refused")),
    )
    examples = (*examples, sight("n/a", newest), sight("n/a"))
    return Outside(on_ports(on(), one), examples)


Answer = Literal["accepted", "refused", "unknown"]


def spoken(
    port: int,
    *,
    ssl3: Answer = "refused",
    tls10: Answer = "refused",
    tls11: Answer = "refused",
    more: tuple[str, ...] = (),
    whole: bool = True,
    starttls: str = "",
    dh_bits: int | None = None,
    compression: bool | None = False,
    safe_renegotiation: bool | None = True,
    chains: tuple[Chain, ...] = (),
) -> TlsShown:
    """Return a port as it should be, with some columns of its own, for examples."""
    words: dict[Answer, str] = {
        "accepted": "ServerHello",
        "refused": "alert 70 protocol_version",
        "unknown": "it said nothing in time",
    }
    old = zip(_OLD, (ssl3, tls10, tls11), strict=True)
    good = ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", *more)
    new = ("TLS_AES_128_GCM_SHA256",)
    return TlsShown(
        *("192.0.2.10", port),
        starttls=starttls,
        protocols=(
            Spoken("TLS 1.3", "accepted", words["accepted"], new, whole=True),
            Spoken("TLS 1.2", "accepted", words["accepted"], good, whole=whole),
            *(
                Spoken(
                    *(name, state, words[state]),
                    good[:1] if state == "accepted" else (),
                    whole=True,
                )
                for name, state in old
            ),
        ),
        dh_bits=dh_bits,
        compression=compression,
        safe_renegotiation=safe_renegotiation,
        chains=chains,
    )


def sight(
    state: Literal["ok", "bad", "unknown", "n/a"],
    *shown: TlsShown,
    host: str = "mail.example.test",
) -> Sight:
    """Return an example of what was seen of a host."""
    ports = tuple(
        PortSeen(one.port, "tcp", one.address, "open", tls=not one.starttls)
        for one in shown
    )
    seen = Seen(
        *(host, "2026-11-21T12:00:00+00:00", "0"),
        addresses=("192.0.2.10",),
        source={"192.0.2.10": "198.51.100.7"},
        ports=ports,
        shown=shown,
    )
    return Sight(state, seen)
