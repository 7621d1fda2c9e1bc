"""Shapes for what nginx serves: pages as they arrive, and response headers."""

from collections.abc import Callable, Iterator, Mapping

from zmward.change import SetAttr
from zmward.control import Check
from zmward.controls.shapes.basic import layers, on_directory, on_hosts
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound
from zmward.evidence import Missing, Unseen
from zmward.facts import Facts
from zmward.sources.directory import CONFIG, DOMAINS, SERVERS, Entry
from zmward.sources.packages import PACKAGES
from zmward.sources.served import SERVED, Page

PROXY = "zimbraReverseProxyResponseHeaders"
MAILBOX = "zimbraResponseHeader"

Pages = Mapping[str, Page]


def page(pages: Pages, name: str) -> Page:
    """Return a page that answered; raise Unseen where none did."""
    found = pages.get(name)
    if found is None or not found.status:
        raise Unseen(Missing(f"the page {name!r} was not answered"))
    return found


def on_pages(one: Callable[[Facts, str, Pages], Iterator[Judgement]]) -> Check:
    """Look at the pages that every proxy serves."""
    return on_hosts(
        Layer.RUNNING,
        (SERVED,),
        lambda facts, host: one(facts, host, facts.read(SERVED, host)),
        role="proxy",
    )


def declared(
    entry: Entry, name: str, where: tuple[str, ...] = (PROXY, MAILBOX)
) -> str | None:
    """Return the value that an object's attributes give a header, if any."""
    for attribute in where:
        for row in entry.own(attribute):
            found, _, value = row.partition(":")
            if found.strip().lower() == name.lower():
                return value.strip().removesuffix(" always").strip("\"' ")
    return None


def header_served(
    name: str,
    value: str,
    holds: Callable[[str], bool],
    *,
    enough: Callable[[Pages], bool] | None = None,
) -> Check:
    """Want a response header; `enough` says that the pages do without it.

    The global attributes are judged only where the header is not seen to be served.
    A domain with a list of its own loses the global one, and its pages are not asked
    for: its list is always judged, unless the pages do without the header.
    """

    def good(pages: Pages) -> bool:
        sent = holds(page(pages, "login").header(name))
        return sent or (enough is not None and enough(pages))

    def served(facts: Facts) -> bool:
        try:
            return all(good(facts.read(SERVED, h)) for h in facts.hosts("proxy"))
        except Unseen:
            if enough is not None:
                raise  # the pages may do without the header
            return False

    def attributes(facts: Facts) -> Iterator[Judgement]:
        if not facts.servers("proxy"):
            yield not_concerned(Layer.DECLARED, "directory", "no server runs proxy")
            return
        if not served(facts):
            yield _declared(facts.config(), name, value, holds)
        if enough is None or not all(
            enough(facts.read(SERVED, host)) for host in facts.hosts("proxy")
        ):
            yield from _overriding(facts, name, value, holds)

    needs = (CONFIG, SERVERS, DOMAINS, SERVED, PACKAGES)
    return layers(
        on_directory(
            Layer.DECLARED, needs, attributes, cures=True, attributes=(PROXY,)
        ),
        on_pages(lambda _, host, pages: iter((_sent(host, pages, name, value, good),))),
    )


def _overriding(
    facts: Facts, name: str, value: str, holds: Callable[[str], bool]
) -> Iterator[Judgement]:
    common = declared(facts.config(), name, (MAILBOX,))
    for domain in facts.domains():
        inherits = not domain.own(MAILBOX) and common is not None and holds(common)
        if domain.own(PROXY) and not inherits:
            yield _declared(domain, name, value, holds)


def _sent(
    host: str, pages: Pages, name: str, value: str, good: Callable[[Pages], bool]
) -> Judgement:
    seen = page(pages, "login").header(name)
    text = f"{name}: {seen or '(not sent)'}"
    if good(pages):
        return sound(Layer.RUNNING, host, source=SERVED.name, seen=text)
    return deviates(
        Layer.RUNNING,
        host,
        text,
        f"{name}: {value}",
        no_cure=f"It follows from {PROXY}.",
        source=SERVED.name,
    )


def _declared(
    entry: Entry, name: str, value: str, holds: Callable[[str], bool]
) -> Judgement:
    found = declared(entry, name)
    text = f"{name}: {found if found is not None else '(not set)'}"
    if found is not None and holds(found):
        return sound(Layer.DECLARED, entry.label, source="directory", seen=text)
    own = entry.own(PROXY)
    kept = tuple(
        row for row in own if row.partition(":")[0].strip().lower() != name.lower()
    )
    # nginx reads the value as its own language: blanks and semicolons need quotes.
    quoted = f'"{value}"' if set(value) & set(" ;,") else value
    return deviates(
        Layer.DECLARED,
        entry.label,
        text,
        f"{name}: {value}",
        cure=SetAttr(entry.label, PROXY, own or None, (*kept, f"{name}: {quoted}")),
        source="directory",
    )
