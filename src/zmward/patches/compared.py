"""What an upgrade changed: the evidence of before held against that of after.

What is gone is bad, what differs is for a person to judge, what is the same is well.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from zmward.catalog.attributes import exact_names
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.i18n import Said, fill, mark
from zmward.patches.installed import half_done
from zmward.patches.readiness import Ready
from zmward.sources.directory import SERVERS
from zmward.sources.listeners import LISTENERS
from zmward.sources.localconfig import LOCALCONFIG
from zmward.sources.packages import PACKAGES

Values = Mapping[str, str]

_SHOWN: Final = 12
_LONGEST: Final = 60
_READ: Final = mark("compare it with the release notes")
_SAME: Final = mark("the same as before")


def _packages(facts: Facts, host: str) -> Values:
    found = facts.read(PACKAGES, host)
    half = half_done(facts, host)
    return {
        name: f"{version} ({half[name][0]})" if name in half else version
        for name, version in found.items()
        if name.startswith("zimbra")
    }


def _services(facts: Facts, host: str) -> Values:
    servers = (one for one in facts.read(SERVERS) if one.name == host)
    enabled = (name for one in servers for name in one.own("zimbraServiceEnabled"))
    return dict.fromkeys(enabled, "")


def _ports(facts: Facts, host: str) -> Values:
    found = facts.read(LISTENERS, host)
    return {f"{one.address} {one.protocol} {one.port}": "" for one in found}


def _settings(facts: Facts, host: str) -> Values:
    return facts.read(LOCALCONFIG, host).own


def _attributes(facts: Facts, host: str) -> Values:
    """Return the values of the whole site's objects, and of this server."""
    own = tuple(one for one in facts.read(SERVERS) if one.name == host)
    spelled = exact_names()
    return {
        f"{entry.label} {spelled.get(name, name)}": " ".join(sorted(values))
        for entry in (facts.config(), *facts.coses(), *own)
        for name, values in entry.values.items()
    }


# Subject → how it is read, whether values may be shown, whether a loss is bad.
_PLACES: Final[Mapping[str, tuple[Callable[[Facts, str], Values], bool, bool]]] = {
    mark("packages"): (_packages, True, True),
    mark("services"): (_services, False, True),
    mark("ports"): (_ports, False, True),
    mark("localconfig"): (_settings, False, False),
    mark("attributes"): (_attributes, True, False),
}


def _texts(was: Values, now: Values, *, shown: bool) -> Iterator[Said]:
    """Yield what differs; what is gone comes first, so that no long list hides it."""
    for name in sorted(was.keys() - now.keys()):
        yield fill(mark("gone: {name}"), name=name)
    for name in sorted(now):
        if name not in was:
            yield fill(mark("new: {name}"), name=name)
        elif was[name] != now[name] and shown:
            old, new = was[name][:_LONGEST], now[name][:_LONGEST]
            yield fill("{name}: {old} → {new}", name=name, old=old, new=new)
        elif was[name] != now[name]:
            yield fill(mark("{name} has another value"), name=name)


def _said(subject: str, host: str, before: Facts, after: Facts) -> Ready:
    read, shown, loss = _PLACES[subject]
    try:
        was, now = read(before, host), read(after, host)
    except Unseen as signal:
        return Ready(subject, "unknown", f"{host}: {signal.missing.reason}")
    texts = list(_texts(was, now, shown=shown))
    if not texts:
        return Ready(subject, "well", _SAME)
    gone = loss and bool(was.keys() - now.keys())
    if len(texts) > _SHOWN:
        texts[_SHOWN:] = [fill(mark("and {count} more"), count=len(texts) - _SHOWN)]
    text = fill("{host}: {texts}", host=host, texts=tuple(texts))
    return Ready(subject, "bad" if gone else "unknown", text, _READ)


def compared(before: Facts, after: Facts) -> Iterator[Ready]:
    """Yield what differs on each host of before, place by place."""
    for host in before.hosts():
        for subject in _PLACES:
            yield _said(subject, host, before, after)
