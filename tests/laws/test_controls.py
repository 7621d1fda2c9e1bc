"""The laws that every control obeys."""

import pytest
from msgspec.structs import replace

from tests.examples import NODE, evidence_of, facts_of, judged
from zmward.catalog.attributes import attributes
from zmward.catalog.overrides import OVERRIDES
from zmward.control import Control, Example, Status
from zmward.controls.registry import controls
from zmward.evidence import DIRECTORY, Evidence, Missing
from zmward.finding import judge
from zmward.foresee import foresee
from zmward.sources.registry import sources

CONTROLS = tuple(controls().values())
EXAMPLES = [
    pytest.param(control, example, id=f"{control.id}-{number}-{example.status}")
    for control in CONTROLS
    for number, example in enumerate(control.examples)
]
FAILING = [
    pytest.param(*param.values, id=param.id)
    for param in EXAMPLES
    if param.values[1].status is Status.FAIL  # type: ignore[union-attr]  # an Example
]


def each(argument: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(argument, CONTROLS, ids=lambda c: c.id)


@pytest.mark.parametrize(("control", "example"), EXAMPLES)
def test_examples_are_judged_as_they_say(control: Control, example: Example) -> None:
    finding = judge(control, facts_of(example))
    assert finding.status is example.status, (finding.reason, finding.deviations)


@pytest.mark.parametrize(("control", "example"), FAILING)
def test_a_cure_cures(control: Control, example: Example) -> None:
    evidence = evidence_of(example)
    finding = judged(control, example, evidence)
    cures = [deviation.cure for deviation in finding.deviations if deviation.cure]
    if not cures:
        assert all(deviation.no_cure for deviation in finding.deviations)
        return
    cured = judged(control, example, foresee(evidence, cures))
    left = {(d.subject, d.layer) for d in cured.deviations}
    assert not left & {(d.subject, d.layer) for d in finding.deviations if d.cure}
    if len(cures) == len(finding.deviations):
        assert cured.status in (Status.PASS, Status.UNKNOWN)


@pytest.mark.parametrize(("control", "example"), FAILING)
def test_undo_restores(control: Control, example: Example) -> None:
    evidence = evidence_of(example)
    finding = judged(control, example, evidence)
    cures = [deviation.cure for deviation in finding.deviations if deviation.cure]
    back = [inverse for cure in reversed(cures) if (inverse := cure.inverse())]
    undone = foresee(foresee(evidence, cures), back)
    assert undone == evidence


@each("control")
def test_silence_is_unknown(control: Control) -> None:
    nothing: dict[str, Missing] = {name: Missing("no answer") for name in sources()}
    silent = Evidence("2026-11-21T12:00:00+00:00", {NODE: nothing, DIRECTORY: nothing})
    example = Example(Status.UNKNOWN, {})
    finding = judged(control, example, silent)
    assert finding.status is Status.UNKNOWN
    assert finding.reason


@each("control")
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


@each("control")
def test_a_control_reads_only_what_it_declares(control: Control) -> None:
    for example in control.examples:
        facts = facts_of(example)
        judge(control, facts)
        assert facts.used <= set(control.check.needs), control.id
    assert set(control.check.needs) <= set(sources())


@each("control")
def test_a_control_has_examples_of_every_kind_that_matters(control: Control) -> None:
    statuses = {example.status for example in control.examples}
    assert Status.FAIL in statuses
    if Status.PASS not in statuses:
        # What only another verb can find sound says so.
        findings = [judge(control, facts_of(example)) for example in control.examples]
        unknowns = [f.reason for f in findings if f.status is Status.UNKNOWN]
        assert any("`zmward " in reason for reason in unknowns)


@each("control")
def test_texts_follow_the_style(control: Control) -> None:
    assert len(control.title) <= 80
    assert not control.title.endswith(".")
    assert control.title.split()[0] not in {"Ensure", "Check", "Verify"}
    assert control.why.endswith(".")
    assert control.impact.endswith(".")
    assert control.tips
    assert control.refs is not None


@each("control")
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
