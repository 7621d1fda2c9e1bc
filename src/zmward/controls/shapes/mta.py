"""Shapes for Postfix: an attribute beside its parameter, and one service's value."""

import re
from collections.abc import Iterator, Mapping

from zmward.catalog.rendering import PARAMETERS
from zmward.control import Check
from zmward.controls.shapes.attributes import server_attr
from zmward.controls.shapes.basic import layers, on_hosts
from zmward.controls.shapes.node import postconf
from zmward.controls.shapes.wanted import Values, Wanted
from zmward.deviation import Judgement, Layer, deviates, sound
from zmward.facts import Facts
from zmward.sources.postconf import SERVICES

Services = Mapping[str, Mapping[str, str]]

_NAMES = {"smtp": 25, "smtpd": 25, "smtps": 465, "submissions": 465, "submission": 587}
_BOUND = re.compile(r"(?:(\[[^]]*\]|[^:]*):)?([^:]+)/(inet|pass)")
_LOOPBACK = re.compile(r"\[?(localhost|127\.[0-9.]+|::1)\]?")
_MACRO = re.compile(r"\$(?:(\w+)|\{(\w+)\}|\((\w+)\))")
_IN_MASTER = (
    "Take the option out of /opt/zimbra/common/conf/master.cf.in by hand, then "
    "zmmtactl restart."
)


def port_of(service: str) -> int | None:
    """Return the port of a service of master.cf that clients reach, if it has one."""
    match = _BOUND.fullmatch(service)
    if match is None or _LOOPBACK.fullmatch(match[1] or ""):
        return None
    return int(match[2]) if match[2].isdecimal() else _NAMES.get(match[2])


def mta_setting(
    attribute: str,
    wanted: Wanted,
    *,
    rendered: Wanted | None = None,
    unset: str | Values | None = None,
    ports: tuple[int, ...] = (),
) -> Check:
    """Judge an attribute on every MTA, and the parameter that it becomes.

    On `ports`, what a service of master.cf sets for itself is judged as well.
    """
    parameter = PARAMETERS[attribute]
    wide = postconf(parameter, rendered or wanted, attribute=attribute)
    return layers(
        server_attr(attribute, wanted, role="mta", unset=unset),
        wide,
        *((own_values(parameter, rendered or wanted, ports),) if ports else ()),
    )


def own_values(parameter: str, wanted: Wanted, ports: tuple[int, ...]) -> Check:
    """Judge what services that clients reach set for themselves in master.cf."""

    def one(facts: Facts, host: str) -> Iterator[Judgement]:
        services = facts.read(SERVICES, host)
        found = {
            name: own[parameter]
            for name, own in services.items()
            if parameter in own and port_of(name) in ports
        }
        bad = {n: v for n, v in found.items() if not wanted.holds((v,) if v else ())}
        for name, value in bad.items():
            text = f"{name}: {parameter} = {value}"
            yield deviates(Layer.RENDERED, host, text, wanted.text, no_cure=_IN_MASTER)
        if not bad:
            yield sound(Layer.RENDERED, host)

    return on_hosts(Layer.RENDERED, (SERVICES,), one, role="mta")


def in_force(
    main: Mapping[str, str], services: Services, service: str, parameter: str
) -> str | None:
    """Return a parameter as one service has it: its own value before main.cf's."""
    own = services.get(service, {})
    value = own[parameter] if parameter in own else main.get(parameter)
    return None if value is None else expanded(main, value)


def expanded(main: Mapping[str, str], value: str) -> str:
    """Return a value with the parameters that it names put in, three levels deep."""
    for _ in range(3):
        value = _MACRO.sub(
            lambda match: main.get(match[1] or match[2] or match[3], match[0]), value
        )
    return value


def words(value: str) -> tuple[str, ...]:
    """Return the words of a list of Postfix, which blanks or commas part."""
    return tuple(value.replace(",", " ").split())


_OLD = ("SSLv2", "SSLv3", "TLSv1", "TLSv1.1")
_ORDER = (*_OLD, "TLSv1.2", "TLSv1.3")


def protocols(value: str) -> frozenset[str] | None:
    """Return what a list of protocols of Postfix allows; None where it is not one.

    postconf(5): `!NAME` excludes, a plain NAME means only those named, and `>=NAME`,
    `<=NAME` bound the range (3.6 and newer). An empty list allows everything.
    """
    excluded: set[str] = set()
    included: set[str] = set()
    bounds = [0, len(_ORDER) - 1]
    names = {name.lower(): name for name in _ORDER}
    for word in value.replace(",", " ").replace(":", " ").split():
        sign = word[:2] if word[:2] in (">=", "<=") else word[:1]
        bare = word[len(sign) :] if sign in (">=", "<=", "!") else word
        name = names.get(bare.lower())
        if name is None:
            return None
        if sign == "!":
            excluded.add(name)
        elif sign in (">=", "<="):
            bounds[sign == "<="] = _ORDER.index(name)
        else:
            included.add(name)
    allowed = set(_ORDER[bounds[0] : bounds[1] + 1])
    return frozenset((included & allowed if included else allowed) - excluded)


def _without(*forbidden: str, text: str) -> Wanted:
    def holds(found: Values) -> bool:
        allowed = protocols(" ".join(found))
        return bool(allowed) and not set(forbidden) & (allowed or set())

    return Wanted(text, holds, lambda _: (", ".join(f"!{n}" for n in forbidden),))


def modern_tls() -> Wanted:
    """Want TLS 1.2 and newer, in Postfix's words."""
    return _without(*_OLD, text="TLS 1.2 and newer only (!SSLv2 … !TLSv1.1)")
