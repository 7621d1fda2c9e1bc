"""Looks from outside at IMAP and POP3: clear passwords, versions, and STARTTLS."""

from collections.abc import Iterator
from typing import Literal

from zmward.controls.shapes.outside_seen import (
    RUNNING,
    SOURCE,
    MailShown,
    mute,
    said,
    sight,
    silent,
    subject,
)
from zmward.deviation import Judgement, deviates, not_concerned, sound
from zmward.outlook import Outlook, Outside, Sight
from zmward.scan.line import Exchange
from zmward.scan.mailbox import MailboxShown, Taken
from zmward.scan.mailbox import named as mailbox_named
from zmward.scan.seen import Seen
from zmward.scan.smtp import SmtpShown
from zmward.scan.smtp import named as smtp_named
from zmward.scan.versions import version_in

Product = Literal["nginx", "Zimbra"]

_PROXY = "It follows from zimbraReverseProxyImapStartTlsMode and …Pop3StartTlsMode."
_MAILBOX = "It follows from zimbraImapCleartextLoginEnabled and zimbraPop3Cleartext…."
_BANNERS = "It follows from zimbra*ExposeVersionOnBanner; restart what greets so."
_OLD = (
    "This is CVE-2011-0411 or a relative of it: bring what answers on this port up "
    "to date."
)
_QUESTIONS = ("z3 AUTHENTICATE", "USER", "CAPA", "z1 CAPABILITY")


def _boxes(seen: Seen) -> tuple[MailboxShown, ...]:
    return tuple(shown for shown in seen.shown if isinstance(shown, MailboxShown))


def _product(shown: MailboxShown) -> str:
    name = mailbox_named(shown.banner.encode())
    return name.product if name else ""


def _answer(shown: MailboxShown) -> str:
    asked = "USER" if shown.protocol == "pop3" else "AUTHENTICATE PLAIN"
    return f"{asked} → {shown.answer}"


def _clear(seen: Seen, outlook: Outlook, product: Product) -> Iterator[Judgement]:
    boxes = _boxes(seen)
    yield from silent(seen, outlook, boxes, "imap", "pop3")
    ports = tuple(
        box
        for box in boxes
        if not box.tls and (_product(box) == "nginx") is (product == "nginx")
    )
    for shown in ports:
        where = subject(shown, outlook)
        if shown.taken == "unknown":
            yield mute(shown, where)
        elif shown.taken == "yes":
            yield deviates(
                RUNNING,
                where,
                f"port {shown.port} takes a password outside TLS",
                "logins after STARTTLS only",
                no_cure=_PROXY if product == "nginx" else _MAILBOX,
                source=SOURCE,
                seen=_answer(shown),
            )
        else:
            seen_words = f"{_answer(shown)}; {said(shown, *_QUESTIONS)}"
            yield sound(RUNNING, where, source=SOURCE, seen=seen_words)
    if boxes and not ports:
        reason = f"no port of {product} that begins without TLS"
        yield not_concerned(RUNNING, outlook.subject, reason)


def _version(shown: MailShown) -> str | None:
    """Return the version that a port tells; None where it did not greet."""
    greeting = shown.banner.encode()
    if isinstance(shown, SmtpShown):
        name = smtp_named(greeting)
        return name.version if name else None
    name = mailbox_named(greeting)
    return (name.version or version_in(shown.identity)) if name else None


def _versions(seen: Seen, outlook: Outlook) -> Iterator[Judgement]:
    boxes: tuple[MailShown, ...] = (
        *_boxes(seen),
        *(s for s in seen.shown if isinstance(s, SmtpShown) and s.lmtp),
    )
    yield from silent(seen, outlook, boxes, "imap", "pop3", "lmtp")
    for shown in boxes:
        where = subject(shown, outlook)
        version = _version(shown)
        if version is None:
            yield mute(shown, where)
        elif version:
            yield deviates(
                RUNNING,
                where,
                f"port {shown.port} tells its version, {version}",
                "no version",
                no_cure=_BANNERS,
                source=SOURCE,
                seen=shown.banner if version in shown.banner else said(shown, "z2 ID"),
            )
        else:
            yield sound(RUNNING, where, source=SOURCE, seen=shown.banner)


def _injection(seen: Seen, outlook: Outlook) -> Iterator[Judgement]:
    ports: tuple[MailShown, ...] = tuple(
        shown
        for shown in seen.shown
        if isinstance(shown, SmtpShown | MailboxShown) and not shown.tls
    )
    able = tuple(shown for shown in ports if shown.secure is not None)
    for shown in able:
        where = subject(shown, outlook)
        words = said(shown, "STARTTLS\n", "z1 STARTTLS", "STLS\n", "QUIT", "z3 LOGOUT")
        if shown.injected is None:
            yield mute(shown, where)
        elif shown.injected:
            yield deviates(
                RUNNING,
                where,
                f"port {shown.port} obeys inside TLS what was sent before it",
                "what was sent before TLS is thrown away",
                no_cure=_OLD,
                source=SOURCE,
                seen=words,
            )
        else:
            yield sound(RUNNING, where, source=SOURCE, seen=words)
    if not able:
        yield from _untold(outlook, ports)


def _untold(outlook: Outlook, ports: tuple[MailShown, ...]) -> Iterator[Judgement]:
    mutes = tuple(shown for shown in ports if shown.clear is None)
    for shown in mutes:
        yield mute(shown, subject(shown, outlook))
    if not mutes:
        reason = "no mail port that was seen to speak STARTTLS"
        yield not_concerned(RUNNING, outlook.subject, reason)


def _box(
    taken: Taken,
    banner: str = "* OK IMAP4 ready",
    *,
    identity: str = "",
    injected: bool | None = None,
) -> MailboxShown:
    answer = {"yes": "+ ", "no": "z3 NO cleartext logins disabled"}.get(taken, "")
    asked = Exchange(143, "z3 AUTHENTICATE PLAIN", answer)
    return MailboxShown(
        "192.0.2.10",
        143,
        protocol="imap",
        banner=banner,
        identity=identity,
        clear=("STARTTLS", "LOGINDISABLED") if taken == "no" else None,
        secure=None if injected is None else ("AUTH=PLAIN",),
        taken=taken,
        answer=answer,
        injected=injected,
        exchanges=(asked, Exchange(143, "z1 STARTTLS z2 NOOP", "z1 OK")),
        trouble="it said nothing in time" if taken == "unknown" else "",
    )


_NGINX, _ZIMBRA = (
    "* OK IMAP4 ready",
    "* OK m.example.test Zimbra IMAP4rev1 server ready",
)
_TLS = MailboxShown("192.0.2.10", 993, tls=True, protocol="imap", banner=_NGINX)


def _no_clear_login(product: Product, own: str, other: str) -> Outside:
    return Outside(
        lambda seen, outlook: _clear(seen, outlook, product),
        (
            Sight("ok", sight(_box("no", own))),
            Sight("bad", sight(_box("yes", own))),
            Sight("unknown", sight(_box("unknown", own))),
            Sight("n/a", sight(_box("yes", other))),
            Sight("n/a", sight(_TLS)),
        ),
    )


def no_clear_login_at_the_proxy() -> Outside:
    """Look whether nginx takes a password before STARTTLS."""
    return _no_clear_login("nginx", _NGINX, _ZIMBRA)


def no_clear_login_at_the_mailbox() -> Outside:
    """Look whether the mailbox server, or what is not nginx, takes it."""
    return _no_clear_login("Zimbra", _ZIMBRA, _NGINX)


def no_versions() -> Outside:
    """Look whether greetings of mailboxes, proxies and LMTP tell a version."""
    told = "* OK Zimbra 10.1.4_GA_4655 IMAP4 ready"
    identity = '* ID ("NAME" "Zimbra" "VERSION" "10.1.4_GA_4655")'
    greeting = "220 mail.example.test Zimbra 10.1.4_GA_4655 LMTP server ready"
    return Outside(
        _versions,
        (
            Sight("ok", sight(_box("no"))),
            Sight("bad", sight(_box("no", told))),
            Sight("bad", sight(_box("no", _ZIMBRA, identity=identity))),
            Sight(
                "bad", sight(SmtpShown("192.0.2.10", 7025, lmtp=True, banner=greeting))
            ),
            Sight("unknown", sight(_box("unknown", ""))),
        ),
    )


def nothing_kept_before_tls() -> Outside:
    """Look whether a command sent before TLS is obeyed inside it."""
    smtp = SmtpShown(
        "192.0.2.10",
        25,
        clear=("STARTTLS",),
        secure=("SIZE",),
        exchanges=(Exchange(25, "STARTTLS\nNOOP\n", "220 Ready to start TLS"),),
    )
    silence = SmtpShown("192.0.2.10", 25, trouble="it said nothing in time")
    return Outside(
        _injection,
        (
            Sight("ok", sight(_box("no", injected=False))),
            Sight("bad", sight(_box("no", injected=True))),
            Sight("unknown", sight(smtp)),
            Sight("unknown", sight(silence)),
            Sight("n/a", sight(_TLS)),
        ),
    )
