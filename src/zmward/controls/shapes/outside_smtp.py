"""Looks from outside at what SMTP offers: logins, TLS, names and versions."""

from collections.abc import Iterator

from msgspec.structs import replace

from zmward.controls.shapes.outside_seen import (
    RUNNING,
    SOURCE,
    mute,
    said,
    sight,
    silent,
    subject,
    words_of,
)
from zmward.deviation import Judgement, deviates, not_concerned, sound, unknown
from zmward.outlook import Outlook, Outside, Sight
from zmward.profile import Profile, Services
from zmward.scan.line import Exchange
from zmward.scan.seen import Seen
from zmward.scan.smtp import SmtpShown, named
from zmward.scan.smtp_talk import offers

_FOLLOWS = "It follows from zimbraMtaTlsAuthOnly; reload Postfix: zmmtactl reload."
_ON_25 = (
    "Set zimbraMtaSaslAuthEnable to no and let users send over 465, where master.cf.in "
    "offers the login by itself; or leave it, if clients still send over 25."
)
_SECRETS = "It follows from zimbraMtaSmtpdSaslSecurityOptions: noanonymous."
_BROKEN = (
    "Look for the reason in /var/log/zimbra.log: most often Postfix could not read "
    "conf/smtpd.crt or smtpd.key, and then serves without TLS."
)
_FORCED = "Set zimbraMtaTlsSecurityLevel to may; encrypt is for ports of users only."
_BANNER = "It follows from zimbraMtaSmtpdBanner."
_NO_LOGINS = "Set zimbraMtaSaslAuthEnable to no; port 465 is closed in the firewall."
_UNSEEN = "postscreen answered in place of Postfix: scan again later"
_MAIL = 25


def _ports(seen: Seen) -> tuple[SmtpShown, ...]:
    return tuple(s for s in seen.shown if isinstance(s, SmtpShown) and not s.lmtp)


def _logins(extensions: tuple[str, ...] | None) -> tuple[str, ...]:
    """Return the mechanisms that are offered, in both spellings of AUTH."""
    lines = (text.replace("AUTH=", "AUTH ").split() for text in extensions or ())
    return tuple(
        dict.fromkeys(w for words in lines if words[:1] == ["AUTH"] for w in words[1:])
    )


def _blind(shown: SmtpShown, where: str) -> Judgement | None:
    """Return a judgement where it is not known what is offered inside TLS."""
    if shown.screened:
        return unknown(RUNNING, where, _UNSEEN)
    if shown.clear is None and shown.secure is None:
        return mute(shown, where)
    if shown.secure is None and offers(shown.clear, "STARTTLS"):
        return unknown(RUNNING, where, f"inside TLS: {shown.trouble or 'not known'}")
    return None


def _clear(seen: Seen, outlook: Outlook) -> Iterator[Judgement]:
    ports = tuple(p for p in _ports(seen) if not p.tls)
    yield from silent(seen, outlook, _ports(seen), "smtp")
    for shown in ports:
        where = subject(shown, outlook)
        if shown.clear is None:
            yield mute(shown, where)
        elif ways := _logins(shown.clear):
            text = f"port {shown.port} offers AUTH {' '.join(ways)} before STARTTLS"
            yield deviates(
                RUNNING,
                where,
                text,
                "AUTH after STARTTLS",
                no_cure=_FOLLOWS,
                source=SOURCE,
                seen=said(shown, "EHLO"),
            )
        elif shown.screened:
            yield unknown(RUNNING, where, _UNSEEN)
        else:
            yield sound(RUNNING, where, source=SOURCE, seen=said(shown, "EHLO"))
    if _ports(seen) and not ports:
        reason = "no port that begins without TLS"
        yield not_concerned(RUNNING, outlook.subject, reason)


def _offered(shown: SmtpShown) -> str:
    return f"EHLO → {' '.join((*(shown.clear or ()), *(shown.secure or ())))}"[:400]


def _on_25(seen: Seen, outlook: Outlook) -> Iterator[Judgement]:
    ports = tuple(p for p in _ports(seen) if p.port == _MAIL)
    if not ports:
        yield not_concerned(RUNNING, outlook.subject, "port 25 was not seen open")
    for shown in ports:
        where = subject(shown, outlook)
        ways = _logins((*(shown.clear or ()), *(shown.secure or ())))
        if ways:
            yield deviates(
                RUNNING,
                where,
                f"port 25 offers AUTH {' '.join(ways)}",
                "no AUTH",
                no_cure=_ON_25,
                source=SOURCE,
                seen=_offered(shown),
            )
        else:
            blind = _blind(shown, where)
            yield blind or sound(RUNNING, where, source=SOURCE, seen=_offered(shown))


def _off(seen: Seen, outlook: Outlook) -> Iterator[Judgement]:
    if outlook.profile.services.smtp_auth == "wanted":
        reason = "the profile wants SMTP AUTH"
        yield not_concerned(RUNNING, outlook.subject, reason)
        return
    yield from silent(seen, outlook, _ports(seen), "smtp")
    for shown in _ports(seen):
        where = subject(shown, outlook)
        ways = _logins((*(shown.clear or ()), *(shown.secure or ())))
        text = f"port {shown.port} offers AUTH {' '.join(ways)}"
        if not ways:
            blind = _blind(shown, where)
            yield blind or sound(RUNNING, where, source=SOURCE, seen=_offered(shown))
        elif outlook.profile.services.smtp_auth == "unwanted":
            yield deviates(
                RUNNING,
                where,
                text,
                "no AUTH",
                no_cure=_NO_LOGINS,
                source=SOURCE,
                seen=_offered(shown),
            )
        else:
            reason = f"{text}; whether listed users alone may, nobody outside sees"
            yield unknown(RUNNING, where, reason)


def _anonymous(seen: Seen, outlook: Outlook) -> Iterator[Judgement]:
    yield from silent(seen, outlook, _ports(seen), "smtp")
    for shown in _ports(seen):
        where = subject(shown, outlook)
        ways = _logins((*(shown.clear or ()), *(shown.secure or ())))
        if "ANONYMOUS" in ways:
            yield deviates(
                RUNNING,
                where,
                f"port {shown.port} offers AUTH {' '.join(ways)}",
                "mechanisms that need a password",
                no_cure=_SECRETS,
                source=SOURCE,
                seen=_offered(shown),
            )
        else:
            blind = _blind(shown, where)
            yield blind or sound(RUNNING, where, source=SOURCE, seen=_offered(shown))


def _forced(shown: SmtpShown) -> str:
    """Return the words by which port 25 refused mail outside TLS."""
    demands = (
        exchange
        for exchange in shown.exchanges
        if exchange.sent.startswith("MAIL") and exchange.received.startswith("530")
    )
    return words_of(demands) if shown.port == _MAIL else ""


def _starttls(seen: Seen, outlook: Outlook) -> Iterator[Judgement]:
    ports = tuple(p for p in _ports(seen) if not p.tls)
    yield from silent(seen, outlook, _ports(seen), "smtp")
    for shown in ports:
        where = subject(shown, outlook)
        if shown.clear is None:
            yield mute(shown, where)
        elif not offers(shown.clear, "STARTTLS"):
            text = f"port {shown.port} does not offer STARTTLS"
            yield deviates(
                RUNNING,
                where,
                text,
                "STARTTLS",
                no_cure=_BROKEN,
                source=SOURCE,
                seen=said(shown, "EHLO"),
            )
        elif forced := _forced(shown):
            yield deviates(
                RUNNING,
                where,
                "port 25 takes no mail without TLS",
                "TLS offered and forced on nobody (RFC 3207)",
                no_cure=_FORCED,
                source=SOURCE,
                seen=forced,
            )
        elif shown.secure is None:
            reason = f"no TLS after STARTTLS: {shown.trouble or 'not known'}"
            yield unknown(RUNNING, where, reason)
        else:
            yield sound(RUNNING, where, source=SOURCE, seen=said(shown, "STARTTLS"))
    if _ports(seen) and not ports:
        reason = "no port that begins without TLS"
        yield not_concerned(RUNNING, outlook.subject, reason)


def _banner(seen: Seen, outlook: Outlook) -> Iterator[Judgement]:
    yield from silent(seen, outlook, _ports(seen), "smtp")
    for shown in _ports(seen):
        where = subject(shown, outlook)
        name = named(shown.banner.encode())
        if name is None:
            yield mute(shown, where)
        elif name.version:
            yield deviates(
                RUNNING,
                where,
                f"port {shown.port}: {shown.banner}",
                "no version",
                no_cure=_BANNER,
                source=SOURCE,
            )
        else:
            yield sound(RUNNING, where, source=SOURCE, seen=shown.banner)


def port_example(
    port: int = 25,
    clear: str | None = None,
    secure: str | None = None,
    *,
    banner: str = "220 mail.example.test ESMTP Postfix",
    answers: dict[str, str] | None = None,
    screened: bool = False,
) -> SmtpShown:
    """Return a port that offers some words before and inside TLS, for examples."""
    heard = clear if clear is not None else secure
    talked = (Exchange(port, "EHLO zmward-scan.invalid", f"250 {heard}"),)
    return SmtpShown(
        "192.0.2.10",
        port,
        tls=port == 465,  # noqa: PLR2004 -- the port of SMTP inside TLS
        banner=banner,
        clear=None if clear is None else tuple(clear.split(",")),
        secure=None if secure is None else tuple(secure.split(",")),
        answers=answers or {},
        screened=screened,
        exchanges=talked if heard is not None else (Exchange(port, "", banner),),
        trouble="" if heard is not None else "it said nothing in time",
    )


_NONE = sight(port_example())
_LATE = sight(port_example(25, "STARTTLS,SIZE", "SIZE,AUTH PLAIN LOGIN"))
_NEVER = sight(port_example(25, "STARTTLS,SIZE", "SIZE"))
_EARLY = sight(port_example(587, "STARTTLS,AUTH PLAIN LOGIN", "AUTH PLAIN LOGIN"))
_HALF = sight(port_example(25, "STARTTLS,SIZE"))
_SCREEN = sight(port_example(25, "STARTTLS,SIZE", "SIZE", screened=True))
_465 = sight(port_example(465, None, "SIZE,AUTH PLAIN LOGIN"))
_530 = (Exchange(25, "MAIL FROM:<>", "530 5.7.0 Must issue a STARTTLS command first"),)
_WANTED = Profile(services=Services(smtp_auth="wanted"))
_UNWANTED = Profile(services=Services(smtp_auth="unwanted"))


def login_after_tls() -> Outside:
    """Look whether a password is asked for before TLS."""
    return Outside(
        _clear,
        (
            Sight("ok", _LATE),
            Sight("bad", _EARLY),
            Sight("bad", sight(port_example(25, "AUTH=LOGIN"))),
            Sight("unknown", _NONE),
            Sight("unknown", _SCREEN),
            Sight("n/a", _465),
        ),
    )


def no_login_on_25() -> Outside:
    """Look whether the port for other servers asks users for their passwords."""
    return Outside(
        _on_25,
        (
            Sight("ok", _NEVER),
            Sight("bad", _LATE),
            Sight("unknown", _HALF),
            Sight("unknown", _SCREEN),
            Sight("unknown", _NONE),
            Sight("n/a", _465),
        ),
    )


def no_login() -> Outside:
    """Look whether logins are offered that the profile does not want."""
    return Outside(
        _off,
        (
            Sight("ok", _NEVER, _UNWANTED),
            Sight("ok", _NEVER),
            Sight("bad", _465, _UNWANTED),
            Sight("unknown", _465),
            Sight("unknown", _NONE),
            Sight("n/a", _465, _WANTED),
        ),
    )


def no_anonymous_login() -> Outside:
    """Look whether a login without a password is offered."""
    return Outside(
        _anonymous,
        (
            Sight("ok", _LATE),
            Sight("bad", sight(port_example(465, None, "AUTH PLAIN ANONYMOUS"))),
            Sight("unknown", _HALF),
            Sight("unknown", _NONE),
        ),
    )


def tls_offered() -> Outside:
    """Look whether STARTTLS is offered, and kept."""
    return Outside(
        _starttls,
        (
            Sight("ok", _LATE),
            Sight("bad", sight(port_example(25, "SIZE"))),
            Sight(
                "bad",
                sight(replace(port_example(25, "STARTTLS", "SIZE"), exchanges=_530)),
            ),
            Sight("unknown", _HALF),
            Sight("unknown", _NONE),
            Sight("n/a", _465),
        ),
    )


def no_version() -> Outside:
    """Look whether the greeting tells a version."""
    return Outside(
        _banner,
        (
            Sight("ok", _LATE),
            Sight(
                "bad", sight(port_example(banner="220 mail.example.test ESMTP 3.6.14"))
            ),
            Sight("unknown", sight(port_example(banner=""))),
        ),
    )
