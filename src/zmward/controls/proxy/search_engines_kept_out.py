"""Search engines are kept out of the web client."""

import re
from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.attributes import server_attr
from zmward.controls.shapes.basic import layers
from zmward.controls.shapes.outside_http_looks import robots_refused
from zmward.controls.shapes.served import PROXY, Pages, header_served, on_pages, page
from zmward.controls.shapes.service import unless_wanted
from zmward.controls.shapes.wanted import exactly
from zmward.deviation import Judgement, Layer, deviates, sound
from zmward.facts import Facts

_KEEP = "zimbraMailKeepOutWebCrawlers"
_NOTHING = re.compile(r"(?i)disallow:\s*/\*?\s*")


def _groups(text: str) -> Iterator[tuple[list[str], list[str]]]:
    """Yield the robots of each group of a robots.txt, and its rules."""
    robots: list[str] = []
    rules: list[str] = []
    for raw in text.splitlines():
        line = raw.partition("#")[0].strip()
        key, _, value = (word.strip().lower() for word in line.partition(":"))
        if key == "user-agent":
            if rules:
                yield robots, rules
                robots, rules = [], []
            robots.append(value)
        elif key in ("allow", "disallow"):
            rules.append(line)
    yield robots, rules


def _closed(text: str) -> bool:
    """Say whether a robots.txt closes the whole site to every robot."""
    groups = list(_groups(text))
    shut = all(
        any(map(_NOTHING.fullmatch, rules))
        and not any(rule.lower().startswith("allow") for rule in rules)
        for robots, rules in groups
        if robots
    )
    return shut and any("*" in robots for robots, _ in groups)


def _robots(pages: Pages) -> bool:
    found = page(pages, "robots")
    return found.status == 200 and _closed(found.text)  # noqa: PLR2004  # HTTP's OK


def _noindex(value: str) -> bool:
    return bool({"noindex", "none"} & {w.strip().lower() for w in value.split(",")})


def _servlet(_: Facts, host: str, pages: Pages) -> Iterator[Judgement]:
    found = page(pages, "servlet")
    text = f"/service/robots.txt: {' '.join(found.text.split()) or found.status}"
    if _closed(found.text):
        yield sound(Layer.RUNNING, host, source="served", seen=text)
        return
    yield deviates(
        Layer.RUNNING,
        host,
        text,
        "Disallow: /",
        no_cure="It follows from zimbraMailKeepOutWebCrawlers.",
        source="served",
    )


_OPEN = "| User-agent: *\n| Allow: /\n"
_CLOSED = "| User-agent: *\n| Disallow: /\n"
_ONE_CLOSED = "| User-agent: *\n| Disallow:\n|\n| User-agent: badbot\n| Disallow: /\n"
_ONE_OPEN = f"| User-agent: googlebot\n| Disallow:\n|\n{_CLOSED}"


def _pages(robots: str, servlet: str, header: str = "") -> str:
    return (
        f"> login\n< HTTP/2 200\n{header}? 200\n> robots\n{robots}? 200\n"
        f"> servlet\n{servlet}? 200\n"
    )


CONTROL = Control(
    id="search-engines-kept-out",
    title="Search engines are kept out of the web client",
    why=(
        "Login pages and public folders that search engines list are found by "
        "those who look for victims."
    ),
    impact="Public calendars and folders are no longer found by searching.",
    severity=Severity.LOW,
    tips=("T15",),
    roles=("proxy", "mailbox"),
    check=unless_wanted(
        "search_engines",
        layers(
            server_attr(
                "zimbraMailKeepOutWebCrawlers",
                exactly("TRUE"),
                role="mailbox",
                unset="FALSE",
            ),
            header_served("X-Robots-Tag", "noindex", _noindex, enough=_robots),
            on_pages(_servlet),
        ),
    ),
    refs=("https://www.rfc-editor.org/rfc/rfc9309",),
    note=(
        "zimbraMailKeepOutWebCrawlers drives /service/robots.txt alone; crawlers "
        "ask for /robots.txt, a static file, so the text that is served decides, "
        "or a header X-Robots-Tag."
    ),
    examples=(
        passes(
            config={_KEEP: "TRUE"}, domains={}, raw={"served": _pages(_CLOSED, _CLOSED)}
        ),
        passes(
            config={_KEEP: "TRUE"},
            domains={},
            raw={"served": _pages(_OPEN, _CLOSED, "< X-Robots-Tag: noindex\n")},
        ),
        fails(
            config={_KEEP: "TRUE"}, domains={}, raw={"served": _pages(_OPEN, _CLOSED)}
        ),
        fails(
            config={_KEEP: "FALSE"}, domains={}, raw={"served": _pages(_CLOSED, _OPEN)}
        ),
        fails(
            config={_KEEP: "TRUE"}, domains={}, raw={"served": _pages(_CLOSED, _OPEN)}
        ),
        fails(
            config={_KEEP: "TRUE"},
            domains={},
            raw={"served": _pages(_ONE_CLOSED, _CLOSED)},
        ),
        fails(
            config={_KEEP: "TRUE"},
            domains={},
            raw={"served": _pages(_ONE_OPEN, _CLOSED)},
        ),
        fails(
            config={_KEEP: "TRUE"},
            domains={"example.com": {PROXY: "X-Frame-Options: DENY"}},
            raw={"served": _pages(_OPEN, _CLOSED, "< X-Robots-Tag: noindex\n")},
        ),
        passes(
            config={_KEEP: "TRUE"},
            domains={"example.com": {PROXY: "X-Frame-Options: DENY"}},
            raw={"served": _pages(_CLOSED, _CLOSED)},
        ),
        unsure(config={_KEEP: "TRUE"}, domains={}, missing=("served",)),
        unconcerned(profile={"services": {"search-engines": "wanted"}}, config={}),
    ),
    outside=robots_refused(_closed, _noindex),
)
