"""What the sample's web server answers: the headers and robots.txt as they are set."""

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from zmward.demo.world import World
from zmward.evidence import Evidence, Parsed, Unseen
from zmward.facts import Facts
from zmward.finding import moment
from zmward.profile import Profile
from zmward.sources.served import SERVED, Page

_HEADERS = "zimbraReverseProxyResponseHeaders"
_ROBOTS = "zimbraMailKeepOutWebCrawlers"
_OF_ROBOTS = ("robots", "servlet")
_ALLOWED = {"TRUE": "Disallow: /", "FALSE": "Allow: /"}


def _values(world: World, host: str, name: str) -> tuple[str, ...]:
    """Return what is in force on the node: its own values, else the global ones."""
    places = (world.objects.get(f"server:{host}", {}), world.objects["global"])
    return next((own[name] for own in places if own.get(name)), ())


def _with(page: Page, old: Iterable[str], new: Iterable[str]) -> Page:
    """Return a page with the new headers in the place of the old ones."""
    gone = {row.partition(":")[0].strip().lower() for row in old}
    headers = {
        name: values for name, values in page.headers.items() if name not in gone
    }
    for row in new:
        name, _, value = row.partition(":")
        headers[name.strip().lower()] = (value.strip(),)
    return replace(page, headers=headers)


def answers(
    evidence: Evidence, host: str, before: World, now: World
) -> Mapping[str, Page] | None:
    """Return the pages as they would be served; None where nothing is otherwise."""
    old, new = (_values(world, host, _HEADERS) for world in (before, now))
    was, robots = (_values(world, host, _ROBOTS) for world in (before, now))
    try:
        pages = Facts(evidence, Profile(), moment(evidence.when)).read(SERVED, host)
    except Unseen:
        return None
    if (old, was) == (new, robots):
        return None
    found = {n: _with(p, old, new) if p.status else p for n, p in pages.items()}
    if robots != was:
        text = f"User-agent: *\n{_ALLOWED['TRUE' if robots == ('TRUE',) else 'FALSE']}"
        found |= {name: replace(found[name], text=text) for name in _OF_ROBOTS}
    return found


def serving(evidence: Evidence, host: str, before: World, now: World) -> Evidence:
    """Return the evidence with what the web server would answer now."""
    pages = answers(evidence, host, before, now)
    if pages is None:
        return evidence
    own = {**evidence.answers[host], SERVED.name: Parsed(pages)}
    return replace(evidence, answers={**evidence.answers, host: own})
