"""The shapes below all others: layers side by side, one look per host or object."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from zmward.control import Check
from zmward.deviation import Judgement, Layer, not_concerned, unknown
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.sources.source import Source

Look = Callable[[Facts, str], Iterable[Judgement]]
Sources = Iterable[Source[Any]]


def names(sources: Sources) -> tuple[str, ...]:
    """Return the names of sources."""
    return tuple(source.name for source in sources)


def layers(*checks: Check) -> Check:
    """Judge several layers of the same thing; each stands or falls by itself."""

    def judge(facts: Facts) -> Iterator[Judgement]:
        for check in checks:
            yield from check.judge(facts)

    def joined(parts: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(word for part in parts for word in part))

    return Check(
        needs=joined(check.needs for check in checks),
        judge=judge,
        cures=any(check.cures for check in checks),
        attributes=joined(check.attributes for check in checks),
        layers=joined(check.layers for check in checks),
        keys=joined(check.keys for check in checks),
    )


def look(
    layer: Layer, subject: str, what: Callable[[], Iterable[Judgement]]
) -> Iterator[Judgement]:
    """Yield what a look says, or one unknown where something is Missing."""
    try:
        yield from tuple(what())
    except Unseen as signal:
        yield unknown(layer, subject, signal.missing.reason)


def on_hosts(
    layer: Layer, sources: Sources, one: Look, *, role: str = "", cures: bool = False
) -> Check:
    """Look at every node, or at those with a role, seen or not."""

    def judge(facts: Facts) -> Iterator[Judgement]:
        try:
            hosts = facts.hosts(role)
        except Unseen as signal:
            yield unknown(layer, "directory", signal.missing.reason)
            return
        if not hosts:
            yield not_concerned(layer, "directory", f"no server runs {role}")
        for host in hosts:
            yield from look(layer, host, lambda host=host: one(facts, host))  # type: ignore[misc]  # bound early

    needs = ("ldap-servers", "packages") if role else ("ldap-servers",)
    return Check((*needs, *names(sources)), judge, cures, layers=(layer.value,))


def on_directory(
    layer: Layer,
    sources: Sources,
    one: Callable[[Facts], Iterable[Judgement]],
    *,
    cures: bool = False,
    attributes: tuple[str, ...] = (),
) -> Check:
    """Look once at what all nodes share."""

    def judge(facts: Facts) -> Iterator[Judgement]:
        yield from look(layer, "directory", lambda: one(facts))

    return Check(names(sources), judge, cures, attributes, (layer.value,))
