"""Cures of time, apt, fail2ban and rsyslog: exact, and left out where they would hurt."""

from collections.abc import Sequence

import pytest

from tests.examples import NODE, facts_of
from zmward.change import (
    Act,
    Change,
    FileText,
    InstallPackage,
    SetUnit,
    UnitState,
    WriteFile,
)
from zmward.control import Status, fails
from zmward.controls.registry import controls
from zmward.controls.shapes.unittext import unit_text
from zmward.evidence import Answer, Missing
from zmward.finding import Finding, judge
from zmward.foresee import LATER, foresee
from zmward.sources.aptconf import parse as apt
from zmward.sources.fail2ban import Fail2ban, Jail
from zmward.sources.fail2ban import parse as jails

OFF, ON = UnitState(enabled=False, active=False), UnitState(enabled=True, active=True)
BOOT_ONLY, NOW_ONLY = (
    UnitState(enabled=True, active=False),
    UnitState(enabled=False, active=True),
)
APT, DNF = {"apt": "2.4"}, {"dnf": "4.7"}


def found(name: str, **given: object) -> Finding:
    finding = judge(controls()[name], facts_of(fails(**given)))
    assert finding.status is Status.FAIL, finding.reason
    return finding


def cures(finding: Finding) -> list[Change]:
    return list(dict.fromkeys(d.cure for d in finding.deviations if d.cure is not None))


def reasons(finding: Finding) -> str:
    assert not cures(finding)
    return " ".join(deviation.no_cure for deviation in finding.deviations)


def unit(name: str, before: UnitState, after: UnitState) -> SetUnit:
    return SetUnit(NODE, f"{name}.service", before, after)


@pytest.mark.parametrize(
    ("units", "wanted"),
    [
        (unit_text("chrony", "inactive", "disabled"), [unit("chrony", OFF, ON)]),
        (unit_text("chrony", "active", "disabled"), [unit("chrony", NOW_ONLY, ON)]),
        (
            unit_text("chrony") + unit_text("ntpsec", "inactive"),
            [unit("ntpsec", BOOT_ONLY, OFF)],
        ),
        (
            unit_text("systemd-timesyncd") + unit_text("chrony"),
            [unit("systemd-timesyncd", ON, OFF)],
        ),
        (  # what runs is kept
            unit_text("ntpsec") + unit_text("chrony", "inactive"),
            [unit("chrony", BOOT_ONLY, OFF)],
        ),
        (
            unit_text("openntpd", "active", "disabled")
            + unit_text("chrony", "inactive")
            + unit_text("ntpsec", "inactive"),
            [
                unit("chrony", BOOT_ONLY, OFF),
                unit("ntpsec", BOOT_ONLY, OFF),
                unit("openntpd", NOW_ONLY, ON),
            ],
        ),
    ],
)
def test_one_time_service_is_left(units: str, wanted: Sequence[Change]) -> None:
    finding = found("time-service-alone", raw={"units": units})
    assert sorted(cures(finding), key=str) == sorted(wanted, key=str)


@pytest.mark.parametrize(
    ("packages", "manager", "name"), [(APT, "apt", "chrony"), (DNF, "dnf", "chronyd")]
)
@pytest.mark.parametrize("control", ["time-service-alone", "clock-synchronised"])
def test_chrony_is_installed_where_no_time_service_is(
    control: str, packages: object, manager: str, name: str
) -> None:
    finding = found(
        control,
        packages=packages,
        missing=("chrony-tracking",),
        raw={"units": unit_text("ssh")},
    )
    install = InstallPackage(NODE, "chrony", "apt" if manager == "apt" else "dnf")
    assert cures(finding) == [install, unit(name, OFF, ON)]


@pytest.mark.parametrize(
    ("state", "boot", "words"),
    [
        ("failed", "enabled", "journalctl -u chrony.service"),
        ("inactive", "masked", "somebody decided"),
    ],
)
def test_what_failed_or_is_masked_is_left_to_a_person(
    state: str, boot: str, words: str
) -> None:
    finding = found(
        "clock-synchronised",
        packages=APT,
        missing=("chrony-tracking",),
        raw={"units": unit_text("chrony", state, boot)},
    )
    assert words in reasons(finding)


def test_rsyslog_is_started_and_never_installed_without_zimbras_own_setup() -> None:
    name = "log-service-runs"
    stopped = unit_text("rsyslog", "inactive", "disabled")
    assert cures(found(name, raw={"units": stopped})) == [unit("rsyslog", OFF, ON)]
    assert "zmsyslogsetup" in reasons(found(name, raw={"units": unit_text("ssh")}))


OLD = "manager apt\nlists 1790000000\n"
TIMER = "Id=apt-daily.timer\nLoadState=loaded\nActiveState={}\nUnitFileState={}\n"
SITE = "> /etc/apt/apt.conf.d/20auto-upgrades\n APT::Periodic::Update-Package-Lists "


def test_old_lists_are_fetched_now_and_every_day() -> None:
    finding = found(
        "os-package-lists-fresh",
        raw={
            "updates": OLD,
            "units": TIMER.format("inactive", "disabled"),
            "apt-conf": f'{SITE}"0";\n',
            "own-files": "end\n",
        },
    )
    fetch, timer, file = cures(finding)
    assert fetch == Act(NODE, "refresh-apt")
    assert timer == SetUnit(NODE, "apt-daily.timer", OFF, ON)
    assert isinstance(file, WriteFile)
    assert file.after is not None
    assert apt(f'{SITE}"0";\n> {file.path}\n {file.after.text.splitlines()[1]}\n').lists


def test_lists_that_do_not_arrive_are_left_to_a_person() -> None:
    finding = found(
        "os-package-lists-fresh",
        raw={
            "updates": OLD,
            "units": TIMER.format("active", "enabled"),
            "apt-conf": f'{SITE}"1";\n',
        },
    )
    assert "`apt-get update` says why" in reasons(finding)


def test_a_switch_over_all_that_apt_does_is_left_to_a_person() -> None:
    finding = found(
        "os-package-lists-fresh",
        raw={
            "updates": OLD,
            "units": TIMER.format("active", "enabled"),
            "apt-conf": "> /etc/apt/apt.conf.d/20auto-upgrades\n"
            ' APT::Periodic { Enable "0"; Update-Package-Lists "1"; };\n',
        },
    )
    assert not cures(finding)
    assert "Find out who has set it" in reasons(finding)


APT_FILE = "/etc/apt/apt.conf.d/99zmward"
UPGRADES = (
    "> /etc/apt/apt.conf.d/50unattended-upgrades\n"
    ' APT::Periodic::Unattended-Upgrade "1";\n'
    ' Unattended-Upgrade::Origins-Pattern { "origin=*"; };\n'
)


def test_zimbras_packages_are_added_to_those_left_alone() -> None:
    name = "unattended-upgrades-spare-zimbra"
    given = {"apt-conf": UPGRADES, "own-files": "end\n"}
    (cure,) = cures(found(name, packages=APT, raw=given))
    assert isinstance(cure, WriteFile)
    assert cure.validator == "apt"
    assert cure.after is not None
    shown = "".join(f" {line}\n" for line in cure.after.text.splitlines())
    assert apt(f"{UPGRADES}> {cure.path}\n{shown}").spared == ("zimbra-",)


@pytest.mark.parametrize("pattern", ["zimbra-store", "^zimbra$", "", "other"])
def test_other_patterns_do_not_spare_zimbra(pattern: str) -> None:
    text = f'{UPGRADES} Unattended-Upgrade::Package-Blacklist {{ "{pattern}"; }};\n'
    raw = {"apt-conf": text}
    assert found("unattended-upgrades-spare-zimbra", packages=APT, raw=raw)


F2B = {"own-files": "end\n", "units": unit_text("fail2ban")}
SSHD = Jail("sshd", "sshd", ())


def test_the_sites_own_addresses_stay_spared() -> None:
    site = Fail2ban(
        (SSHD,), (), {}, ignores_itself=False, common="127.0.0.1/8, 203.0.113.9"
    )
    (cure,) = cures(found("fail2ban-spares-own-nodes", fail2ban=site, raw=F2B))
    assert isinstance(cure, WriteFile)
    assert cure.reloads == ("fail2ban.service",)
    assert cure.after is not None
    words = "".join(f" {line}\n" for line in cure.after.text.splitlines())
    jail = "> /etc/fail2ban/jail.local\n [sshd]\n enabled = true\n"
    read = jails(f"{jail}> {cure.path}\n{words}")
    assert read.ignores_itself
    assert read.ignored == ("127.0.0.1/8", "203.0.113.9")


def test_jails_with_lists_of_their_own_are_left_to_a_person() -> None:
    text = "> /etc/fail2ban/jail.local\n [DEFAULT]\n ignoreself = false\n [sshd]\n"
    raw = {**F2B, "fail2ban": f"{text} enabled = true\n ignoreip = 192.0.2.1\n"}
    assert "sshd" in reasons(found("fail2ban-spares-own-nodes", raw=raw))


def test_fail2ban_is_installed_and_started() -> None:
    finding = found(
        "fail2ban-runs",
        absent=("fail2ban",),
        packages=APT,
        raw={"units": unit_text("ssh")},
    )
    assert cures(finding) == [
        InstallPackage(NODE, "fail2ban", "apt"),
        unit("fail2ban", OFF, ON),
    ]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"absent": ("fail2ban",), "packages": DNF}, "EPEL"),
        ({"absent": ("fail2ban",), "packages": {"zypper": "1"}}, "package manager"),
        (
            {
                "absent": ("fail2ban",),
                "packages": APT,
                "servers": {"mta1.example.com": {}},
            },
            "mta1.example.com",
        ),
    ],
)
def test_fail2ban_is_not_installed_where_it_would_hurt(
    given: dict[str, object], words: str
) -> None:
    finding = found("fail2ban-runs", raw={"units": unit_text("ssh")}, **given)
    assert words in reasons(finding)


def test_what_a_daemon_makes_of_a_file_has_no_answer_afterwards() -> None:
    evidence = facts_of(
        fails(raw={"sshd": "x", "sshd-files": "x", "units": "x", "own-files": "end\n"})
    ).evidence
    path = "/etc/ssh/sshd_config.d/00-zmward.conf"
    change = WriteFile(NODE, path, None, FileText("A no\n"))
    later = foresee(evidence, (change,)).answers[NODE]
    assert later["sshd"] == later["sshd-files"] == Missing(LATER, "unseen")
    assert later["units"] == Answer("x")


def test_lines_of_a_site_in_the_drop_in_of_apt_stay() -> None:
    theirs = 'Unattended-Upgrade::Package-Blacklist:: "linux-";'
    before = f"> 644 root root regular file|{APT_FILE}\n {theirs}\n $\nend\n"
    (cure,) = cures(
        found(
            "unattended-upgrades-spare-zimbra",
            packages=APT,
            raw={"apt-conf": UPGRADES, "own-files": before},
        )
    )
    assert isinstance(cure, WriteFile)
    assert cure.after is not None
    assert theirs in cure.after.text
    assert '"zimbra-"' in cure.after.text


def test_apt_reads_its_one_file_last_and_no_copies_of_an_editor() -> None:
    name = "APT::Periodic::Unattended-Upgrade"
    folder = "> /etc/apt/apt.conf.d"
    main = f'> /etc/apt/apt.conf\n {name} "1";\n'
    assert apt(f'{main}{folder}/20auto\n {name} "0";\n').unattended
    spared = 'Unattended-Upgrade::Package-Blacklist:: "zimbra-";'
    for ending in (".bak", ".ucf-dist", ".d.save"):
        assert not apt(f"{folder}/50unattended{ending}\n {spared}\n").spared
    for ending in ("", ".conf", ".d.conf"):
        assert apt(f"{folder}/50unattended{ending}\n {spared}\n").spared
