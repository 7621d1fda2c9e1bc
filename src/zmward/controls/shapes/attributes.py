"""Shapes for Zimbra's attributes, judged where their values take effect."""

from collections.abc import Callable, Iterable, Iterator

from zmward.catalog.attributes import attributes
from zmward.change import SetAttr
from zmward.control import Check
from zmward.controls.shapes.basic import look, names, on_directory
from zmward.controls.shapes.wanted import Values, Wanted
from zmward.deviation import (
    Judgement,
    Layer,
    deviates,
    not_concerned,
    sound,
    unknown,
)
from zmward.facts import Facts
from zmward.sources.accounts import ACCOUNTS, Group
from zmward.sources.directory import CONFIG, COSES, DOMAINS, SERVERS, Entry
from zmward.sources.schema import SCHEMA

_DECLARED = Layer.DECLARED
_NO_ONE_VALUE = "Which value is right is the site's to say."


def shown(attribute: str, values: Values) -> str:
    """Return values as a finding shows them."""
    return f"{attribute}: {', '.join(values) if values else '(not set)'}"


def _fallback(unset: str | Values | None) -> Values | None:
    return (unset,) if isinstance(unset, str) else unset


class _Rule:
    """One attribute, what is wanted of it, and what an unset one means."""

    def __init__(
        self, attribute: str, wanted: Wanted, unset: str | Values | None
    ) -> None:
        attributes()[attribute]  # an unknown name is a mistake in the control
        self.attribute = attribute
        self.wanted = wanted
        self.unset = _fallback(unset)

    def cure(self, entry: Entry, *, inherit: bool = False) -> SetAttr | None:
        own = entry.own(self.attribute)
        after = () if inherit else self.wanted.cure(own)
        if after is None:
            return None
        return SetAttr(entry.label, self.attribute, own or None, after or None)

    def judge(
        self,
        facts: Facts,
        entry: Entry,
        inherited: Values = (),
        *,
        inherit: bool = False,
    ) -> Judgement:
        """Judge one object; `inherit`: its cure is to drop its own value."""
        own = entry.own(self.attribute)
        values = own or inherited or self.unset
        if values is None:
            return unknown(
                _DECLARED,
                entry.label,
                f"{self.attribute} is set nowhere; what the code does then is unknown",
            )
        text = shown(self.attribute, own or inherited)
        if self.wanted.holds(values):
            return sound(_DECLARED, entry.label, source="directory", seen=text)
        cure = self.cure(entry, inherit=inherit)
        reason = "" if cure else _NO_ONE_VALUE
        if not facts.settable(self.attribute, entry.kind):
            cure, reason = None, f"This version cannot set it on a {entry.kind}."
        return deviates(
            _DECLARED,
            entry.label,
            text,
            self.wanted.text,
            cure=cure,
            no_cure=reason,
            source="directory",
        )

    def unknown_to(self, facts: Facts) -> Judgement | None:
        """Return why the attribute cannot be judged on this version, if so."""
        if facts.knows(self.attribute):
            return None
        return not_concerned(
            _DECLARED, "directory", f"this version has no attribute {self.attribute}"
        )


def _check(
    rule: _Rule,
    sources: Iterable[str],
    judge: Callable[[Facts], Iterable[Judgement]],
) -> Check:
    def guarded(facts: Facts) -> Iterator[Judgement]:
        def looked() -> Iterable[Judgement]:
            stop = rule.unknown_to(facts)
            return judge(facts) if stop is None else (stop,)

        yield from look(_DECLARED, "directory", looked)

    return Check(
        needs=(SCHEMA.name, *sources),
        judge=guarded,
        cures=True,
        attributes=(rule.attribute,),
        layers=(_DECLARED.value,),
    )


def global_attr(
    attribute: str, wanted: Wanted, *, unset: str | Values | None = None
) -> Check:
    """Judge an attribute of the global configuration alone."""
    rule = _Rule(attribute, wanted, unset)
    return _check(
        rule, names((CONFIG,)), lambda facts: (rule.judge(facts, facts.config()),)
    )


def server_attr(
    attribute: str,
    wanted: Wanted,
    *,
    role: str = "",
    unset: str | Values | None = None,
) -> Check:
    """Judge an attribute on every server with a role; servers inherit the global."""
    rule = _Rule(attribute, wanted, unset)
    inherits = "serverInherited" in attributes()[attribute].inherited

    def judge(facts: Facts) -> Iterator[Judgement]:
        servers = facts.servers(role)
        if not servers:
            yield not_concerned(_DECLARED, "directory", f"no server runs {role}")
            return
        common = facts.config().own(attribute) if inherits else ()
        heirs = [s for s in servers if not s.own(attribute)] if inherits else []
        if heirs:
            yield rule.judge(facts, facts.config())
        common_holds = wanted.holds(common or rule.unset or ()) if inherits else False
        good = common_holds and not wanted.merges
        for server in servers:
            if server not in heirs:
                yield rule.judge(facts, server, inherit=good)

    return _check(rule, names((CONFIG, SERVERS)), judge)


def domain_attr(
    attribute: str,
    wanted: Wanted,
    *,
    only: Callable[[Entry], bool] = lambda _: True,
    unset: str | Values | None = None,
) -> Check:
    """Judge an attribute on every domain that `only` picks."""
    rule = _Rule(attribute, wanted, unset)
    inherits = "domainInherited" in attributes()[attribute].inherited

    def judge(facts: Facts) -> Iterator[Judgement]:
        domains = [domain for domain in facts.domains() if only(domain)]
        if not domains:
            yield not_concerned(_DECLARED, "directory", "no domain is concerned")
            return
        common = facts.config().own(attribute) if inherits else ()
        for domain in domains:
            yield rule.judge(facts, domain, common)

    return _check(rule, names((CONFIG, DOMAINS)), judge)


def cos_attr(
    attribute: str,
    wanted: Wanted,
    *,
    unset: str | Values | None = None,
    accounts: bool = True,
) -> Check:
    """Judge an attribute on every class of service and every overriding account."""
    rule = _Rule(attribute, wanted, unset)

    def classes(facts: Facts) -> Iterator[Judgement]:
        for cos in facts.coses():
            yield rule.judge(facts, cos)

    check = _check(rule, names((COSES,)), classes)
    if not accounts:
        return check

    def overriding(facts: Facts) -> Iterator[Judgement]:
        if not facts.knows(attribute):
            return
        found = facts.read(ACCOUNTS).overrides.get(attribute, {})
        for values, group in found.items():
            yield from _overrides(rule, tuple(values.split("\n")), group)

    more = on_directory(_DECLARED, (ACCOUNTS, SCHEMA), overriding, cures=True)
    return Check(
        needs=(*check.needs, *more.needs),
        judge=lambda facts: (*check.judge(facts), *more.judge(facts)),
        cures=True,
        attributes=(attribute,),
        layers=(_DECLARED.value,),
    )


def _overrides(rule: _Rule, values: Values, group: Group) -> Iterator[Judgement]:
    if rule.wanted.holds(values):
        return
    text = f"{shown(rule.attribute, values)} (set on the account)"
    for name in group.names:
        yield deviates(
            _DECLARED,
            f"account:{name}",
            text,
            rule.wanted.text,
            cure=SetAttr(f"account:{name}", rule.attribute, values, None),
            source="directory",
        )
    rest = group.count - len(group.names)
    if rest > 0:
        yield deviates(
            _DECLARED,
            f"{rest} more accounts",
            text,
            rule.wanted.text,
            no_cure=f"Only the first {len(group.names)} of {group.count} are listed; "
            "repair these first, then audit again.",
        )
