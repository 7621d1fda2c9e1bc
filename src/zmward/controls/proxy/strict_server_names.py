"""The web server answers only to host names of its own."""

from collections.abc import Iterator

from zmward.change import SetAttr
from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import layers, on_directory
from zmward.controls.shapes.outside_http_looks import own_names_only
from zmward.controls.shapes.served import Pages, on_pages, page
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.facts import Facts
from zmward.sources.directory import CONFIG, DOMAINS, SERVERS, Entry

_STRICT = "zimbraReverseProxyStrictServerNameEnabled"
_NAMES = ("zimbraVirtualHostname", "zimbraPublicServiceHostname")


def _nameless(facts: Facts) -> tuple[str, ...]:
    """Return the domains whose host name nginx would not know."""
    if facts.config().own("zimbraPublicServiceHostname"):
        return ()
    return tuple(
        domain.name
        for domain in facts.domains()
        if domain.one("zimbraDomainType") != "alias"
        and not any(domain.own(name) for name in _NAMES)
    )


def _declared(facts: Facts) -> Iterator[Judgement]:
    proxies = facts.servers("proxy")
    if not proxies:
        yield not_concerned(Layer.DECLARED, "directory", "no server runs proxy")
    places = [s if s.own(_STRICT) else facts.config() for s in proxies]
    for place in {place.label: place for place in places}.values():
        value = place.own(_STRICT)
        text = f"{_STRICT}: {', '.join(value) or '(not set)'}"
        if value == ("TRUE",):
            yield sound(Layer.DECLARED, place.label, source="directory", seen=text)
        elif not value:
            yield unknown(Layer.DECLARED, place.label, f"{_STRICT} is set nowhere")
        else:
            yield _deviating(facts, place, text)


def _deviating(facts: Facts, place: Entry, text: str) -> Judgement:
    nameless = _nameless(facts)
    # A server whose global value is right drops its own one.
    heir = place.kind == "server" and facts.config().own(_STRICT) == ("TRUE",)
    after = None if heir else ("TRUE",)
    cure = SetAttr(place.label, _STRICT, place.own(_STRICT) or None, after)
    shown = ", ".join(nameless[:5]) + (" …" if len(nameless) > 5 else "")  # noqa: PLR2004  # a line
    return deviates(
        Layer.DECLARED,
        place.label,
        text,
        "TRUE",
        cure=None if nameless else cure,
        no_cure=f"Users of {shown} would be refused: give each of these domains its "
        "zimbraVirtualHostname first."
        if nameless
        else "",
        source="directory",
    )


def _foreign(_: Facts, host: str, pages: Pages) -> Iterator[Judgement]:
    status = page(pages, "foreign").status
    text = f"a foreign host name is answered with {status}"
    if status in (400, 403, 404, 421):
        yield sound(Layer.RUNNING, host, source="served", seen=text)
        return
    yield deviates(
        Layer.RUNNING,
        host,
        text,
        "400",
        no_cure=f"It follows from {_STRICT}: the proxy needs a restart.",
        source="served",
    )


_NAMED = {"example.com": {"zimbraVirtualHostname": "mail.example.com"}}


def _page(status: int) -> str:
    return f"> login\n? 200\n> foreign\n? {status}\n"


CONTROL = Control(
    id="strict-server-names",
    title="The web server answers only to host names of its own",
    why=(
        "An answer to any name lets links be poisoned: addresses in pages and "
        "mails are built from the Host that a stranger sent."
    ),
    impact=(
        "Whoever uses a name that no domain lists, or the bare address, is "
        "refused with 400."
    ),
    severity=Severity.MEDIUM,
    tips=("T37",),
    roles=("proxy",),
    locks_out="users who reach the web client under a name that no domain lists",
    check=layers(
        on_directory(
            Layer.DECLARED,
            (CONFIG, SERVERS, DOMAINS),
            _declared,
            cures=True,
            attributes=(_STRICT,),
        ),
        on_pages(_foreign),
    ),
    refs=("https://nginx.org/en/docs/http/server_names.html",),
    note=(
        "New installations have it on, upgraded ones off. It covers the HTTPS "
        "port for users alone. Give every name that users type to a domain, as "
        "zimbraVirtualHostname, before it is switched on."
    ),
    examples=(
        passes(config={_STRICT: "TRUE"}, domains=_NAMED, raw={"served": _page(400)}),
        fails(config={_STRICT: "FALSE"}, domains=_NAMED, raw={"served": _page(400)}),
        fails(
            config={_STRICT: "FALSE"},
            domains={"example.com": {}},
            raw={"served": _page(200)},
        ),
        fails(
            config={_STRICT: "TRUE"},
            server={_STRICT: "FALSE"},
            domains=_NAMED,
            raw={"served": _page(400)},
        ),
        fails(config={_STRICT: "TRUE"}, domains=_NAMED, raw={"served": _page(302)}),
        unsure(config={_STRICT: "TRUE"}, domains=_NAMED, missing=("served",)),
        unsure(config={_STRICT: "TRUE"}, domains=_NAMED, raw={"served": _page(0)}),
        unconcerned(services=("mta",), config={}, domains={}),
    ),
    outside=own_names_only(),
)
