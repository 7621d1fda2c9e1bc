"""What the operating system says of itself: readings, refusals, properties."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zmward.sources.aptconf import APT_CONF
from zmward.sources.authorizedkeys import AUTHORIZED_KEYS
from zmward.sources.backups import BACKUPS
from zmward.sources.clock import CLOCK
from zmward.sources.crontab import CRONTAB
from zmward.sources.fail2ban import FAIL2BAN
from zmward.sources.firewall import FIREWALL
from zmward.sources.firewallfiles import FIREWALL_FILES
from zmward.sources.history import HISTORY
from zmward.sources.kernel import KERNEL, order
from zmward.sources.logging import RSYSLOG
from zmward.sources.modes import FILE_MODES
from zmward.sources.offered import OFFERED
from zmward.sources.osrelease import OS_RELEASE
from zmward.sources.repositories import REPOSITORIES
from zmward.sources.routecache import ROUTE_CACHE
from zmward.sources.slapd import SLAPD
from zmward.sources.source import Source, Unreadable
from zmward.sources.sshdfiles import SSHD_FILES
from zmward.sources.sudoers import SUDOERS
from zmward.sources.units import UNITS, unit
from zmward.sources.updates import UPDATES
from zmward.sources.webprograms import WEB_PROGRAMS

SOURCES = (
    *(APT_CONF, AUTHORIZED_KEYS, BACKUPS, CLOCK, CRONTAB, FAIL2BAN, FIREWALL),
    *(FIREWALL_FILES, HISTORY, KERNEL, RSYSLOG, FILE_MODES, OFFERED, OS_RELEASE),
    *(REPOSITORIES, ROUTE_CACHE, SLAPD, SSHD_FILES, SUDOERS, UNITS, UPDATES),
    WEB_PROGRAMS,
)

# Pieces of real answers, so that the texts reach beyond the first line of a parser.
PIECES = st.sampled_from(
    (
        *("> /etc/ssh/sshd_config\n", "> /etc/sudoers.d/x\n", "> nft\n", " [sshd]\n"),
        *("> iptables legacy\n", "*filter\n", ":INPUT DROP [0:0]\n", "-A INPUT\n"),
        *("> /etc/yum.repos.d/zimbra.repo\n", " [zimbra]\n", " baseurl=https://z/\n"),
        *("> /etc/fail2ban/jail.local\n", " enabled = true\n", " logpath = %(a)s\n"),
        *("Id=a.service\nLoadState=loaded\nActiveState=active\n", "\n", "ID=ubuntu\n"),
        *(
            "running 5.15\n",
            "image 6.1\n",
            "entropy 256\n",
            "manager apt\n",
            "lists 1\n",
        ),
        *("note 3 updates can be applied immediately.\n", "1: CONFIGURED patch 10.1\n"),
        *(
            " Match User a\n",
            ' Include "\n',
            " zimbra ALL=(ALL) ALL\n",
            "dn: cn=config\n",
        ),
        *("olcAccess: {0}to * by * read\n", "olcDbDirectory: /a\n", "x /etc/passwd\n"),
        *(
            "755 root root 1 1 directory|/\n",
            "loose /a\n",
            "1 2 /a\n",
            "servers a:1;\n",
        ),
        *("> /var/spool/cron/zimbra\n", " # ZIMBRASTART\n", ' action(type="omfwd"\n'),
        *("> /etc/rsyslog.conf\n", " $IncludeConfig /etc/*.conf\n", " mail.* {\n"),
        *(' ruleset(name="a") {\n', " call a\n", " if $a == 'b' then\n", " /*\n"),
        *('{"nftables": [{"chain": 1}]}\n', '{"nftables": [{"rule": {}}]}\n', "[\n"),
    )
)
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=40)), max_size=12).map("".join)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
@given(answer=TEXTS)
def test_a_reading_never_fails_but_as_unreadable(
    source: Source[Any], answer: str
) -> None:
    with suppress(Unreadable):
        source.parse(answer)


def refused(source: Source[Any], answer: str) -> str:
    with pytest.raises(Unreadable) as caught:
        source.parse(answer)
    return str(caught.value)


def test_os_release_is_read_with_and_without_quotes() -> None:
    # Rocky Linux 9, as its documentation prints the file.
    rocky = OS_RELEASE.parse(
        'NAME="Rocky Linux"\nID="rocky"\nID_LIKE="rhel centos fedora"\n'
        'VERSION_ID="9.4"\nSUPPORT_END="2032-05-31"\n'
    )
    assert (rocky.id, rocky.version, rocky.family) == ("rocky", "9.4", "rpm")
    assert rocky.support_end == "2032-05-31"
    ubuntu = OS_RELEASE.parse('# lab\nID=ubuntu\nID_LIKE=debian\nVERSION_ID="22.04"\n')
    assert (ubuntu.version, ubuntu.family) == ("22.04", "deb")
    assert "does not name" in refused(OS_RELEASE, 'NAME="x"\n')


def test_kernels_are_ordered_by_number() -> None:
    found = KERNEL.parse(
        "running 5.15.0-91-generic\nimage 5.15.0-91-generic\n"
        "image 5.15.0-125-generic\nreboot required\nreboot linux-base\n"
        "entropy 256\ndisable_ipv6 0\n"
    )
    assert found.newest == "5.15.0-125-generic"
    assert found.reboot == ("required", "linux-base")
    assert (found.entropy, found.ipv6_disabled, found.version) == (256, False, (5, 15))
    assert order("10.1.21.1789981200-1") > order("10.1.4.1731412800-1")
    refused(KERNEL, "entropy many\n")


@given(st.lists(st.integers(0, 999), min_size=1, max_size=5))
def test_order_follows_the_numbers(numbers: list[int]) -> None:
    bigger = [*numbers[:-1], numbers[-1] + 1]
    assert order(".".join(map(str, numbers))) < order(".".join(map(str, bigger)))


def test_a_unit_answers_to_its_aliases() -> None:
    # Recorded on a lab node, shortened.
    found = UNITS.parse(
        "Id=ssh.service\nNames=ssh.service sshd.service\nLoadState=loaded\n"
        "ActiveState=active\nUnitFileState=enabled\n\n"
        "Id=ntp.service\nNames=ntp.service\nLoadState=not-found\n"
        "ActiveState=inactive\nUnitFileState=\n"
    )
    assert unit(found, "sshd").runs
    assert unit(found, "sshd").lasts
    assert not unit(found, "ntp").exists
    assert not unit(found, "absent").runs
    refused(UNITS, "Id=ssh.service\n")
    refused(UNITS, "")


def test_updates_are_counted_by_the_notifiers_words() -> None:
    # Ubuntu 22.04's text; 18.04 says "packages can be updated", "updates are security".
    found = UPDATES.parse(
        "manager apt\nlists 10\ncounted 11\nnote \n"
        "note 7 updates can be applied immediately.\n"
        "note 2 of these updates are standard security updates.\n"
    )
    assert (found.waiting, found.security, found.lists) == (7, 2, 10)
    older = UPDATES.parse(
        "manager apt\nnote 5 packages can be updated.\nnote 3 updates are security "
        "updates.\nesm yes\n"
    )
    assert (older.waiting, older.security, older.expanded) == (5, 3, True)
    nothing = UPDATES.parse("manager apt\nnote 0 updates can be applied immediately.\n")
    assert nothing.security == 0
    assert UPDATES.parse("manager dnf\nlists 5\n").security is None
    refused(UPDATES, "lists 5\n")


def test_repositories_are_read_in_three_formats() -> None:
    found = REPOSITORIES.parse(
        "> /etc/apt/sources.list.d/zimbra.list\n"
        " deb     [arch=amd64] https://repo.example.test/apt/1010 jammy zimbra\n"
        " # deb https://repo.example.test/apt/87 jammy zimbra\n"
        "> /etc/apt/sources.list.d/old.list.save\n"
        " deb https://repo.example.test/apt/90 jammy zimbra\n"
        "> /etc/apt/sources.list.d/x.sources\n"
        " Types: deb\n URIs: https://a.example.test/ubuntu\n Enabled: no\n"
        "> /etc/yum.repos.d/zimbra.repo\n"
        " [zimbra]\n name=Zimbra\n baseurl=https://repo.example.test/rpm/1010/rhel8\n"
        " [off]\n baseurl=https://repo.example.test/rpm/87/rhel8\n enabled=0\n"
    )
    assert [(one.address.rpartition("test/")[2], one.enabled) for one in found] == [
        ("apt/1010", True),
        ("apt/87", False),
        ("apt/90", False),
        ("ubuntu", False),
        ("rpm/1010/rhel8", True),
        ("rpm/87/rhel8", False),
    ]
    refused(REPOSITORIES, "")


def test_a_new_installation_forgets_older_patches() -> None:
    found = HISTORY.parse(
        "1: INSTALL SESSION START\n2: CONFIGURED patch 9.0.0_P1\n"
        "3: INSTALL SESSION START\n4: INSTALLED zimbra-core_10.1.0.GA_amd64.deb\n"
        "5: INSTALL SESSION COMPLETE\n6: CONFIGURED mta-patch 10.1.4.17-1\n"
        "7: CONFIGURED patch8.8.15_P2\n"
    )
    assert found.patches == {"mta-patch": "10.1.4.17-1", "patch": "8.8.15_P2"}
    assert found.installed == ("zimbra-core_10.1.0.GA_amd64.deb",)
    refused(HISTORY, "no event\n")


def test_tracking_is_read_and_an_unfollowed_clock_is_seen() -> None:
    # Recorded on a lab node; the second as chronyc prints it without a source.
    good = CLOCK.parse(
        "C0000201,192.0.2.1,9,1795294590.768785115,-0.000001851,-0.000000061,"
        "0.000000912,-0.003,-0.000,0.015,0.000009193,0.000000753,8.1,Normal\n"
    )
    assert good.synchronised
    bad = CLOCK.parse(
        "00000000,,0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,1.0,1.0,0.0,Not synchronised\n"
    )
    assert not bad.synchronised
    refused(CLOCK, "506 Cannot talk to daemon\n")
    refused(CLOCK, "a,b,1,0,nan,0,0,0,0,0,0,0,0,Normal\n")


def test_jobs_inside_and_outside_of_the_block_are_told_apart() -> None:
    found = CRONTAB.parse(
        "> /var/spool/cron/crontabs/zimbra\n"
        " # ZIMBRASTART -- DO NOT EDIT ANYTHING BETWEEN THIS LINE AND ZIMBRAEND\n"
        " 30 2 * * * find /opt/zimbra/log/ -type f -name \\*.log\\* -mtime +8 -exec rm\n"
        " # ZIMBRAEND -- DO NOT EDIT ANYTHING BETWEEN THIS LINE AND ZIMBRASTART\n"
        " @daily /usr/local/bin/mine\n"
    )
    assert found.log_days() == 8
    assert found.outside == ("@daily /usr/local/bin/mine",)
    refused(CRONTAB, "")


def test_sudo_rules_lose_their_tags_and_ignored_files_are_left_out() -> None:
    found = SUDOERS.parse(
        "> /etc/sudoers\n Defaults env_reset\n @includedir /etc/sudoers.d\n"
        " root ALL=(ALL:ALL) ALL\n"
        "> /etc/sudoers.d/02_zimbra-core\n"
        " %zimbra ALL=NOPASSWD:/opt/zimbra/libexec/zmstat-fd *\n"
        "> /etc/sudoers.d/old.bak\n zimbra ALL=(ALL) NOPASSWD: ALL\n"
    )
    assert [(rule.who, rule.commands) for rule in found] == [
        ("root", ("ALL",)),
        ("%zimbra", ("/opt/zimbra/libexec/zmstat-fd *",)),
    ]
    refused(SUDOERS, "> /etc/sudoers\n User_Alias MAIL = zimbra, postfix\n")
    refused(SUDOERS, "> /etc/sudoers\n gibberish\n")
    # The second host's command would look like an argument of the first one's.
    refused(SUDOERS, "> /etc/sudoers\n zimbra web=/bin/a : mail=/usr/sbin/nginx\n")


def test_keys_keep_their_forced_command() -> None:
    (key,) = AUTHORIZED_KEYS.parse(
        '# own\ncommand="/opt/zimbra/libexec/zmrcd",no-pty ssh-rsa AAAAB3Nz== mail a\n'
    )
    assert (key.command, key.key) == ("/opt/zimbra/libexec/zmrcd", "AAAAB3Nz==")
    refused(AUTHORIZED_KEYS, "not a key\n")


def test_apt_upgrades_by_itself_only_when_switched_on() -> None:
    found = APT_CONF.parse(
        "> /etc/apt/apt.conf.d/20auto-upgrades\n"
        ' APT::Periodic::Unattended-Upgrade "1";\n'
        "> /etc/apt/apt.conf.d/50unattended-upgrades\n"
        " Unattended-Upgrade::Allowed-Origins {\n"
        ' \t"${distro_id}:${distro_codename}-security";\n'
        ' //\t"${distro_id}:${distro_codename}-updates";\n }\n'
    )
    assert found.unattended
    assert found.origins == ("${distro_id}:${distro_codename}-security",)


def test_the_lists_of_packages_offer_versions() -> None:
    found = OFFERED.parse("zimbra-patch 10.1.20.1-1\nzimbra-patch 10.1.21.2-1\n")
    assert found == {"zimbra-patch": ("10.1.20.1-1", "10.1.21.2-1")}
    refused(OFFERED, "")


def test_backups_come_newest_first() -> None:
    newest, oldest = BACKUPS.parse("5 10 /opt/zimbra/backup/a\n9 10 /opt/zimbra/b c\n")
    assert (newest.modified, newest.path, oldest.size) == (9, "/opt/zimbra/b c", 10)
    assert BACKUPS.parse("") == ()


def test_modes_need_the_root_folder_as_a_witness() -> None:
    refused(FILE_MODES, "644 root root 1 1 regular file|/etc/ld.so.preload\n")


def test_programs_of_packages_and_loose_ones_are_told_apart() -> None:
    found = WEB_PROGRAMS.parse("shipped /a/login.jsp\nloose /a/x y.jsp\n")
    assert (found.shipped, found.loose) == (("/a/login.jsp",), ("/a/x y.jsp",))
    refused(WEB_PROGRAMS, "")
