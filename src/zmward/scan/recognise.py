"""Which service a port speaks: told by what it says, never by its number.

The number only chooses which question comes first, so that most ports need one or two
connections. Each question has a connection of its own: a wrong one may have spoilt it.
"""

from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from msgspec.structs import replace

from zmward.scan import tries
from zmward.scan.greetings import greeted, mysql
from zmward.scan.line import Ask, Broken, Dial, Line, Silent
from zmward.scan.named import Named

_FIRST_WORDS: Final = 4096
_SHOWN: Final = 200
_BRIEF: Final = 1.0
# Postfix looks a client's name up before it greets, and a resolver may be slow.
_PATIENT: Final = 6.0
_USUAL: Final = 2.0
_NOTHING: Final = Named("")

_CLEAR: Final[dict[str, tries.Try]] = {
    "http": tries.http,
    "ldap": tries.ldap,
    "memcached": tries.memcached,
    "clamd": tries.clamd,
    "zmconfigd": tries.zmconfigd,
    "xmpp": tries.xmpp,
    "dns": tries.dns,
    "milter": tries.milter,
    "policyd": tries.policyd,
}
_INSIDE: Final = ("http", "ldap", "xmpp")
# Lines of text are theirs: they refuse one of HTTP at once.
_ANSWER_ANYTHING: Final = frozenset({"memcached", "clamd", "zmconfigd", "xmpp"})
# What the number lets one hope for; whoever speaks otherwise is asked all the same.
_HOPED: Final[dict[str, tuple[int, ...]]] = {
    "greeting": (
        *(21, 22, 25, 110, 143, 587, 2222, 3306, 7025, 7110, 7143, 7306, 7307, 7308),
        *(8143, 10024, 10025, 10026, 10027, 10028, 10029, 10030, 10032),
    ),
    "tls": (
        *(443, 465, 636, 993, 995, 3443, 5223, 7071, 7072, 7073, 7084, 7085, 7993),
        *(7995, 8443, 8736, 8743, 8993, 9071, 9443, 9980),
    ),
    "http": (80, 443, 3443, 7047, 7071, 7072, 7073, 7780, 8080, 8081, 8443, 9071, 9443),
    "ldap": (389, 636),
    "memcached": (11211,),
    "clamd": (3310,),
    "zmconfigd": (7171,),
    "xmpp": (5222, 5223, 5269),
    "dns": (53,),
    "milter": (7026, 8465),
    "policyd": (10031,),
}


def hoped(port: int) -> tuple[str, ...]:
    """Return the questions of a port, the likeliest first."""
    usual = ("greeting", "tls", *_CLEAR)
    first = [name for name in usual if port in _HOPED.get(name, ())]
    # What tells itself, or speaks TLS, is told apart before anything else is asked.
    return tuple(dict.fromkeys((*first[:1], *usual)))


def _first_words(line: Line) -> bytes:
    """Return what a server says unasked: its first line, or what it has of it."""
    found = b""
    while len(found) < _FIRST_WORDS and b"\n" not in found and not mysql(found):
        try:
            found += line.some(_FIRST_WORDS - len(found))
        except Broken:
            if not found:
                raise
            break
    return found


def _shown(line: Line) -> str:
    said = line.exchanges
    return said[0].received[:_SHOWN] if said else ""


def _speaks(line: Line, words: bytes) -> Named:
    """Return who greets so; 220 alone may be FTP's, so it is asked for more."""
    named = greeted(words) or _NOTHING
    if named.service != "smtp" or b"SMTP" in words.upper():
        return named
    with suppress(Broken):
        line.send(b"EHLO zmward-scan.invalid\r\n")
        if line.line().startswith(b"250"):
            return named
    return _NOTHING


def _greeting(
    dial: Dial, port: int, *, tls: str | None, seconds: float
) -> tuple[Named, str] | None:
    """Wait for a greeting; None where none came."""
    try:
        with dial.connect(port, tls=tls, seconds=seconds) as line:
            words = _first_words(line)
            shown = _shown(line)
            return replace(_speaks(line, words), tls=tls is not None), shown
    except Broken:
        return None


def _asked(
    dial: Dial, port: int, ask: Ask, name: str, *, tls: str | None
) -> Named | None:
    """Ask one question on a connection of its own; raise Silent where nothing came."""
    try:
        seconds = _USUAL if tls is not None or port in _HOPED[name] else _BRIEF
        with dial.connect(port, tls=tls, seconds=seconds) as line:
            named = _CLEAR[name](line, ask)
    except Silent:
        raise
    except Broken:
        return None
    if named and named.service in _CLEAR and named.service != name:
        # A wrong question betrays who is there; the right one tells the version.
        with suppress(Silent):
            named = _asked(dial, port, ask, named.service, tls=tls) or named
    return replace(named, tls=named.tls or tls is not None) if named else None


def _alert(text: str) -> bool:
    """Say whether a failed handshake ended in TLS's own words."""
    return "_ALERT_" in text or "UNSUPPORTED_PROTOCOL" in text


def _inside(dial: Dial, port: int, ask: Ask, names: Iterable[str]) -> Named | None:
    for name in names:
        with suppress(Silent):
            if named := _asked(dial, port, ask, name, tls=ask.host):
                return named
    return None


def _within(dial: Dial, port: int, ask: Ask) -> tuple[Named, str] | None:
    """Tell who speaks inside TLS; None where nobody speaks TLS."""
    try:
        with dial.connect(port, tls=ask.host, seconds=_USUAL):
            pass
    except Broken as error:
        return (Named("tls", tls=True), "") if _alert(str(error)) else None
    first = [name for name in _INSIDE if port in _HOPED[name]]
    if named := _inside(dial, port, ask, first):
        return named, ""
    greets = port in _HOPED["tls"] and not first
    seconds = _PATIENT if greets else _USUAL
    told = _greeting(dial, port, tls=ask.host, seconds=seconds)
    if told:
        return (told[0] if told[0].service else Named("tls", tls=True)), told[1]
    named = _inside(dial, port, ask, (n for n in _INSIDE if n not in first))
    return named or Named("tls", tls=True), ""


def recognise(dial: Dial, port: int, ask: Ask) -> tuple[Named, str]:
    """Return the service of an open port and its printable greeting, if it has one."""
    left = list(hoped(port))
    while left:
        name = left.pop(0)
        told: tuple[Named, str] | None = None
        if name == "greeting":
            seconds = _PATIENT if port in _HOPED["greeting"] else _BRIEF
            told = _greeting(dial, port, tls=None, seconds=seconds)
        elif name == "tls":
            told = _within(dial, port, ask)
        else:
            try:
                named = _asked(dial, port, ask, name, tls=None)
                told = (named, "") if named else None
            except Silent:
                if name == "http":
                    left = [other for other in left if other not in _ANSWER_ANYTHING]
        if told:
            return told
    return _NOTHING, ""
