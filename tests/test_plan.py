"""What a plan promises: everything shown, order means nothing, once is enough."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.examples import NODE, WHEN, evidence_of, facts_of, judged
from zmward.change import (
    Act,
    Change,
    FileText,
    InstallPackage,
    Mode,
    SetAttr,
    SetLocalConfig,
    SetMode,
    WriteFile,
)
from zmward.control import Control, Example, Severity, Status
from zmward.controls.registry import controls
from zmward.demo.sample import recorded as demo
from zmward.deviation import Deviation, Layer
from zmward.engine.audit import audit
from zmward.engine.plans import decode
from zmward.evidence import Evidence, Parsed
from zmward.finding import Finding, Layers, Report, judge
from zmward.forecast import forecast
from zmward.foresee import foresee
from zmward.guards import objection
from zmward.plan import Plan, plan
from zmward.profile import Profile, Services
from zmward.reports.plan_json import render as as_json
from zmward.reports.plan_text import render as as_text
from zmward.sources.accounts import Admin
from zmward.sources.recent_logins import Logins, Use

FAILING = [
    pytest.param(control, example, id=f"{control.id}-{number}")
    for control in controls().values()
    for number, example in enumerate(control.examples)
    if example.status is Status.FAIL
]
HEADERS = "zimbraReverseProxyResponseHeaders"


def report(*findings: Finding, seen: tuple[str, ...] = (NODE,)) -> Report:
    return Report(NODE, WHEN, "0", "10.1.20", seen, (), findings)


def failed(control: str, *cures: Change, locks_out: str = "") -> Finding:
    """Return a failure with these cures."""
    return Finding(
        control=control,
        title=f"{control} is so",
        severity=Severity.LOW,
        tips=(),
        status=Status.FAIL,
        reason="",
        layers=Layers(),
        deviations=tuple(
            Deviation(cure.target, "a", "b", Layer.DECLARED, cure) for cure in cures
        ),
        evidence=(),
        waiver=None,
        impact="Somebody notices.",
        why="",
        topic="mta",
        locks_out=locks_out,
        effort="safe",
    )


def cures_of(finding: Finding) -> tuple[Change, ...]:
    return tuple(d.cure for d in finding.deviations if d.cure is not None)


@pytest.mark.parametrize(("control", "example"), FAILING)
def test_each_cure_is_planned_and_shown_with_its_way_back(
    control: Control, example: Example
) -> None:
    finding = judge(control, facts_of(example))
    mine = [c for c in cures_of(finding) if isinstance(c, SetAttr) or c.target == NODE]
    # An example may name an account that no plan touches.
    cures = [cure for cure in mine if not objection(cure)]
    found = plan(report(finding), only=[control.id], alone=True, short_logs=True)
    assert {cure.place for cure in cures} <= {s.change.place for s in found.steps}, (
        found.left
    )
    text = as_text(found, width=200)
    for step in found.steps:
        inverse = step.change.inverse()
        assert step.change.commands()
        if inverse is None:
            assert isinstance(step.change, InstallPackage)
            assert step.reversible == "compensated"
            continue
        assert "        $ " in text
        assert inverse == step.change or "        undo $ " in text
        assert step.reaches
    assert decode(as_json(found).encode(), "plan.json") == found


@pytest.mark.parametrize(("control", "example"), FAILING)
def test_a_plan_made_twice_is_empty_the_second_time(
    control: Control, example: Example
) -> None:
    evidence = evidence_of(example)
    first = plan(
        report(judged(control, example, evidence)), only=[control.id], alone=True
    )
    changes = [step.change for step in first.steps if not isinstance(step.change, Act)]
    later = judged(control, example, foresee(evidence, changes))
    places = {change.place for change in changes}
    again = plan(report(later), only=[control.id], alone=True)
    assert not [s for s in again.steps if s.change.place in places]


def _sample() -> tuple[Report, Evidence]:
    evidence = demo()
    return audit(evidence, controls().values(), Profile()), evidence


SAMPLE, EVIDENCE = _sample()


@settings(max_examples=15, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_findings_means_nothing(random: object) -> None:
    findings = list(SAMPLE.findings)
    random.shuffle(findings)  # type: ignore[attr-defined]  # a Random
    mixed = replace(SAMPLE, findings=tuple(findings))
    assert plan(mixed, allowed=lambda _: True) == plan(SAMPLE, allowed=lambda _: True)


def test_the_whole_plan_of_the_sample_is_read_back() -> None:
    found = plan(SAMPLE, allowed=lambda _: True)
    assert len(found.steps) > 60
    assert decode(as_json(found).encode(), "plan.json") == found


def header(value: str, *before: str) -> SetAttr:
    return SetAttr("global", HEADERS, before or None, (*before, value))


def test_additions_to_one_attribute_are_joined() -> None:
    found = plan(
        report(
            failed("a", header("X-One: 1", "X-Old: 0")),
            failed("b", header("X-Two: 2", "X-Old: 0")),
        )
    )
    (step,) = found.steps
    assert isinstance(step.change, SetAttr)
    assert step.change.after == ("X-Old: 0", "X-One: 1", "X-Two: 2")
    assert step.controls == ("a", "b")


def test_contradictions_are_named_and_neither_is_planned() -> None:
    single = "zimbraMtaTlsAuthOnly"
    for one, two in (
        (header("X-One: 1"), header("x-one: 2")),
        (
            SetAttr("global", single, None, ("TRUE",)),
            SetAttr("global", single, None, ("FALSE",)),
        ),
    ):
        found = plan(report(failed("a", one), failed("b", two)))
        assert not found.steps
        assert {row.control for row in found.left} == {"a", "b"}
        assert all(row.reason.startswith("conflict: ") for row in found.left)


def test_what_can_hurt_is_planned_by_name_or_profile_only() -> None:
    cure = SetAttr("cos:default", "zimbraImapEnabled", ("TRUE",), ("FALSE",))
    found = report(failed("imap-off-by-default", cure, locks_out="users of IMAP"))
    assert not plan(found).steps
    assert plan(found, only=["imap-off-by-default"]).steps[0].effort == "decision"
    facts = facts_of(Example(Status.FAIL, {"cos": {"default": {}}, "accounts": {}}))
    facts.profile = Profile(services=Services(imap="unwanted"))
    assert plan(found, facts=facts).steps


@pytest.mark.parametrize(
    "change",
    [
        SetAttr("account:galsync.x@a.test", "zimbraImapEnabled", None, ("FALSE",)),
        SetAttr("account:uid=zimbra,cn=admins,cn=zimbra", "zimbraImapEnabled", None, ("FALSE",)),
        SetAttr("account:a@a.test", "zimbraAccountStatus", ("active",), ("locked",)),
        SetAttr("account:a@a.test", "zimbraIsAdminAccount", ("TRUE",), None),
        SetAttr("cos:default", "zimbraFeatureTwoFactorAuthRequired", None, ("TRUE",)),
        SetAttr("global", "zimbraNoSuchThing", None, ("TRUE",)),
        SetAttr("cos:default", "zimbraMtaTlsAuthOnly", None, ("TRUE",)),
        SetAttr("global", "zimbraMtaTlsAuthOnly", None, ("TRUE", "FALSE")),
        SetAttr("global", "zimbraMtaTlsAuthOnly", None, ("",)),
        SetAttr("global", "zimbraMtaTlsAuthOnly", None, ("TRUE\x00",)),
        SetLocalConfig(NODE, "zimbra_ldap_password", "a", "b"),
        WriteFile(NODE, "/opt/zimbra/common/conf/main.cf", None, FileText("a")),
        WriteFile(NODE, "/etc/shadow", None, FileText("a")),
        SetMode(NODE, "/opt/zimbra/../../etc/shadow", Mode(0, "a", "a"), Mode(511, "a", "a")),
        Act(NODE, "render", ("nonsense",)),
        Act(NODE, "erase"),
    ],
    ids=lambda change: "-".join(change.place[1:])[:60],
)  # fmt: skip
def test_what_is_never_planned(change: Change) -> None:
    found = plan(report(failed("a", change)), only=["a"])
    assert not found.steps
    assert found.left[0].reason.startswith("never planned: ")


def test_the_last_administrator_who_can_log_in_is_left_to_a_person() -> None:
    policy = SetAttr("account:anna@a.test", "zimbraPasswordMinLength", ("6",), None)
    other = SetAttr("account:carla@a.test", "zimbraPasswordMinLength", ("6",), None)
    anna, ben = Admin("anna@a.test", "active"), Admin("ben@a.test", "active")
    told = report(failed("one", policy, other))

    def planned(*admins: Admin) -> Plan:
        example = Example(Status.FAIL, {"domains": {}, "admins": admins})
        return plan(told, facts=facts_of(example))

    assert len(planned(anna, ben).steps) == 2
    alone = planned(anna)
    assert [step.change for step in alone.steps] == [other]
    assert "zmprov ma anna@a.test" in alone.left[0].reason


def test_what_nodes_share_needs_all_of_them_or_the_word_for_it() -> None:
    cure = SetAttr("global", "zimbraMtaTlsAuthOnly", None, ("TRUE",))
    other = SetAttr(f"server:{NODE}", "zimbraMtaTlsAuthOnly", None, ("TRUE",))
    found = replace(report(failed("a", cure, other)), hosts_missing=("mta9",))
    half = plan(found)
    assert [step.change.target for step in half.steps] == [f"server:{NODE}"]
    assert "mta9" in half.left[0].reason
    assert plan(found, alone=True).steps[0].reaches == (NODE, "mta9")


def test_each_node_that_a_global_write_reaches_is_named() -> None:
    nodes = ("mail.example.com", "mta1.example.com", "mta2.example.com")
    change = SetAttr("global", "zimbraMtaTlsAuthOnly", None, ("TRUE",))
    found = plan(report(failed("a", change), seen=nodes))
    assert found.steps[0].reaches == nodes
    text = as_text(found, width=200, color=False, encoding="utf-8", everything=True)
    assert f"Nodes reached        3: {', '.join(nodes)}" in text
    assert f"on {', '.join(nodes)}" in text


def test_changes_of_another_host_are_planned_there() -> None:
    cure = SetLocalConfig("other.test", "zimbra_same_site_cookie", None, "Lax")
    assert "there" in plan(report(failed("a", cure))).left[0].reason


def test_a_plan_says_what_still_fails_and_what_it_breaks() -> None:
    names = ["sharing-with-guests-off"]
    facts = facts_of(Example(Status.FAIL, {}))
    facts = type(facts)(EVIDENCE, Profile(), facts.now)
    found = forecast(plan(SAMPLE, only=names), SAMPLE, controls().values(), facts)
    rows = {row.control: row for row in found.foreseen}
    assert rows["guests-only-where-shared"].was is Status.PASS
    assert rows["guests-only-where-shared"].will is Status.FAIL
    assert "made by this plan" in rows["guests-only-where-shared"].reason


def hurt(control: str, cure: SetAttr, logins: Logins | None) -> list[str]:
    example = Example(Status.FAIL, {"cos": {"default": {}}, "accounts": {}})
    facts = facts_of(example)
    answers = {host: dict(own) for host, own in facts.evidence.answers.items()}
    if logins is not None:
        answers[NODE]["recent-logins"] = Parsed(logins)
    facts = type(facts)(replace(facts.evidence, answers=answers), Profile(), facts.now)
    found: Plan = plan(
        report(failed(control, cure, locks_out="some")), only=[control], facts=facts
    )
    return as_text(found, width=200).splitlines()


def test_the_affected_are_counted_and_named() -> None:
    cure = SetAttr("cos:default", "zimbraImapEnabled", ("TRUE",), ("FALSE",))
    names = {f"user{n}@a.test": Use(n) for n in range(1, 8)}
    lines = hurt("imap-off-by-default", cure, Logins({"audit": 3}, {"imap": names}))
    (line,) = (line for line in lines if "over IMAP" in line)
    assert ": 7 (" in line
    assert "3 days, too few to be sure" in line
    assert "user7@a.test" in line
    assert ", +2)" in line


def test_the_affected_are_not_nobody_where_no_log_was_read() -> None:
    cure = SetAttr("cos:default", "zimbraImapEnabled", ("TRUE",), ("FALSE",))
    assert any(
        "no log was read" in line for line in hurt("imap-off-by-default", cure, None)
    )


def test_relays_that_lose_their_network_are_named() -> None:
    cure = SetAttr(
        "global", "zimbraMtaMyNetworks", ("127.0.0.0/8 10.0.0.0/8",), ("127.0.0.0/8",)
    )
    logins = Logins(
        {"mail": 30},
        clients={"10.1.2.3": Use(9), "192.0.2.9": Use(1), "127.0.0.1": Use(4)},
    )
    lines = hurt("mta-trusts-cluster-only", cure, logins)
    assert any(": 1 (10.1.2.3: 9)" in line for line in lines)
    assert not any("192.0.2.9" in line for line in lines)


def test_a_restart_of_everything_does_the_others_too() -> None:
    found = plan(
        report(
            failed("a", SetLocalConfig(NODE, "zimbra_same_site_cookie", None, "Lax")),
            failed(
                "b",
                SetLocalConfig(NODE, "zimbra_require_interprocess_security", "0", "1"),
            ),
        )
    )
    assert found.reloads == ("all",)


def test_an_alias_is_told_from_a_name_without_its_domain() -> None:
    cure = SetAttr("cos:default", "zimbraImapEnabled", ("TRUE",), ("FALSE",))
    logins = Logins(
        {"audit": 30, "proxy": 30},
        {"imap": {"anna@a.test": Use(1)}},
        {"imap": {"anna": Use(1), "ANNA@a.test": Use(1), "office@a.test": Use(2)}},
    )
    lines = hurt("login-by-alias-refused", cure, logins)
    assert any(": 1 (office@a.test: 2)" in line for line in lines)
