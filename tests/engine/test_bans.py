"""Jails become a plan of files, or are refused with what to do."""

from typing import Any

import pytest
from msgspec.structs import replace

from tests.bans.test_wanted import GROUND
from tests.firewall.site import NODE, single
from zmward.bans.render import ACTION_FILE, FILES, JAIL_FILE, MARK
from zmward.bans.wanted import Bans, Reason, bans
from zmward.change import FileText, InstallPackage, SetUnit, WriteFile
from zmward.engine.bans import planned
from zmward.engine.plans import decode
from zmward.errors import Refused
from zmward.facts import Facts
from zmward.guards import objection
from zmward.plan import Plan
from zmward.reports.plan_json import render
from zmward.sources.identity import Identity
from zmward.sources.own_files import OwnFile, OwnFiles
from zmward.sources.units import Unit

ON = Unit("fail2ban.service", "loaded", "active", "enabled")
OFF = Unit("fail2ban.service", "loaded", "inactive", "disabled")
NONE = Unit("fail2ban.service", "not-found", "inactive")
MACHINE = "0123456789abcdef0123456789abcdef"


def facts(unit: Unit = ON, **given: Any) -> Facts:
    usual: dict[str, Any] = {
        "own_files": OwnFiles(),
        "units": {"fail2ban.service": unit},
        "identity": Identity(NODE, "2026-11-21T12:00:00+00:00", "root", MACHINE),
        "packages": {"zimbra-core": "10.1.20", "apt": "2.4"},
    }
    return single(**(usual | given))


def plan(some: Facts, found: Bans | None = None) -> Plan:
    return planned(some, found or bans(some, NODE, GROUND), "1")


def paths(found: Plan) -> list[str]:
    changes = [step.change for step in found.steps]
    return [one.path for one in changes if isinstance(one, WriteFile)]


def test_the_jails_come_last_and_fail2ban_reloads() -> None:
    found = plan(facts())
    assert sorted(paths(found)) == sorted(FILES)
    assert paths(found)[-1] == JAIL_FILE
    for step in found.steps:
        change = step.change
        assert isinstance(change, WriteFile)
        assert change.before is None
        assert change.validator == "fail2ban"
        assert change.reloads == ("fail2ban.service",)
        assert step.effort == "decision"
        assert objection(change) == ""


def test_the_plan_can_be_written_and_read() -> None:
    found = plan(facts())
    again = decode(render(found).encode(), "plan.json")
    assert [step.change for step in again.steps] == [s.change for s in found.steps]


def test_a_stopped_fail2ban_is_started() -> None:
    found = plan(facts(OFF))
    last = found.steps[-1].change
    assert isinstance(last, SetUnit)
    assert last.after.active
    assert {c.reloads for c in (s.change for s in found.steps[:-1])} == {()}  # type: ignore[union-attr]


def test_an_absent_one_is_installed_first() -> None:
    found = plan(facts(NONE))
    assert isinstance(found.steps[0].change, InstallPackage)
    assert isinstance(found.steps[-1].change, SetUnit)


def test_what_is_there_already_is_no_change() -> None:
    first = plan(facts())
    after = {
        step.change.path: OwnFile(step.change.after.text)
        for step in first.steps
        if isinstance(step.change, WriteFile) and step.change.after
    }
    assert plan(facts(own_files=OwnFiles(after))).steps == ()
    old = after | {JAIL_FILE: OwnFile(f"{MARK} long ago\n", 0o600)}
    (step,) = plan(facts(own_files=OwnFiles(old))).steps
    assert isinstance(step.change, WriteFile)
    assert step.change.before == FileText(f"{MARK} long ago\n", 0o600)
    assert step.change.after is not None
    assert step.change.after.mode == 0o600


def test_a_file_that_is_not_ours_is_never_overwritten() -> None:
    theirs = OwnFiles({ACTION_FILE: OwnFile("[Definition]\n")})
    with pytest.raises(Refused, match=r"action.d/zmward.conf is not zmward's"):
        plan(facts(own_files=theirs))
    odd = OwnFiles({}, {JAIL_FILE: f"{JAIL_FILE} is a symbolic link"})
    with pytest.raises(Refused, match="symbolic link"):
        plan(facts(own_files=odd))


def test_every_reason_against_is_named() -> None:
    some = facts()
    found = bans(some, NODE, GROUND)
    against = (Reason("a", "Clients are hidden."), Reason("b", "An office\x1b[2J."))
    with pytest.raises(Refused) as refused:
        plan(some, replace(found, refused=against))
    text = str(refused.value)
    assert "Clients are hidden." in text
    assert "An office" in text
    assert "\x1b" not in text
    assert "nothing was changed" in text


def test_a_masked_unit_and_an_unknown_one_are_refused() -> None:
    masked = Unit("fail2ban.service", "masked", "inactive", "masked")
    with pytest.raises(Refused, match="masked"):
        plan(facts(masked))
    with pytest.raises(Refused, match="not known"):
        plan(facts(own_files=None))
    with pytest.raises(Refused, match="EPEL"):
        plan(facts(NONE, packages={"zimbra-core": "10.1.20", "dnf": "4.7"}))
