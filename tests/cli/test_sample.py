"""The sample server as a host: every kind of change, and what it does not know."""

from collections.abc import Iterator

import pytest

from tests.engine.repair import RULES, plan
from zmward.change import (
    Act,
    Change,
    FileText,
    InstallPackage,
    Mode,
    SetAttr,
    SetCrontab,
    SetLocalConfig,
    SetMode,
    SetParameter,
    SetUnit,
    UnitState,
    WriteFile,
)
from zmward.cli.sample import opened
from zmward.controls.registry import controls
from zmward.demo.sample import Sample
from zmward.engine.apply import Wish, apply
from zmward.engine.history import past
from zmward.engine.rollback import roll_back
from zmward.engine.state import known
from zmward.errors import Usage
from zmward.evidence import DIRECTORY, Parsed
from zmward.plan import Host, Plan, order
from zmward.profile import Profile
from zmward.ruleset import LoadRuleset, Rules

DROP_IN = "/etc/ssh/sshd_config.d/10-zmward.conf"
PACKAGE = "spax"
LOG = "/etc/rsyslog.d/10-zmward.conf"


@pytest.fixture
def sample() -> Iterator[Sample]:
    with opened() as found:
        yield found


def changes(sample: Sample) -> tuple[Change, ...]:
    """Return a change of each kind, as the sample stands."""
    host, world = sample.host, sample.world
    main = world.files["/etc/ssh/sshd_config"]
    old = FileText(main.content.decode(), main.mode.mode)
    mode = world.files["/opt/zimbra/libexec"].mode
    crontab = world.crontabs["zimbra"]
    state = world.units["rsyslog.service"]
    return (
        InstallPackage(host, PACKAGE, "apt"),
        WriteFile(host, DROP_IN, None, FileText("X11Forwarding no\n"), "sshd"),
        WriteFile(
            host,
            "/etc/ssh/sshd_config",
            old,
            FileText(old.text + "# seen\n", old.mode),
            "sshd",
            ("ssh.service",),
        ),
        WriteFile(host, LOG, None, FileText("# ours\n"), "rsyslog"),
        SetMode(host, "/opt/zimbra/libexec", mode, Mode(0o700, "root", "root")),
        SetLocalConfig(host, "zimbra_same_site_cookie", "", "Lax"),
        SetAttr("cos:default", "zimbraPasswordMinLength", ("6",), ("12",)),
        SetParameter(host, "smtpd_forbid_unauth_pipelining", None, "yes", "no"),
        SetCrontab(host, "zimbra", crontab, crontab + "0 0 * * * true\n"),
        SetUnit(
            host,
            "rsyslog.service",
            state,
            UnitState(enabled=not state.enabled, active=False),
        ),
        LoadRuleset(host, None, Rules("nftables", (RULES,))),
        Act(host, "render", ("mta",)),
    )


def whole(sample: Sample) -> Plan:
    own = sample.world.files["/opt/zimbra/conf/localconfig.xml"].content.decode()
    wanted = changes(sample)
    if "zimbra_same_site_cookie" not in own:
        wanted = tuple(
            SetLocalConfig(c.target, c.key, None, c.after)
            if isinstance(c, SetLocalConfig)
            else c
            for c in wanted
        )
    machine = sample.world.files["/etc/machine-id"].content.decode().strip()
    found = plan(wanted, machine)
    steps = tuple(sorted(found.steps, key=order))
    return Plan(Host(sample.host, machine), found.when, "1", steps, (), ())


def test_every_kind_goes_there_and_back(sample: Sample) -> None:
    wanted = whole(sample)
    kinds = {type(step.change) for step in wanted.steps}
    assert kinds == set(Change.__args__)
    site = sample.site(lambda _text: None, lambda: False)
    done = apply(
        site, wanted, Wish(), lambda: sample.prove(wanted, controls(), Profile())
    )
    made = {type(change) for change in sample.changes}
    assert made == kinds - {Act}
    assert sample.seen().answer(DIRECTORY, "ldap-cos") != sample.evidence.answer(
        DIRECTORY, "ldap-cos"
    )
    run = known(done.run)
    taken = roll_back(sample.site(lambda _text: None, lambda: False), run)
    assert taken.complete
    assert past(sample.door, run).state == "rolled back"
    left = sample.changes
    assert {type(change) for change in left} <= {InstallPackage, SetUnit}
    assert [c.package for c in left if isinstance(c, InstallPackage)] == [PACKAGE]


def test_nothing_is_changed_at_first(sample: Sample) -> None:
    assert sample.changes == ()
    assert sample.seen() is sample.evidence


def test_the_web_server_answers_as_it_is_set(sample: Sample) -> None:
    own = sample.world.objects["global"]
    own["zimbraReverseProxyResponseHeaders"] = ("X-Content-Type-Options: nosniff",)
    own["zimbraMailKeepOutWebCrawlers"] = ("TRUE",)
    found = sample.seen().answer(sample.host, "served")
    assert isinstance(found, Parsed)
    assert found.value["login"].header("x-content-type-options") == "nosniff"
    assert "Disallow: /" in found.value["robots"].text


def test_an_unknown_program_is_not_found(sample: Sample) -> None:
    for argv in (("nmap", "-sS"), ("sh", "-c", "true", "sh", "true"), ("env", "vi")):
        done = sample.door.run(argv)
        assert (done.code, done.out) == (127, b"")
        assert "the sample server has no such program" in done.said


def test_a_collection_is_refused(sample: Sample) -> None:
    with pytest.raises(Usage):
        sample.door.lines("true")
