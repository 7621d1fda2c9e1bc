"""Looks at web servers from outside: the pages that strangers are shown."""

from collections.abc import Callable, Iterable, Iterator

from zmward.controls.shapes.outside_http_sights import start, web, web_sight
from zmward.deviation import (
    Judgement,
    Layer,
    deviates,
    not_concerned,
    sound,
    unknown,
)
from zmward.outlook import Outlook, Outside, Vantage
from zmward.scan.http import HttpShown
from zmward.scan.http_page import PageShown
from zmward.scan.seen import Seen

SOURCE = "outside"
REFUSED = frozenset((400, 403, 404, 405, 410, 421, 501))
_PUBLIC = frozenset((80, 443))
_DIRECT = "Zimbra mailboxd"

One = Callable[[str, HttpShown, PageShown], Iterable[Judgement]]
Look = Callable[[Seen, Outlook], Iterable[Judgement]]


def answers(seen: Seen) -> tuple[HttpShown, ...]:
    """Return every port that was asked for pages."""
    return tuple(shown for shown in seen.shown if isinstance(shown, HttpShown))


def fronts(seen: Seen, *, tls: bool = True) -> tuple[HttpShown, ...]:
    """Return the ports that serve the web client to users.

    mailboxd's own ports behind a proxy are not for them; without a proxy it has 443.
    """
    return tuple(
        shown
        for shown in answers(seen)
        if shown.tls is tls
        and (shown.port in _PUBLIC or shown.site == "web client")
        and (shown.port in _PUBLIC or shown.product != _DIRECT)
    )


def told(page: PageShown, *names: str) -> str:
    """Return what was asked and answered, in a few words."""
    sent = (f"{name}: {page.header(name) or '(not sent)'}" for name in names)
    asked = f"{page.method} {page.path} at {page.host} → {page.status}"
    return ", ".join((asked, *sent))


def nowhere(outlook: Outlook, what: str = "serves the web client") -> Judgement:
    """Say that no port was seen that a look concerns."""
    reason = f"no port was seen from outside that {what}"
    return not_concerned(Layer.RUNNING, outlook.subject, reason)


def at_fronts(
    name: str, one: One, *, tls: bool = True, what: str = "serves the web client"
) -> Look:
    """Judge one page of each port that serves the web client."""

    def look(seen: Seen, outlook: Outlook) -> Iterator[Judgement]:
        found = fronts(seen, tls=tls)
        if not found:
            yield nowhere(outlook, what)
        for shown in found:
            subject = outlook.place(shown.address, shown.port)
            page = shown.page(name)
            if page is None or not page.status:
                said = page.trouble if page else shown.trouble
                reason = said or "the page was not asked for"
                yield unknown(Layer.RUNNING, subject, f"{name}: {reason}")
            else:
                yield from one(subject, shown, page)

    return look


def unfit(subject: str, page: PageShown) -> Judgement:
    """Say that an answer decides nothing."""
    reason = f"{told(page)} decides nothing; was the host's own name asked for?"
    return unknown(Layer.RUNNING, subject, reason)


def alike(shown: HttpShown, page: PageShown) -> bool:
    """Say that a port refuses its own first page the same way: it proves nothing."""
    first = shown.page("start")
    return first is None or first.status == page.status >= 400  # noqa: PLR2004  # RFC 9110, 15.5


def good(subject: str, seen: str) -> Judgement:
    """Say that what was seen is as it should be."""
    return sound(Layer.RUNNING, subject, source=SOURCE, seen=seen)


def bad(
    subject: str, found: str, wanted: str, *, no_cure: str, seen: str = ""
) -> Judgement:
    """Say what strangers were shown that they should not be."""
    return deviates(
        Layer.RUNNING,
        subject,
        found,
        wanted,
        no_cure=no_cure,
        source=SOURCE,
        seen=seen,
    )


def vantage(seen: Seen, outlook: Outlook, shown: HttpShown) -> Vantage | None:
    """Return the zone from which a port was looked at; None where nobody knows.

    Nobody knows it where an administrator's address may have been hidden on the way,
    or where the host's own inner address may be another machine's.
    """
    if not seen.source.get(shown.address):
        return None
    zone = outlook.vantage(seen, shown.address)
    hidden = outlook.hidden(seen, shown.address)
    return None if hidden and zone in ("admin", "cluster", "itself") else zone


def header_sent(
    name: str,
    wanted: str,
    holds: Callable[[str], bool],
    *,
    sample: str,
    redirects: bool = False,
) -> Outside:
    """Want a response header on the first page of the web client.

    `sample` is a good value; `redirects`: an answer that only sends on counts as well.
    """
    most = 399 if redirects else 299

    def one(subject: str, _: HttpShown, page: PageShown) -> Iterator[Judgement]:
        value = page.header(name)
        if not 200 <= page.status <= most:  # noqa: PLR2004  # RFC 9110, 15.3 and 15.4
            yield unfit(subject, page)
        elif holds(value):
            yield good(subject, told(page, name))
        else:
            yield bad(
                subject,
                f"{name}: {value or '(not sent)'}",
                f"{name}: {wanted}",
                no_cure="It follows from zimbraReverseProxyResponseHeaders: audit the "
                "host itself, which has a cure.",
                seen=told(page, name),
            )

    sent, odd = {name: sample}, {name: "x"}
    return Outside(
        at_fronts("start", one),
        (
            web_sight("ok", web(start(sent))),
            web_sight("bad", web(start())),
            web_sight("bad", web(start(odd))),
            web_sight("bad", web(start()), web(start(sent), port=8444)),
            web_sight("unknown", web(start(sent, 400))),
            web_sight("ok" if redirects else "unknown", web(start(sent, 302))),
            web_sight("unknown", web(trouble="it said nothing in time")),
            web_sight("n/a", web(start(), port=8443, product=_DIRECT)),
            web_sight("n/a", web(start(), port=80, tls=False)),
            web_sight("n/a"),
        ),
    )
