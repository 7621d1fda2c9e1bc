"""What SMTP and LMTP say to a stranger, before anybody has logged in."""

import re

import msgspec

from zmward.scan.line import Ask, Broken, Dial, Exchange, Line
from zmward.scan.named import Named
from zmward.scan.smtp_relay import NOBODY, SUBMISSION, Attempt, relayed
from zmward.scan.smtp_talk import (
    PATIENCE,
    command,
    hello,
    is_lmtp,
    offers,
    own_domain,
    reply,
)
from zmward.scan.versions import version_in

# Zimbra's own LMTP server, the filters behind Postfix, and what others run on 25.
_PRODUCTS = {
    "postfix": "Postfix",
    "zimbra": "Zimbra",
    "amavis": "amavisd",
    "exim": "Exim",
    "sendmail": "Sendmail",
    "opensmtpd": "OpenSMTPD",
    "microsoft": "Microsoft",
}
_GREETING = re.compile(r"220(?:[ -]|$)|(?:421|554)[ -](?:\d\.\d{1,3}\.\d{1,3} |.*smtp)")
_TEASER = "220-"
_LONGEST = 2000
_EXCHANGES = 40
_BYE = 221
_COURTESIES = (("MAIL", "250"), ("RSET", "250"), ("QUIT", "221"))
_UNKNOWN_COMMAND = ("500", "502", "530")


class SmtpShown(msgspec.Struct, frozen=True, tag="smtp"):
    """One port of the MTA, or of LMTP: its greeting and what it lets a stranger do.

    `tls` says that it speaks TLS from the start.
    `clear` and `secure` are the extensions before and inside TLS, None where they
    were not told. `answers` are those to VRFY, EXPN and ETRN. `injected` says that a
    command sent before TLS was obeyed inside it, None where that is not known.
    `screened`: postscreen answered, which tells little of what is behind it.
    """

    address: str
    port: int
    tls: bool = False
    lmtp: bool = False
    banner: str = ""
    clear: tuple[str, ...] | None = None
    secure: tuple[str, ...] | None = None
    attempts: tuple[Attempt, ...] = ()
    answers: dict[str, str] = {}
    injected: bool | None = None
    screened: bool = False
    exchanges: tuple[Exchange, ...] = ()
    trouble: str = ""


def named(greeting: bytes) -> Named | None:
    """Name what greets like an SMTP or LMTP server; None where it does not.

    postscreen says the first line of its greeting, waits, and listens who cannot.
    """
    lines = greeting[:_LONGEST].decode("utf-8", "replace").splitlines()
    first = lines[0].lower() if lines else ""
    # FTP greets with 220 too.
    if not _GREETING.match(first) or ("ftp" in first and "smtp" not in first):
        return None
    product = next((name for word, name in _PRODUCTS.items() if word in first), "")
    if lines[0].startswith(_TEASER) and product == "Postfix":
        product = "Postfix postscreen"
    # What stands before is the code and the name of the host.
    said = lines[0][4:].partition(" ")[2]
    lmtp = re.search(r"\blmtp\b", first) is not None
    return Named("lmtp" if lmtp else "smtp", product, version_in(said))


class _Talk(msgspec.Struct):
    """What one conversation has shown until now."""

    lmtp: bool = False
    banner: str = ""
    clear: tuple[str, ...] | None = None
    secure: tuple[str, ...] | None = None
    answers: dict[str, str] = {}


def _questions(line: Line, ask: Ask) -> dict[str, str]:
    """Ask who is known here; an answer that knows nobody ends the asking."""
    own = own_domain(ask.host, ask.domains)
    at = f"@{own}" if own else ""
    answers = {"VRFY": command(line, f"VRFY postmaster{at}").text}
    if not answers["VRFY"].startswith(_UNKNOWN_COMMAND):
        answers["VRFY nobody"] = command(line, f"VRFY {NOBODY}{at}").text
    answers["EXPN"] = command(line, f"EXPN postmaster{at}").text
    answers["ETRN"] = command(line, "ETRN zmward-scan.invalid").text
    return answers


def _extensions(line: Line, talk: _Talk, ask: Ask, port: int, *, tls: bool) -> None:
    verb = "LHLO" if talk.lmtp else "EHLO"
    offered = hello(line, verb=verb)
    if tls:
        talk.secure = offered
    else:
        talk.clear = offered
    if not talk.lmtp and port not in SUBMISSION:
        talk.answers = _questions(line, ask)
    if not tls and offers(offered, "STARTTLS"):
        if not command(line, "STARTTLS").accepts:
            return
        line.secure(ask.host)
        talk.secure = hello(line, verb=verb)
    command(line, "QUIT")


def _talked(
    dial: Dial, port: int, ask: Ask, told: list[Line], *, tls: bool
) -> tuple[_Talk, str]:
    talk = _Talk()
    seconds = PATIENCE
    try:
        with dial.connect(port, tls=ask.host if tls else None, seconds=seconds) as line:
            told.append(line)
            greeting = reply(line)
            talk.banner = greeting.text
            talk.lmtp = is_lmtp(greeting)
            if not greeting.accepts:
                return talk, f"it greets with {greeting.text}"
            _extensions(line, talk, ask, port, tls=tls)
    except Broken as error:
        return talk, str(error)
    return talk, ""


def _injected(
    dial: Dial, port: int, ask: Ask, told: list[Line], *, lmtp: bool
) -> tuple[bool | None, str]:
    """Send NOOP behind STARTTLS, before TLS: whoever answers it inside has kept it."""
    try:
        with dial.connect(port, seconds=PATIENCE) as line:
            told.append(line)
            reply(line)
            hello(line, verb="LHLO" if lmtp else "EHLO")
            line.send(b"STARTTLS\r\nNOOP\r\n")
            if not reply(line).accepts:
                return None, "STARTTLS was refused"
            line.secure(ask.host)
            line.send(b"QUIT\r\n")
            first = reply(line)
            if first.code == _BYE:
                return False, ""
            return (True, "") if first.accepts else (None, f"it says {first.text}")
    except Broken as error:
        return None, f"after STARTTLS with a command behind it: {error}"


def _telling(told: list[Line]) -> tuple[Exchange, ...]:
    """Return what was said, but for the courtesies."""
    said = dict.fromkeys(e for line in told for e in line.exchanges)
    kept = [
        e
        for e in said
        if not any(
            e.sent.startswith(verb) and e.received.startswith(code)
            for verb, code in _COURTESIES
        )
    ]
    return tuple(kept[:_EXCHANGES])


def look(dial: Dial, port: int, ask: Ask, *, tls: bool) -> SmtpShown:
    """Talk with one port; `tls` says that it speaks TLS from the start.

    It is asked to relay first: once postscreen knows the looker, it steps aside.
    """
    told: list[Line] = []
    relay, trouble = relayed(dial, port, ask, told, tls=tls)
    if not any(exchange.received for line in told for exchange in line.exchanges):
        reason = trouble or "it said nothing"
        return SmtpShown(dial.address, port, tls=tls, trouble=reason)
    talk, more = _talked(dial, port, ask, told, tls=tls)
    injected: bool | None = None
    last = ""
    if offers(talk.clear, "STARTTLS") and talk.secure is not None:
        injected, last = _injected(dial, port, ask, told, lmtp=talk.lmtp)
    return SmtpShown(
        dial.address,
        port,
        tls=tls,
        lmtp=talk.lmtp,
        banner=talk.banner,
        clear=talk.clear,
        secure=talk.secure,
        attempts=relay.attempts,
        answers=talk.answers,
        injected=injected,
        screened=relay.screened,
        exchanges=_telling(told),
        trouble="; ".join(dict.fromkeys(filter(None, (trouble, more, last)))),
    )
