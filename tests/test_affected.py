"""Whom a cure can silence must be known before it is planned: a week of logs."""

import pytest
from msgspec.structs import replace

from tests.examples import NODE, facts_of
from tests.test_plan import failed, report
from zmward.affected import affected, unseen_relays
from zmward.change import FileText, SetAttr, WriteFile
from zmward.control import Example, Status
from zmward.controls.registry import controls
from zmward.evidence import Parsed
from zmward.facts import Facts
from zmward.plan import plan
from zmward.profile import Profile
from zmward.sources.recent_logins import Logins, Use
from zmward.sources.recent_ssh import SshLogins

SERVER = f"server:{NODE}"
NETWORKS = "zimbraMtaMyNetworks"
WIDE, NARROW = ("127.0.0.0/8 10.0.0.0/8",), ("127.0.0.0/8 10.1.2.0/24",)
NARROWED = SetAttr(SERVER, NETWORKS, WIDE, NARROW)
NO_LOGINS = SetAttr("global", "zimbraMtaSaslAuthEnable", ("yes",), ("no",))


def facts(logins: Logins | None, **given: object) -> Facts:
    made = facts_of(Example(Status.FAIL, {"server": {}, **given}))
    answers = {host: dict(own) for host, own in made.evidence.answers.items()}
    if logins is not None:
        answers[NODE]["recent-logins"] = Parsed(logins)
    return Facts(replace(made.evidence, answers=answers), Profile(), made.now)


@pytest.mark.parametrize("change", [NARROWED, NO_LOGINS], ids=["networks", "auth"])
@pytest.mark.parametrize(
    ("logins", "said"),
    [
        (Logins({"mail": 6, "audit": 30}), f"{NODE}: 6"),
        (Logins({"audit": 30}), f"{NODE}: 0"),
        (None, f"{NODE}: 0"),
        (Logins({"mail": 7}), ""),
    ],
    ids=["six", "no mail log", "no log", "seven"],
)
def test_nobody_is_silenced_on_less_than_a_week_of_mail_logs(
    change: SetAttr, logins: Logins | None, said: str
) -> None:
    found = unseen_relays(change, facts(logins))
    assert bool(found) is bool(said)
    assert said in found


def test_a_report_alone_knows_of_no_relays() -> None:
    assert "report" in unseen_relays(NARROWED, None)


@pytest.mark.parametrize(
    "change",
    [
        SetAttr(SERVER, NETWORKS, NARROW, WIDE),
        SetAttr(SERVER, NETWORKS, ("10.1.2.3/24",), ("10.1.2.0/24",)),
        SetAttr(SERVER, NETWORKS, ("[2001:db8::]/48",), ("[2001:db8::]/32",)),
        SetAttr(SERVER, NETWORKS, ("127.0.0.0/8 [::1]/128",), ("[::1]/128",)),
        SetAttr("global", "zimbraMtaSaslAuthEnable", ("no",), ("yes",)),
        SetAttr("global", "zimbraMtaTlsAuthOnly", None, ("TRUE",)),
    ],
)
def test_what_silences_nobody_needs_no_logs(change: SetAttr) -> None:
    assert unseen_relays(change, facts(None)) == ""


def test_what_a_server_inherits_counts_when_its_own_value_goes() -> None:
    same = {"config": {NETWORKS: WIDE[0]}}
    other = {"config": {NETWORKS: NARROW[0]}}
    gone = SetAttr(SERVER, NETWORKS, WIDE, None)
    assert unseen_relays(gone, facts(None, **same)) == ""
    assert unseen_relays(gone, facts(None, **other))
    first = SetAttr(SERVER, NETWORKS, None, NARROW)
    assert unseen_relays(first, facts(None, **same))


def test_relays_are_left_out_of_a_plan_until_somebody_says_otherwise() -> None:
    found = report(failed("mta-trusts-cluster-only", NARROWED, locks_out="relays"))
    only, seen = ["mta-trusts-cluster-only"], facts(None)
    without = plan(found, only=only, facts=seen)
    assert not without.steps
    assert "--despite-short-logs" in without.left[0].reason
    assert plan(found, only=only, facts=seen, short_logs=True).steps


def test_clients_of_ipv6_networks_are_seen_too() -> None:
    before = ("[2001:db8::]/32 127.0.0.0/8",)
    change = SetAttr(SERVER, NETWORKS, before, ("127.0.0.0/8",))
    known = Logins({"mail": 30}, clients={"2001:db8::25": Use(3), "192.0.2.1": Use(1)})
    rows = affected(("mta-trusts-cluster-only",), change, facts(known))
    assert rows[0].names == ("2001:db8::25: 3",)


def test_the_affected_are_told_with_their_count_and_their_last_address() -> None:
    change = SetAttr("cos:default", "zimbraImapEnabled", ("TRUE",), ("FALSE",))
    known = Logins({"audit": 30}, {"imap": {"a@a.test": Use(4, "192.0.2.7")}})
    rows = affected(("imap-off-by-default",), change, facts(known))
    assert rows[0].names == ("a@a.test: 4 from 192.0.2.7",)


def test_of_a_domain_its_own_accounts_are_named() -> None:
    change = SetAttr(
        "domain:b.example", "zimbraAuthLdapStartTlsEnabled", None, ("TRUE",)
    )
    web = {"one@b.example": Use(3), "two@a.example": Use(9)}
    logins = Logins({"audit": 30}, {"soap": web, "imap": {"three@b.example": Use(1)}})
    (row, *_) = affected(
        ("foreign-directory-asked-over-tls",), change, facts(logins, domains={})
    )
    assert row.count == 2
    assert any("one@b.example" in name for name in row.names)
    assert not any("a.example" in name for name in row.names)


def test_who_logs_in_as_zimbra_by_key_is_named() -> None:
    path = "/opt/zimbra/.ssh/authorized_keys"
    change = WriteFile(NODE, path, FileText("a\n"), FileText(""))
    made = facts(None)
    answers = {host: dict(own) for host, own in made.evidence.answers.items()}
    ways = {"publickey": {"zimbra from 192.0.2.9": 4, "root from 192.0.2.8": 2}}
    answers[NODE]["recent-ssh"] = Parsed(SshLogins(30, ways))
    seen = Facts(replace(made.evidence, answers=answers), Profile(), made.now)
    (row, *_) = affected(("zimbra-logins-by-own-keys",), change, seen)
    assert row.count == 1
    assert "zimbra from 192.0.2.9" in row.names[0]


# The kinds of cures that can hurt, by the words of what was promised.
OPT_IN = {
    "sshd": ("ssh-root-needs-key", "ssh-without-passwords"),
    "smtp auth": ("smtp-auth-off-or-restricted", "mta-auth-only-over-tls"),
    "imap and pop": ("imap-off-by-default", "pop-off-by-default"),
    "sender checks": ("senders-match-logins", "mta-rejects-unknown-local-senders"),
    "narrowed networks": ("mta-trusts-cluster-only", "mta-is-no-open-relay"),
    "fallback": ("no-fallback-to-local-passwords",),
    "alias login": ("login-by-alias-refused",),
    "sharing": ("sharing-off", "sharing-with-guests-off", "public-sharing-off"),
    "external sources": ("external-sources-off",),
    "strict server names": ("strict-server-names",),
    "tls floors": (
        *("smtps-speaks-modern-tls", "mta-starttls-speaks-modern-tls"),
        *("proxy-speaks-modern-tls", "mailboxd-speaks-modern-tls"),
        *("ldap-speaks-modern-tls", "ldap-ciphers-high"),
        "java-connects-with-modern-tls",
    ),
    "session lifetimes": (
        *("session-lifetime-short", "admin-session-lifetime-short"),
        "idle-sessions-end",
    ),
    "account locks": ("account-lockout-on",),
}


@pytest.mark.parametrize("kind", OPT_IN)
def test_each_kind_of_cure_that_can_hurt_says_whom(kind: str) -> None:
    for name in OPT_IN[kind]:
        assert controls()[name].locks_out, name
