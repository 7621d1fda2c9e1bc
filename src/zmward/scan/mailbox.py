"""What IMAP and POP3 say to a stranger, before anybody has logged in."""

import re
from typing import Literal

import msgspec

from zmward.scan.line import Ask, Broken, Dial, Ended, Exchange, Line
from zmward.scan.mailbox_talk import (
    Answer,
    capabilities,
    imap,
    imap_answer,
    offered,
    pop3,
)
from zmward.scan.named import Named
from zmward.scan.smtp_talk import readable
from zmward.scan.versions import version_in

_IMAP = re.compile(r"\* (?:OK|BYE|PREAUTH)\b", re.IGNORECASE)
_POP3 = re.compile(r"(?:\+OK|-ERR)(?: |$)")
# Zimbra's mail proxy is nginx: its own greeting, or one with Zimbra's version.
_PROXY = re.compile(r"(?:OK|\+OK) (?:Zimbra \S{1,80} )?(?:IMAP4|POP3) ready")
_OTHERS = {"dovecot": "Dovecot", "cyrus": "Cyrus", "courier": "Courier"}
_LONGEST = 2000
_EXCHANGES = 30
_SECONDS = 8.0
_USER = "zmward-scan"
_PASSWORDS = {"PLAIN", "LOGIN"}
# RFC 2449 and 3206: a refusal of this moment, or of this user; and without a code.
_LATER = re.compile(
    r"-ERR (?:\[(?:SYS/|IN-USE|LOGIN-DELAY))|temporar|unavailable|too many|\blater\b",
    re.IGNORECASE,
)
# mailboxd: "only valid after entering TLS mode"; others say it in these words.
_TLS_FIRST = re.compile(
    r"only valid after entering TLS|(?:clear|plain) ?text|secure connection"
    r"|\b(?:must|need|use|issue|start|requires?)\b.{0,40}\b(?:S?TLS|SSL|encrypt)"
    r"|\b(?:TLS|SSL|encryption)\b.{0,20}\brequired",
    re.IGNORECASE,
)
Taken = Literal["yes", "no", "unknown"]


class MailboxShown(msgspec.Struct, frozen=True, tag="mailbox"):
    """One port of IMAP or POP3: its greeting and whether it takes clear passwords.

    `tls` says that it speaks TLS from the start.
    `clear` and `secure` are what it says that it can before and inside TLS, None
    where it did not say. `taken` tells whether it would take a password outside TLS,
    and `answer` how it said so. `injected` says that a command sent before TLS was
    obeyed inside it, None where that is not known.
    """

    address: str
    port: int
    tls: bool = False
    protocol: Literal["", "imap", "pop3"] = ""
    banner: str = ""
    identity: str = ""
    clear: tuple[str, ...] | None = None
    secure: tuple[str, ...] | None = None
    taken: Taken = "unknown"
    answer: str = ""
    injected: bool | None = None
    exchanges: tuple[Exchange, ...] = ()
    trouble: str = ""


def _product(line: str) -> str:
    if _PROXY.search(line):
        return "nginx"
    if re.search(r"\bZimbra\b", line):
        return "Zimbra"
    low = line.lower()
    return next((name for word, name in _OTHERS.items() if word in low), "")


def named(greeting: bytes) -> Named | None:
    """Name what greets like an IMAP or POP3 server; None where it does not."""
    text = greeting[:_LONGEST].decode("utf-8", "replace")
    first = (text.splitlines() or [""])[0]
    if _IMAP.match(first):
        return Named("imap", _product(first), version_in(first))
    if _POP3.match(first):
        return Named("pop3", _product(first), version_in(first))
    return None


class _Talk(msgspec.Struct):
    """What one conversation has shown until now."""

    protocol: Literal["", "imap", "pop3"] = ""
    banner: str = ""
    identity: str = ""
    clear: tuple[str, ...] | None = None
    secure: tuple[str, ...] | None = None
    taken: Taken = "unknown"
    answer: str = ""


def _imap_taken(clear: tuple[str, ...] | None, answer: Answer) -> Taken:
    """Judge an answer to AUTHENTICATE that nobody has followed by a password."""
    if answer.more:
        return "yes"
    if clear is None:
        return "unknown"
    # RFC 3501: where LOGINDISABLED is not said, LOGIN is taken.
    return "no" if "LOGINDISABLED" in clear else "yes"


def _imap_clear(line: Line, talk: _Talk) -> None:
    answer = imap(line, "z3", "AUTHENTICATE PLAIN")
    talk.answer = answer.text
    talk.taken = _imap_taken(talk.clear, answer)
    if talk.taken == "yes" and not answer.more:
        talk.answer = "CAPABILITY without LOGINDISABLED"
    if answer.more:
        line.send(b"*\r\n")
        imap_answer(line)


def _imap(line: Line, talk: _Talk, host: str, *, tls: bool) -> None:
    told = capabilities(imap(line, "z1", "CAPABILITY"))
    identity = imap(line, "z2", "ID NIL")
    talk.identity = next((text[:200] for text in identity.lines if " ID " in text), "")
    if tls:
        talk.secure = told
    else:
        talk.clear = told
        _imap_clear(line, talk)
        if "STARTTLS" in (told or ()) and imap(line, "z4", "STARTTLS").granted:
            line.secure(host)
            talk.secure = capabilities(imap(line, "z5", "CAPABILITY"))
    imap(line, "z6", "LOGOUT")


def _pop3_taken(clear: tuple[str, ...] | None, answer: Answer) -> Taken:
    """Judge an answer to USER that nobody has followed by a password.

    mailboxd lists USER in CAPA where it refuses it outside TLS too; so what is listed
    and refused counts as refused only where it says that it wants TLS.
    """
    if answer.granted:
        return "yes"
    if clear is None:
        return "unknown"
    words = [text.split() for text in clear]
    if any(word[:1] == ["SASL"] and _PASSWORDS & set(word) for word in words):
        return "yes"
    if _LATER.search(answer.text):
        return "unknown"
    return (
        "no" if ["USER"] not in words or _TLS_FIRST.search(answer.text) else "unknown"
    )


def _pop3(line: Line, talk: _Talk, host: str, *, tls: bool) -> None:
    told = offered(pop3(line, "CAPA", many=True))
    if tls:
        talk.secure = told
    else:
        talk.clear = told
        if "STLS" in (told or ()) and pop3(line, "STLS").granted:
            line.secure(host)
            talk.secure = offered(pop3(line, "CAPA", many=True))
    pop3(line, "QUIT")


def _user(dial: Dial, port: int, told: list[Line], talk: _Talk) -> str:
    """Say a user's name outside TLS; after it, servers know no other command."""
    try:
        with dial.connect(port, seconds=_SECONDS) as line:
            told.append(line)
            if not line.line().upper().startswith(b"+OK"):
                return "before USER: it did not greet"
            answer = pop3(line, f"USER {_USER}")
            talk.answer = answer.text
            talk.taken = _pop3_taken(talk.clear, answer)
            if talk.taken == "yes" and not answer.granted:
                talk.answer = "CAPA with SASL PLAIN or LOGIN"
            pop3(line, "QUIT")
    except Broken as error:
        return f"after USER: {error}"
    if talk.taken == "unknown":
        return f"USER was refused, which does not tell of TLS: {talk.answer}"
    return ""


def _talked(
    dial: Dial, port: int, ask: Ask, told: list[Line], *, tls: bool
) -> tuple[_Talk, str]:
    talk = _Talk()
    sni = ask.host if tls else None
    try:
        with dial.connect(port, tls=sni, seconds=_SECONDS) as line:
            told.append(line)
            greeting = line.line()
            talk.banner = readable(greeting)
            if _IMAP.match(talk.banner):
                talk.protocol = "imap"
                _imap(line, talk, ask.host, tls=tls)
            elif _POP3.match(talk.banner):
                talk.protocol = "pop3"
                _pop3(line, talk, ask.host, tls=tls)
            else:
                return talk, "it greets neither as IMAP nor as POP3"
    except Broken as error:
        return talk, str(error)
    return talk, ""


def _injected(
    dial: Dial, port: int, ask: Ask, told: list[Line], *, imap4: bool
) -> tuple[bool | None, str]:
    """Send NOOP behind STARTTLS, before TLS: whoever answers it inside has kept it."""
    start, bye = (b"z1 STARTTLS", b"z3 LOGOUT") if imap4 else (b"STLS", b"QUIT")
    behind = b"z2 NOOP" if imap4 else b"NOOP"
    try:
        with dial.connect(port, seconds=_SECONDS) as line:
            told.append(line)
            line.line()
            line.send(start + b"\r\n" + behind + b"\r\n")
            if b"OK" not in line.line().upper()[:5]:
                return None, "STARTTLS was refused"
            line.secure(ask.host)
            line.send(bye + b"\r\n")
            return _kept(line, imap4=imap4), ""
    except Broken as error:
        return None, f"after STARTTLS with a command behind it: {error}"


def _kept(line: Line, *, imap4: bool) -> bool | None:
    """Say whether an answer comes before the one to the farewell."""
    if imap4:
        first = imap_answer(line)
        if first.text.startswith("z2 "):
            return True
        return False if first.text.startswith("z3 ") else None
    line.line()
    try:
        return bool(line.line())
    except Ended:
        return False


def look(dial: Dial, port: int, ask: Ask, *, tls: bool) -> MailboxShown:
    """Talk with one port; `tls` says that it speaks TLS from the start."""
    told: list[Line] = []
    talk, trouble = _talked(dial, port, ask, told, tls=tls)
    injected: bool | None = None
    more = last = ""
    if not tls and talk.protocol == "pop3":
        last = _user(dial, port, told, talk)
    if not tls and talk.secure is not None:
        imap4 = talk.protocol == "imap"
        injected, more = _injected(dial, port, ask, told, imap4=imap4)
    said = dict.fromkeys(e for line in told for e in line.exchanges)
    dull = ("QUIT", "z6 LOGOUT", "*")
    kept = tuple(e for e in said if not e.sent.startswith(dull))[:_EXCHANGES]
    return MailboxShown(
        dial.address,
        port,
        tls=tls,
        protocol=talk.protocol,
        banner=talk.banner,
        identity=talk.identity,
        clear=talk.clear,
        secure=talk.secure,
        taken=talk.taken,
        answer=talk.answer,
        injected=injected,
        exchanges=kept,
        trouble="; ".join(filter(None, (trouble, last, more))),
    )
