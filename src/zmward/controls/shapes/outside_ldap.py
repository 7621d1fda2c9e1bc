"""Looks from outside at directories: what a stranger reads, and if in the clear."""

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.outlook import Outlook, Outside, Sight
from zmward.scan.ldap import LdapShown, Reading, meaning
from zmward.scan.line import Exchange
from zmward.scan.seen import Seen

_NOTHING_THERE: Final = frozenset({0, 32})
# Refusals: before any name is looked at (8, 13, 48, 53), or of that very name (50).
_REFUSED: Final = frozenset({8, 13, 48, 50, 53})
_CLOSE: Final = "Close it with `/opt/zimbra/libexec/zmldapanon -d`."
_DEMAND: Final = (
    "ldap_common_require_tls=128, once every other node asks over TLS "
    "(ldap-clients-use-tls), then `ldap restart`."
)


def _name(outlook: Outlook, shown: LdapShown) -> str:
    return outlook.place(shown.address, shown.port)


def _words(reading: Reading) -> str:
    where = " inside TLS" if reading.tls else ""
    base = reading.base or "the root"
    came = ", ".join(reading.names)
    end = meaning(reading.code) if reading.code is not None else reading.trouble
    told = f"{came}; " if came else ""
    return f"search below {base}{where} without a password: {told}{end}"


def _closed(shown: LdapShown, reading: Reading) -> bool:
    """Say whether an answer shows that nothing is read there."""
    if reading.code in _REFUSED:
        return True
    # A name that the server does not hold proves nothing of those that it holds.
    return reading.code in _NOTHING_THERE and reading.base in shown.contexts


def _undecided(shown: LdapShown, reading: Reading) -> bool:
    """Say whether an answer tells neither something read nor nothing to read."""
    elsewhere = reading.base not in shown.contexts and reading.code in _NOTHING_THERE
    return not _closed(shown, reading) and not elsewhere


def _read(outlook: Outlook, shown: LdapShown) -> Judgement:
    name = _name(outlook, shown)
    found = [reading for reading in shown.readings if reading.names]
    if found:
        names = ", ".join(dict.fromkeys(n for one in found for n in one.names[:2]))
        return deviates(
            Layer.RUNNING,
            name,
            f"a stranger reads {names} and more",
            "nothing beyond the root",
            no_cure=_CLOSE,
            source="outside",
            seen="\n".join(map(_words, found)),
        )
    shut = [reading for reading in shown.readings if _closed(shown, reading)]
    open_ = [reading for reading in shown.readings if _undecided(shown, reading)]
    if not shut or open_ or shown.trouble:
        reason = "; ".join(map(_words, open_)) or "it does not say what it holds"
        return unknown(Layer.RUNNING, name, shown.trouble or reason)
    seen = "\n".join(map(_words, shut))
    return sound(Layer.RUNNING, name, source="outside", seen=seen)


def _every(seen: Seen) -> tuple[LdapShown, ...]:
    return tuple(shown for shown in seen.shown if isinstance(shown, LdapShown))


def reads_nothing(seen: Seen, outlook: Outlook) -> Iterator[Judgement]:
    """Judge what each directory shows to a stranger."""
    shown = _every(seen)
    for one in shown:
        yield _read(outlook, one)
    if not shown:
        reason = "no directory answered from here"
        yield not_concerned(Layer.RUNNING, outlook.subject, reason)


def _demands(outlook: Outlook, shown: LdapShown) -> Judgement:
    name = _name(outlook, shown)
    told = next((f"{e.sent}: {e.received}" for e in shown.exchanges[:1]), "")
    if shown.demands_tls == "yes":
        return sound(Layer.RUNNING, name, source="outside", seen=told)
    if shown.demands_tls == "unknown":
        reason = shown.trouble or "it answers strangers nothing, with or without TLS"
        return unknown(Layer.RUNNING, name, reason)
    no_tls = "" if shown.starts_tls != "no" else ", and StartTLS is refused"
    return deviates(
        Layer.RUNNING,
        name,
        f"it answers outside of TLS, so it demands none{no_tls}",
        "confidentialityRequired",
        no_cure=_DEMAND,
        source="outside",
        seen=told,
    )


def demands_tls(seen: Seen, outlook: Outlook) -> Iterator[Judgement]:
    """Judge whether each directory in the clear turns away who has not begun TLS."""
    shown = [one for one in _every(seen) if not one.tls]
    for one in shown:
        yield _demands(outlook, one)
    if not shown:
        reason = "no directory answered in the clear from here"
        yield not_concerned(Layer.RUNNING, outlook.subject, reason)


_SHUT: Final = LdapShown(
    *("192.0.2.10", 389),
    contexts=("",),
    offers_tls="yes",
    starts_tls="yes",
    demands_tls="yes",
    readings=(Reading("", tls=True, code=32),),
    exchanges=(Exchange(389, "search base '' scope base", "result 13"),),
)
_BOOK: Final = Reading("", tls=True, code=4, names=("uid=a,dc=example,dc=test",))
_NONE: Final = Reading("", tls=True, code=32)
_BUSY: Final = Reading("", tls=False, code=51)
_ELSEWHERE: Final = Reading("dc=example,dc=test", tls=True, code=32)


def _seen(*shown: LdapShown) -> Seen:
    return Seen("mail.example.test", "2026-11-21T12:00:00+00:00", "0", shown=shown)


READS_NOTHING: Final = Outside(
    reads_nothing,
    (
        Sight("ok", _seen(_SHUT)),
        Sight("bad", _seen(_SHUT, replace(_SHUT, readings=(_BOOK,)))),
        Sight("unknown", _seen(replace(_SHUT, contexts=()))),
        Sight("unknown", _seen(replace(_SHUT, trouble="TLS broke off"))),
        Sight("unknown", _seen(replace(_SHUT, readings=(_NONE, _BUSY)))),
        Sight("ok", _seen(replace(_SHUT, readings=(_NONE, _ELSEWHERE)))),
        Sight("unknown", _seen(LdapShown("192.0.2.10", 389, trouble="silent"))),
        Sight("n/a", _seen()),
    ),
)
DEMANDS_TLS: Final = Outside(
    demands_tls,
    (
        Sight("ok", _seen(_SHUT)),
        Sight("bad", _seen(replace(_SHUT, demands_tls="no"))),
        Sight("bad", _seen(replace(_SHUT, demands_tls="no", starts_tls="no"))),
        Sight("unknown", _seen(replace(_SHUT, demands_tls="unknown"))),
        Sight("n/a", _seen(replace(_SHUT, tls=True))),
    ),
)
