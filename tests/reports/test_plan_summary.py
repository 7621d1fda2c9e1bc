"""A plan in a few lines, as it stands above the question."""

from collections.abc import Iterable

from msgspec.structs import replace

from tests.test_plan import SAMPLE, failed, report
from zmward.affected import Affected
from zmward.change import InstallPackage, SetAttr, SetLocalConfig
from zmward.plan import Plan, plan
from zmward.reports.plan_summary import summary

NODE = "mail.example.com"


def text(found: Plan, seconds: int = 0, *, later: bool = False) -> str:
    lines: Iterable[str] = summary(found, "root@mail", seconds, later=later)
    return "\n".join(lines)


def test_it_names_the_host_and_the_counts() -> None:
    shown = text(plan(SAMPLE))
    assert shown.startswith(f"{SAMPLE.host} (root@mail) · Zimbra {SAMPLE.version}")
    assert "safe now" in shown


def test_it_says_what_restarts_and_when() -> None:
    cure = SetLocalConfig(NODE, "zimbra_same_site_cookie", None, "Lax")
    found = plan(report(failed("a", cure)))
    assert "mailbox (once each, at the end)" in text(found)
    assert "mailbox (by you, later)" in text(found, later=True)


def test_it_says_that_nothing_restarts() -> None:
    cure = SetAttr("global", "zimbraLastLogonTimestampFrequency", ("7d",), ("1d",))
    assert "restart            nothing" in text(plan(report(failed("a", cure))))


def test_it_says_who_can_be_hurt() -> None:
    cure = SetAttr("global", "zimbraMtaTlsAuthOnly", ("FALSE",), ("TRUE",))
    found = plan(report(failed("a", cure, locks_out="old clients")), only=["a"])
    assert "can hurt           old clients" in text(found)
    assert "1: 1 somebody can be shut out" in text(found)


def test_many_effects_are_a_few_lines() -> None:
    found = plan(SAMPLE)
    noticed = tuple(f"Effect {n}." for n in range(9))
    steps = (replace(found.steps[0], impact=noticed), *found.steps[1:])
    shown = text(replace(found, steps=steps))
    assert "Effect 3." in shown
    assert "Effect 4." not in shown
    assert "more: read the plan" in shown


def test_the_affected_are_counted_once_and_the_most_first() -> None:
    found = plan(SAMPLE)
    rows = [Affected("few", 1), Affected("many", 7), Affected("few", 3)]
    steps = tuple(
        replace(step, hurts=(row,))
        for step, row in zip(found.steps, rows, strict=False)
    )
    shown = text(replace(found, steps=steps))
    assert shown.index("many: 7") < shown.index("few: 3")
    assert "few: 1" not in shown


def test_the_switch_is_said() -> None:
    assert "within 300 s all is taken back" in text(plan(SAMPLE), 300)
    assert "none: nothing here can cut you off" in text(plan(SAMPLE))


def test_a_package_that_stays_is_named() -> None:
    found = plan(report(failed("a", InstallPackage(NODE, "pax", "apt"))))
    assert "stay installed all the same: pax" in text(found)


def test_text_from_servers_steers_no_terminal() -> None:
    found = plan(SAMPLE)
    hostile = replace(found, host=replace(found.host, name="mail\x1b[2J"))
    assert "\x1b" not in text(hostile)
