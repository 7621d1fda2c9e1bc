"""From judgements to findings, and what a waiver may do to one."""

from collections.abc import Iterable
from typing import Any

import pytest

from tests.examples import NODE, WHEN, evidence_of
from zmward.control import Check, Control, Example, Severity, Status
from zmward.deviation import (
    Judgement,
    Layer,
    State,
    deviates,
    not_concerned,
    sound,
    unknown,
)
from zmward.engine.audit import audit
from zmward.errors import BadFile
from zmward.evidence import Evidence, Missing, Unseen
from zmward.facts import Facts
from zmward.finding import Finding, judge, moment
from zmward.profile import Profile, Waiver
from zmward.reports.score import score
from zmward.waivers import lapsed, validate

BAD = deviates(Layer.DECLARED, NODE, "off", "on", no_cure="none here")
BAD_TOO = deviates(Layer.RUNNING, "cos:staff", "off", "on", no_cure="none here")
GOOD = sound(Layer.RENDERED, NODE)
UNKNOWN = unknown(Layer.RUNNING, NODE, "ss: timeout")
NA = not_concerned(Layer.DECLARED, "directory", "no server runs mta")


def control(judgements: Iterable[Judgement], severity: str = "high") -> Control:
    found = tuple(judgements)
    return Control(
        id="a-control",
        title="It is so",
        why="Because.",
        impact="None.",
        severity=Severity(severity),
        tips=("T01",),
        check=Check((), lambda _: found),
        refs=(),
        examples=(),
    )


def facts(*waivers: Waiver, now: str = WHEN) -> Facts:
    evidence = evidence_of(Example(Status.PASS, {}))
    return Facts(evidence, Profile(waiver=waivers), moment(now))


def waiver(until: str, *scope: str) -> Waiver:
    day = moment(until).date()
    return Waiver("a-control", "a reason", "somebody", day, scope=scope)


@pytest.mark.parametrize(
    ("judgements", "status"),
    [
        ((GOOD,), Status.PASS),
        ((GOOD, NA), Status.PASS),
        ((GOOD, UNKNOWN), Status.UNKNOWN),
        ((GOOD, UNKNOWN, BAD), Status.FAIL),
        ((GOOD, BAD), Status.FAIL),
        ((NA,), Status.NOT_APPLICABLE),
        ((), Status.UNKNOWN),
    ],
)
def test_the_worst_judgement_decides(
    judgements: tuple[Judgement, ...], status: Status
) -> None:
    assert judge(control(judgements), facts()).status is status


def test_layers_stand_side_by_side() -> None:
    layers = judge(control((GOOD, UNKNOWN, BAD)), facts()).layers
    assert layers.declared is State.BAD
    assert layers.rendered is State.OK
    assert layers.running is State.UNKNOWN
    assert layers.lasting is State.NA


def test_a_control_that_meets_missing_outside_a_layer_is_unknown() -> None:
    def judgements(_: Facts) -> Iterable[Judgement]:
        raise Unseen(Missing("down"))

    broken = control(())
    finding = judge(
        Control(
            **{
                **{f: getattr(broken, f) for f in broken.__struct_fields__},
                "check": Check((), judgements),
            }
        ),
        facts(),
    )
    assert (finding.status, finding.reason) == (Status.UNKNOWN, "down")


def judged(*waivers: Waiver, now: str = WHEN) -> Finding:
    return judge(control((BAD, BAD_TOO)), facts(*waivers, now=now))


def test_a_waiver_covers_its_whole_scope() -> None:
    assert judged(waiver("2026-12-01")).status is Status.WAIVED
    assert judged(waiver("2026-12-01", NODE, "cos:staff")).status is Status.WAIVED
    assert judged(waiver("2026-12-01", "role:mta", "staff")).status is Status.WAIVED


def test_a_waiver_of_one_subject_leaves_the_other_failing() -> None:
    finding = judged(waiver("2026-12-01", "cos:staff"))
    assert finding.status is Status.FAIL
    assert "waived in part: cos:staff" in finding.reason


def test_the_last_day_counts_and_the_next_does_not() -> None:
    last = waiver("2026-12-01")
    assert judged(last, now="2026-12-01T23:59:59+00:00").status is Status.WAIVED
    assert judged(last, now="2026-12-02T00:00:00+00:00").status is Status.FAIL
    assert judged(last, now="2026-12-02T01:00:00+02:00").status is Status.WAIVED
    assert lapsed(facts(last, now="2026-12-02")) == ("a-control (until 2026-12-01)",)


def test_a_waiver_too_long_for_its_severity_is_refused() -> None:
    long = Profile(waiver=(waiver("2027-06-01"),))
    known = {"a-control": control((BAD,))}
    with pytest.raises(BadFile, match="2027-02-19 at the latest"):
        validate(long, known, moment(WHEN))
    lenient = Profile(waiver=long.waiver, severity={"a-control": "low"})
    validate(lenient, known, moment(WHEN))
    assert judged(waiver("2027-06-01")).status is Status.FAIL


@pytest.mark.parametrize(
    "profile",
    [Profile(severity={"a-contrl": "low"}), Profile(waiver=(waiver("2026-12-01"),))],
)
def test_an_unknown_control_in_the_profile_is_refused(profile: Profile) -> None:
    with pytest.raises(BadFile, match="does not exist"):
        validate(profile, {"a-controll": control((BAD,))}, moment(WHEN))


def test_unknown_and_waived_never_flatter_the_score() -> None:
    evidence = evidence_of(Example(Status.PASS, {}))

    def of(*found: Judgement, profile: Profile | None = None) -> int:
        return score(audit(evidence, [control(found)], profile or Profile()))

    assert of(GOOD) == 100
    assert of(UNKNOWN) == of(BAD) == of(NA) == 0
    assert of(BAD, profile=Profile(waiver=(waiver("2026-12-01"),))) == 0


def test_a_server_that_was_not_seen_is_named() -> None:
    given: dict[str, Any] = {"servers": {"mail2.example.com": {}}}
    report = audit(evidence_of(Example(Status.PASS, given)), [], Profile())
    assert report.hosts_missing == ("mail2.example.com",)


def test_no_directory_means_no_missing_hosts_are_known() -> None:
    evidence = Evidence(WHEN, {NODE: {}, "directory": {}})
    assert audit(evidence, [], Profile()).hosts_missing == ()
