"""Packet filters, sshd's files, fail2ban, rsyslog, slapd: readings and refusals."""

import pytest

from zmward.sources.fail2ban import FAIL2BAN
from zmward.sources.firewall import FIREWALL
from zmward.sources.firewallfiles import FIREWALL_FILES
from zmward.sources.logging import RSYSLOG
from zmward.sources.routecache import ROUTE_CACHE
from zmward.sources.slapd import SLAPD
from zmward.sources.source import Unreadable
from zmward.sources.sshdfiles import SSHD_FILES


def test_back_ends_stand_behind_their_names() -> None:
    answer = "> iptables none\n> ipset\ncreate a hash:ip\n"
    assert FIREWALL.parse(answer) == answer
    with pytest.raises(Unreadable, match="no back end"):
        FIREWALL.parse("iptables: command failed\n")


def test_ufw_is_on_only_if_its_file_says_so() -> None:
    found = FIREWALL_FILES.parse(
        "> /etc/ufw/ufw.conf\n # ENABLED=yes\n ENABLED=no\n"
        "> /etc/nftables.conf\n # policy drop\n chain i { policy accept; }\n"
        "> /etc/ufw/applications.d/zimbra\n [Zimbra]\n ports=25,443 /tcp\n"
    )
    assert not found.ufw
    assert not found.holds_rules("/etc/nftables.conf")
    assert found.applications()["Zimbra"][2]


def test_included_files_stand_where_they_are_included() -> None:
    found = SSHD_FILES.parse(
        "> /etc/ssh/sshd_config\n Include /etc/ssh/sshd_config.d/*.conf\n"
        " PasswordAuthentication no\n Match LocalPort 2222\n PermitRootLogin yes\n"
        "> /etc/ssh/sshd_config.d/50-cloud-init.conf\n PasswordAuthentication=yes\n"
    )
    said = [(s.option, s.value, s.match, s.asked) for s in found.settings]
    assert said == [
        ("passwordauthentication", "yes", "", True),
        ("passwordauthentication", "no", "", True),
        ("permitrootlogin", "yes", "LocalPort 2222", False),
    ]
    assert not found.unread
    assert not found.elsewhere


def test_drop_ins_without_an_include_are_never_read() -> None:
    found = SSHD_FILES.parse(
        "> /etc/ssh/sshd_config\n PermitRootLogin no\n Include /srv/ssh/*.conf\n"
        "> /etc/ssh/sshd_config.d/10-x.conf\n PasswordAuthentication no\n"
    )
    assert found.unread == ("/etc/ssh/sshd_config.d/10-x.conf",)
    assert found.elsewhere == ("/srv/ssh/*.conf",)


@pytest.mark.parametrize(
    ("match", "asked"),
    [
        ("User root", True),
        ("all", True),
        ("Group ops,admins", True),
        ("User !root", False),
        ("User backup*", False),
        ("User root Address 10.0.0.0/8", False),
        ("Exec /bin/true", False),
    ],
)
def test_only_plain_single_criteria_can_be_asked_for(
    match: str, *, asked: bool
) -> None:
    found = SSHD_FILES.parse(
        f"> /etc/ssh/sshd_config\n Match {match}\n PasswordAuthentication yes\n"
    )
    assert found.settings[0].asked is asked


def test_jails_are_laid_over_each_other_in_fail2bans_order() -> None:
    found = FAIL2BAN.parse(
        "> /etc/fail2ban/jail.conf\n [DEFAULT]\n ignoreip = 127.0.0.1/8\n"
        " sshd_log = /var/log/auth.log\n [sshd]\n logpath = %(sshd_log)s\n"
        " [zimbra]\n enabled = false\n"
        "> /etc/fail2ban/jail.d/defaults-debian.conf\n [sshd]\n enabled = true\n"
        "> /etc/fail2ban/jail.local\n [zimbra]\n enabled = true\n"
        " filter = zimbra[mode=aggressive]\n logpath = /opt/zimbra/log/audit.log\n"
        "           /opt/zimbra/log/mailbox.log\n"
        "> /etc/fail2ban/filter.d/zimbra.conf\n failregex = x\n"
    )
    assert [(j.name, j.filter, j.logs) for j in found.jails] == [
        ("sshd", "sshd", ("/var/log/auth.log",)),
        (
            "zimbra",
            "zimbra",
            ("/opt/zimbra/log/audit.log", "/opt/zimbra/log/mailbox.log"),
        ),
    ]
    assert found.ignored == ("127.0.0.1/8",)
    assert "failregex" in found.filters["zimbra"]


def test_forwards_are_found_in_both_languages_and_loopback_is_none() -> None:
    found = RSYSLOG.parse(
        "> /etc/rsyslog.conf\n #*.* @@off.example.net\n mail.* @udp.example.net:514\n"
        " *.* @@(o)tcp.example.net:6514;RSYSLOG_Format\n local0.* @127.0.0.1\n"
        "> /etc/rsyslog.d/30-tls.conf\n"
        ' action(type="omfwd" target="tls.example.net" protocol="tcp"\n'
        '   StreamDriverMode="1" StreamDriver="gtls")\n'
        ' input(type="imfile" File="/opt/zimbra/log/audit.log" Tag="a:")\n'
    )
    assert [(f.target, f.protocol, f.encrypted) for f in found.forwards] == [
        ("udp.example.net", "udp", False),
        ("tcp.example.net", "tcp", False),
        ("tls.example.net", "tcp", True),
    ]
    assert found.inputs == ("/opt/zimbra/log/audit.log",)


SLAPD_TEXT = (
    "dn: cn=config\nolcSecurity: ssf=128\n\n"
    "dn: olcDatabase={2}mdb,cn=config\nolcDbDirectory: /opt/zimbra/data/ldap/mdb/db\n"
    "olcSuffix:\n"
    "olcAccess: {0}to attrs=userPassword by anonymous auth by * none\n"
    "olcAccess: {1}to attrs=cn by users read by * read stop by * break\n"
)


def test_grants_are_read_with_their_control_words() -> None:
    found = SLAPD.parse(SLAPD_TEXT)
    assert found.strength == 128
    assert found.access[1].grants == (
        ("users", "read"),
        ("*", "read"),
        ("*", "none"),
    )


def test_the_log_of_a_replicating_master_is_not_the_main_database() -> None:
    log = (
        "\ndn: olcDatabase={1}mdb,cn=config\nolcDbDirectory: /log\n"
        "olcSuffix: cn=accesslog\n"
    )
    assert len(SLAPD.parse(SLAPD_TEXT + log).access) == 2
    with pytest.raises(Unreadable):
        SLAPD.parse("dn: cn=config\n")


def test_the_servers_of_the_route_cache_are_named() -> None:
    found = ROUTE_CACHE.parse(
        "# servers old:1;\nmemcache {\n  servers   mail.example.test:11211;\n}\n"
    )
    assert [(one.name, one.loopback) for one in found] == [("mail.example.test", False)]
    with pytest.raises(Unreadable):
        ROUTE_CACHE.parse("servers unix;\n")


def test_red_hats_policy_file_is_read_where_it_is_included() -> None:
    # Red Hat 9: 50-redhat.conf, shortened; version 8 has the file but no Include.
    policy = (
        "> /etc/crypto-policies/back-ends/opensshserver.config\n Ciphers aes256-ctr\n"
    )
    main = "> /etc/ssh/sshd_config\n Include /etc/ssh/sshd_config.d/*.conf\n"
    nine = (
        f"{main}> /etc/ssh/sshd_config.d/50-redhat.conf\n"
        f" Include /etc/crypto-policies/back-ends/opensshserver.config\n{policy}"
    )
    found = SSHD_FILES.parse(nine)
    assert (found.elsewhere, found.unread) == ((), ())
    eight = "> /etc/crypto-policies/back-ends/opensshserver.config\n CRYPTO='-o'\n"
    assert (
        SSHD_FILES.parse(f"> /etc/ssh/sshd_config\n UsePAM yes\n{eight}").unread == ()
    )


def test_a_jails_own_ignoreip_counts_before_the_common_one() -> None:
    text = (
        "> /etc/fail2ban/jail.local\n [DEFAULT]\n ignoreip = 192.0.2.1 192.0.2.2\n"
        " [sshd]\n enabled = true\n [zimbra]\n enabled = true\n ignoreip = 192.0.2.2\n"
    )
    assert FAIL2BAN.parse(text).ignored == ("192.0.2.2",)


def test_whom_a_jail_bans_and_how_is_its_own_word_or_the_common_one() -> None:
    text = (
        "> /etc/fail2ban/jail.conf\n [DEFAULT]\n ignoreip = ::1\n maxretry = 5\n"
        ' banaction = nftables\n action_ = %(banaction)s[port="%(port)s"]\n port = 1\n'
        " action = %(action_)s\n bantime = 10m\n ignorecommand =\n"
        "> /etc/fail2ban/jail.local\n [sshd]\n enabled = true\n"
        " [zimbra]\n enabled = true\n maxretry = 100000\n action =\n bantime = 1\n"
        " ignoreip = 0.0.0.0/0, ::/0\n ignorecommand = /bin/true\n"
    )
    ssh, zimbra = FAIL2BAN.parse(text).jails
    assert (ssh.retries, ssh.ban, ssh.action) == ("5", "10m", 'nftables[port="1"]')
    assert (ssh.spared, ssh.excused) == (("::1",), "")
    assert (zimbra.retries, zimbra.ban, zimbra.action) == ("100000", "1", "")
    assert (zimbra.spared, zimbra.excused) == (("0.0.0.0/0", "::/0"), "/bin/true")
    # Where no file says what is done, nothing is done.
    (alone,) = FAIL2BAN.parse("> /a\n [sshd]\n enabled = true\n").jails
    assert alone.action == ""
