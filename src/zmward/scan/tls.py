"""What a port speaks of TLS: protocols, ciphers, groups, and the chain it shows."""

from base64 import b64encode

from zmward.scan.line import Ask, Dial
from zmward.scan.tls_asked import Asked
from zmward.scan.tls_hello import NAMES, TLS13
from zmward.scan.tls_protocols import protocols
from zmward.scan.tls_shown import Chain, Spoken, TlsShown, Trust

__all__ = ["TlsShown", "look", "pem_of"]


def pem_of(der: bytes) -> str:
    """Return a certificate as text, in lines of 64 characters."""
    text = b64encode(der).decode()
    lines = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    return f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n"


def _chain(chain: tuple[bytes, ...], asked: Asked, trust: Trust | None) -> Chain:
    from zmward.scan.tls_trust import trusted  # noqa: PLC0415  # cryptography is slow to import

    pem = tuple(map(pem_of, chain))
    stapled = chain[0] in asked.stapled
    if trust is None:
        return Chain(pem, stapled)
    return Chain(pem, stapled, *trusted(chain, trust))


def _worst(seen: set[bool], *, bad: bool) -> bool | None:
    """Return the worse of what was seen; None where nothing was."""
    if not seen:
        return None
    return bad if bad in seen else not bad


def _dh_bits(asked: Asked, spoken: tuple[Spoken, ...]) -> int | None:
    """Return the shortest that was seen; 0 where none is offered."""
    old = [one for one in spoken if one.name != NAMES[TLS13] and one.ciphers]
    none = 0 if old and old[0].whole else None
    return min(asked.dh_bits, default=none)


def look(
    dial: Dial,
    port: int,
    ask: Ask,
    *,
    tls: bool,
    starttls: str = "",
    trust: Trust | None = None,
    every: bool = False,
) -> TlsShown:
    """Talk with one port; `tls` says that it speaks TLS from the start.

    Otherwise `starttls` names the protocol in which TLS is asked for. With `trust` the
    chains are held against the authorities that the looker believes. With `every`, all
    ciphers are asked for, where a few of each kind are enough to judge.
    """
    before = "" if tls else starttls
    asked = Asked(dial, port, ask, before)
    spoken = tuple(protocols(asked, every=every))
    trouble = ""
    if not any(one.state == "accepted" for one in spoken):
        trouble = asked.unwilling or spoken[-1].words
    return TlsShown(
        dial.address,
        port,
        exchanges=tuple(asked.exchanges),
        trouble=trouble,
        starttls=before,
        unwilling=asked.unwilling,
        protocols=spoken,
        groups=tuple(asked.groups),
        dh_bits=_dh_bits(asked, spoken),
        compression=_worst(asked.compressed, bad=True),
        safe_renegotiation=_worst(asked.safe_renegotiation, bad=False),
        chains=tuple(_chain(one, asked, trust) for one in asked.chains.values()),
    )
