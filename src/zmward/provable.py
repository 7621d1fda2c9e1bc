"""Values beside a host's own schema, and what its own nginx can try of them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from zmward.change import Change, SetAttr

_OBJECTS: Final = {"global": "globalConfig"}
_DURATION: Final = re.compile(r"([0-9]+)(ms|[smhd]?)")
_SECONDS: Final = {"ms": 0.001, "": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_NUMBERS: Final = frozenset({"integer", "long", "port"})
_TEXTS: Final = frozenset({"string", "astring", "cstring", "ostring", "cs_string"})
_LARGEST_PORT: Final = 65535
# Attributes whose values nginx takes as they are, by its directive.
_DIRECTIVES: Final[Mapping[str, str]] = {
    "zimbraReverseProxySSLProtocols": "ssl_protocols",
    "zimbraReverseProxySSLCiphers": "ssl_ciphers",
    "zimbraReverseProxySSLECDHCurve": "ssl_ecdh_curve",
    "zimbraReverseProxySSLSessionTimeout": "ssl_session_timeout",
}
_HEADERS: Final = "zimbraReverseProxyResponseHeaders"


class Rule(msgspec.Struct, frozen=True):
    """What a host's schema says of one attribute."""

    type: str
    single: bool
    objects: frozenset[str]
    values: frozenset[str] = frozenset()
    least: str = ""
    most: str = ""
    frozen: str = ""


class Unreadable(Exception):  # the schema is, the program is not wrong
    """A file of the schema is no XML that can be trusted."""


def _words(text: str | None) -> frozenset[str]:
    return frozenset(word.strip() for word in (text or "").split(",") if word.strip())


def rules(text: str) -> Mapping[str, Rule]:
    """Return the rules of one file of the schema, by attribute."""
    try:
        root = fromstring(text.lstrip("\ufeff"))
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise Unreadable(str(error)) from error
    found = {}
    for row in root.iter("attr"):
        read = row.attrib.get
        kind = read("type", "")
        frozen = "deprecated" if read("deprecatedSince") else ""
        if read("immutable", "0") in {"1", "true"}:
            frozen = "immutable"
        found[read("name", "")] = Rule(
            type=kind,
            single=read("cardinality", "single") != "multi",
            objects=_words(read("optionalIn")) | _words(read("requiredIn")),
            values=_words(read("value")) if kind == "enum" else frozenset(),
            least=read("min", ""),
            most=read("max", ""),
            frozen=frozen,
        )
    return found


def _seconds(text: str) -> float | None:
    found = _DURATION.fullmatch(text)
    return None if found is None else int(found[1]) * _SECONDS[found[2]]


def _number(text: str) -> float | None:
    return int(text) if re.fullmatch(r"-?[0-9]{1,19}", text) else None


def _within(size: float | None, rule: Rule, name: str) -> str:
    """Say what is wrong with a size; a bound that is no number is none."""
    if size is None:
        return f"is no {name}"
    read = _seconds if name == "duration" else _number
    least, most = read(rule.least), read(rule.most)
    if rule.type == "port":
        least, most = 0, _LARGEST_PORT
    if least is not None and size < least:
        return f"is less than {rule.least or least}"
    if most is not None and size > most:
        return f"is more than {rule.most or most}"
    return ""


def _wrong(value: str, rule: Rule) -> str:
    """Say what a rule has against one value; empty where it has nothing."""
    if rule.type == "boolean":
        return "" if value in {"TRUE", "FALSE"} else "is neither TRUE nor FALSE"
    if rule.type == "enum":
        return "" if value in rule.values else f"is none of {_listed(rule.values)}"
    if rule.type in _NUMBERS:
        return _within(_number(value), rule, "number")
    if rule.type == "duration":
        return _within(_seconds(value), rule, "duration")
    most = _number(rule.most) if rule.type in _TEXTS else None
    return f"is longer than {rule.most}" if most and len(value) > most else ""


def _listed(values: Iterable[str]) -> str:
    return ", ".join(sorted(values))


def objections(
    changes: Iterable[Change], known: Mapping[str, Rule], *, whole: bool = True
) -> Iterator[str]:
    """Yield what this host's schema has against the values of a plan.

    `whole` says that all of the schema was read, so that what it lacks is lacking.
    """
    for change in changes:
        if not isinstance(change, SetAttr) or change.after is None:
            continue
        place = f"{change.attribute} on {change.target}"
        rule = known.get(change.attribute)
        if rule is None:
            if whole:
                yield f"{place}: this host's schema has no such attribute"
            continue
        kind = change.target.partition(":")[0]
        wanted = _OBJECTS.get(kind, kind)
        if rule.objects and wanted not in rule.objects:
            yield f"{place}: belongs to {_listed(rule.objects)} only"
        if rule.frozen:
            yield f"{place}: is {rule.frozen}"
        if rule.single and len(change.after) > 1:
            yield f"{place}: holds one value, not {len(change.after)}"
        for value in change.after:
            wrong = _wrong(value, rule)
            if wrong:
                yield f"{place}: {value!r} {wrong}"


def directives(changes: Iterable[Change]) -> tuple[str, ...]:
    """Return the directives that nginx will be given by a plan's values."""
    found = []
    for change in changes:
        if not isinstance(change, SetAttr) or change.after is None:
            continue
        if change.target.partition(":")[0] not in {"global", "server", "domain"}:
            continue
        if change.attribute == _HEADERS:
            pairs = (value.partition(":") for value in change.after)
            found += [f"add_header {name} {rest.strip()};" for name, _, rest in pairs]
        elif change.attribute in _DIRECTIVES:
            values = " ".join(change.after)
            found.append(f"{_DIRECTIVES[change.attribute]} {values};")
    return tuple(found)
