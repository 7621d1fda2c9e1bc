"""The laws that every control obeys."""

from collections.abc import Iterable

from msgspec.structs import replace

from tests.examples import NODE, evidence_of, facts_of, judged
from tests.laws.every import every
from zmward.catalog.attributes import attributes
from zmward.catalog.overrides import OVERRIDES
from zmward.change import Act, Change, InstallPackage
from zmward.control import Control, Example, Status
from zmward.controls.registry import controls
from zmward.evidence import DIRECTORY, Answer, Evidence, Missing, Parsed
from zmward.finding import judge
from zmward.foresee import COMPUTED, foresee, hidden
from zmward.ruleset import LoadRuleset
from zmward.sources.registry import sources

CONTROLS = tuple(controls().values())
Case = tuple[Control, Example]
EXAMPLES = {
    f"{control.id}-{number}-{example.status}": (control, example)
    for control in CONTROLS
    for number, example in enumerate(control.examples)
}
FAILING = {
    name: case for name, case in EXAMPLES.items() if case[1].status is Status.FAIL
}
INSIDE = {name: c for name, c in controls().items() if not c.outside_only}
each = every(controls())


@every(EXAMPLES)
def test_examples_are_judged_as_they_say(case: Case) -> None:
    control, example = case
    finding = judge(control, facts_of(example))
    assert finding.status is example.status, (finding.reason, finding.deviations)


# Kinds of changes of which nothing can be foreseen, each with its reason.
UNFORESEEN = {
    Act: "what an action of the catalog does shows in the services only",
    LoadRuleset: "what a kernel makes of rules shows when it is asked",
}


def test_foresee_knows_each_kind_of_change_or_it_is_listed_why_not() -> None:
    for kind in Change.__args__:
        assert (kind in COMPUTED) != bool(UNFORESEEN.get(kind)), kind


@every(FAILING)
def test_a_cure_cures(case: Case) -> None:
    control, example = case
    evidence = evidence_of(example)
    finding = judged(control, example, evidence)
    cures = [deviation.cure for deviation in finding.deviations if deviation.cure]
    if not cures:
        assert all(deviation.no_cure for deviation in finding.deviations)
        return
    cured = judged(control, example, foresee(evidence, cures))
    left = {(d.subject, d.layer) for d in cured.deviations}
    computed = [d for d in finding.deviations if type(d.cure) in COMPUTED]
    assert not left & {(d.subject, d.layer) for d in computed}
    if _unseen(control, example, cures):
        # What only the host can show is never foreseen as sound.
        assert cured.status is not Status.PASS
    elif len(cures) == len(finding.deviations):
        assert cured.status in (Status.PASS, Status.UNKNOWN)


def _unseen(control: Control, example: Example, cures: Iterable[Change]) -> bool:
    """Say whether the control judges by what nobody can compute after these cures."""
    if any(type(cure) in UNFORESEEN for cure in cures):
        return True
    evidence = evidence_of(example)
    lost = {source: Missing("lost") for cure in cures for source in hidden(cure)}
    answers = {
        host: {**found, **{n: lost[n] for n in lost.keys() & found.keys()}}
        for host, found in evidence.answers.items()
    }
    blind = judged(control, example, replace(evidence, answers=answers))
    return blind.status is not Status.FAIL


def _value(name: str, answer: Answer | Missing | Parsed) -> object:
    if isinstance(answer, Answer):
        return sources()[name].parse(answer.text)
    return answer.value if isinstance(answer, Parsed) else answer


def _settled(evidence: Evidence, cures: Iterable[Change]) -> dict[str, object]:
    """Return the answers as an undo can give them back.

    What nobody can compute, and packages, which stay, are left out; a unit is what
    SetUnit knows of it.
    """
    lost = {(c.target, source) for c in cures for source in hidden(c)}
    lost |= {(c.target, "packages") for c in cures if isinstance(c, InstallPackage)}
    found = {
        f"{host} {name}": _value(name, answer)
        for host, answers in evidence.answers.items()
        for name, answer in answers.items()
        if (host, name) not in lost
    }
    for name, value in found.items():
        if name.endswith(" units") and isinstance(value, dict):
            states = {n: (unit.runs, unit.lasts) for n, unit in value.items()}
            found[name] = {n: state for n, state in states.items() if any(state)}
    return found


@every(FAILING)
def test_undo_restores(case: Case) -> None:
    control, example = case
    evidence = evidence_of(example)
    finding = judged(control, example, evidence)
    cures = [deviation.cure for deviation in finding.deviations if deviation.cure]
    back = [inverse for cure in reversed(cures) if (inverse := cure.inverse())]
    undone = foresee(foresee(evidence, cures), back)
    assert _settled(undone, cures) == _settled(evidence, cures)


@each
def test_silence_is_unknown(control: Control) -> None:
    nothing: dict[str, Missing] = {name: Missing("no answer") for name in sources()}
    silent = Evidence("2026-11-21T12:00:00+00:00", {NODE: nothing, DIRECTORY: nothing})
    example = Example(Status.UNKNOWN, {})
    finding = judged(control, example, silent)
    assert finding.status is Status.UNKNOWN
    assert finding.reason


@each
def test_one_missing_source_never_makes_a_failure_pass(control: Control) -> None:
    for example in control.examples:
        if example.status is not Status.FAIL:
            continue
        evidence = evidence_of(example)
        for name in control.check.needs:
            answers = {
                host: {**found, name: Missing("no answer")}
                for host, found in evidence.answers.items()
            }
            finding = judged(control, example, replace(evidence, answers=answers))
            assert finding.status is not Status.PASS, name


@each
def test_a_control_reads_only_what_it_declares(control: Control) -> None:
    for example in control.examples:
        facts = facts_of(example)
        judge(control, facts)
        assert facts.used <= set(control.check.needs), control.id
    assert set(control.check.needs) <= set(sources())


@every(INSIDE)
def test_a_control_has_examples_of_every_kind_that_matters(control: Control) -> None:
    statuses = {example.status for example in control.examples}
    assert Status.FAIL in statuses
    if Status.PASS not in statuses:
        # What only another verb can find sound says so.
        findings = [judge(control, facts_of(example)) for example in control.examples]
        unknowns = [f.reason for f in findings if f.status is Status.UNKNOWN]
        assert any("`zmward " in reason for reason in unknowns)


@each
def test_texts_follow_the_style(control: Control) -> None:
    assert len(control.title) <= 80
    assert not control.title.endswith(".")
    assert control.title.split()[0] not in {"Ensure", "Check", "Verify"}
    assert control.why.endswith(".")
    assert control.impact.endswith(".")
    assert control.tips
    assert control.refs is not None


@each
def test_attributes_exist(control: Control) -> None:
    for attribute in control.check.attributes:
        row = attributes()[attribute]
        assert not row.immutable or not control.check.cures, attribute
        assert not row.deprecated_since, f"{attribute} is refused by zmprov"
        if "cos" in row.objects and "globalConfig" not in row.objects:
            overridable = {"accountInherited", "accountCosDomainInherited"}
            if overridable & set(row.inherited):
                assert attribute in OVERRIDES or "accounts" in control.note


def test_controls_exist() -> None:
    assert len(CONTROLS) >= 5
