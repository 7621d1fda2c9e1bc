"""Shapes for Postfix: an attribute beside its parameter, and one service's value."""

from collections.abc import Mapping

from zmward.catalog.rendering import PARAMETERS
from zmward.control import Check
from zmward.controls.shapes.attributes import server_attr
from zmward.controls.shapes.basic import layers
from zmward.controls.shapes.node import postconf
from zmward.controls.shapes.wanted import Values, Wanted

Services = Mapping[str, Mapping[str, str]]


def mta_setting(
    attribute: str,
    wanted: Wanted,
    *,
    rendered: Wanted | None = None,
    unset: str | Values | None = None,
) -> Check:
    """Judge an attribute on every MTA, and the parameter that it becomes."""
    parameter = PARAMETERS[attribute]
    return layers(
        server_attr(attribute, wanted, role="mta", unset=unset),
        postconf(parameter, rendered or wanted, attribute=attribute),
    )


def in_force(
    main: Mapping[str, str], services: Services, service: str, parameter: str
) -> str | None:
    """Return a parameter as one service has it: its own value before main.cf's."""
    own = services.get(service, {})
    return own[parameter] if parameter in own else main.get(parameter)


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


def without_ssl() -> Wanted:
    """Want TLS of any version and no SSL, in Postfix's words."""
    return _without(*_OLD[:2], text="no SSL (!SSLv2, !SSLv3)")
