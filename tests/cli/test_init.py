"""`zmward init` asks who may reach the servers, and writes what was answered."""

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from tests.firewall.site import LISTENERS, NODE, cluster, connection, raw, single
from zmward.cli.interview import Interview
from zmward.cli.main import dispatch, main
from zmward.engine.profiles import convert, load, parse
from zmward.facts import Facts
from zmward.firewall.policy import policy
from zmward.profile import Firewall, Profile
from zmward.sources.listeners import Listener
from zmward.starter import preset, starter

ADMIN = "10.1.0.7"
NFS = Listener("tcp", "*", 2049)
COROSYNC = (Listener("udp", "*", 5404), Listener("udp", "*", 5405))
UNKNOWN = Listener("tcp", "192.0.2.10", 4711, "a\x1b[31mb")
# Administrators, users, monitoring, relays, balancers, cluster, moving addresses.
NETWORKS = ("", "anywhere", "", "", "", "", "")
FUNCTIONS = ("y", "n", "y")  # imap, pop, sending


def asked(facts: Facts | None, *answers: str, operators: tuple[str, ...] = ()) -> Any:
    """Return an interview after it was held, and what the terminal showed."""
    interview = Interview(
        preset("small"), None if facts is None else facts.evidence, operators
    )

    @click.command()
    def hold() -> None:
        interview.ask()

    done = CliRunner().invoke(hold, input="".join(f"{line}\n" for line in answers))
    assert done.exit_code == 0, done.output
    return interview, done.output


def written(interview: Interview) -> Profile:
    text = starter(interview.profile, {}, interview.origins)
    found = convert(parse(text, "profile.toml"), text, "profile.toml")
    assert found == interview.profile
    return found


def refusing(facts: Facts, profile: Profile, host: str = NODE) -> list[str]:
    later = Facts(facts.evidence, profile, facts.now)
    return [problem.text for problem in policy(later, host, (ADMIN,)).refused]


def server(*more: Listener, **node: Any) -> Facts:
    usual = {"established": (connection(22, ADMIN),)}
    return single(listeners=(*LISTENERS, *more), **(usual | node))


class TestOneServer:
    def test_with_all_answered_the_whitelist_can_be_loaded(self) -> None:
        facts = server(NFS, *COROSYNC, UNKNOWN, raw_sockets=(raw(112, "keepalived"),))
        interview, shown = asked(
            facts,
            *(*NETWORKS, *FUNCTIONS),
            *("10.3.0.2", "cluster", "10.3.0.0/24", "refuse", "refuse"),
        )
        found = written(interview)
        assert refusing(facts, found) == []
        assert found.networks.admins == ("10.1.0.0/24",)
        assert found.services.imap == "wanted"
        assert found.services.pop == "unwanted"
        assert [(o.name, o.port, o.from_) for o in found.firewall.allow] == [
            ("nfs", "", ("10.3.0.2/32",)),
            ("corosync", "", ("10.3.0.0/24",)),
        ]
        assert [(o.name, str(o.port)) for o in found.firewall.refuse] == [
            ("", "4711"),
            ("vrrp", ""),
        ]
        assert {o.from_ for o in found.firewall.refuse} == {("internet",)}
        assert "you come from 10.1.0.7" in shown
        assert "by IMAP, from anywhere (imap 143, imaps 993)?" in shown
        # The cluster is empty, so nobody can be let in as one of it.
        assert "the zone cluster has no address yet" in shown
        # Two ports of one name are asked about once.
        assert shown.count("corosync: ") == 2
        assert "\x1b" not in shown
        assert "cannot be loaded" not in shown

    def test_the_file_says_where_each_answer_comes_from(self) -> None:
        interview, _ = asked(server(), *NETWORKS, *FUNCTIONS)
        text = starter(interview.profile, {}, interview.origins)
        assert "# Taken as proposed: you come from 10.1.0.7.\nadmins =" in text
        assert "# Answered at zmward init; seen: imap 143, imaps 993.\nimap =" in text

    def test_bad_answers_are_asked_again_with_the_reason(self) -> None:
        interview, shown = asked(
            server(),
            *("10.1.0.7/24", "0.0.0.0/0", "mail.example.com", "10.2.0.0/16"),
            *("10.1.0.0/16", "2001:db8::/32 10.0.0.0/8", "", "", "", "", ""),
            *("perhaps", *FUNCTIONS),
        )
        for reason in (
            "10.1.0.7/24 is an address inside 10.1.0.0/24",
            "0.0.0.0/0 is everybody",
            "'mail.example.com' is no network",
            "somebody works on the server from 10.1.0.7",
            "invalid input",
        ):
            assert reason in shown
        assert interview.profile.networks.admins == ("10.1.0.0/16",)
        assert interview.profile.networks.clients == ("2001:db8::/32", "10.0.0.0/8")
        assert "Answered; other was proposed" in interview.origins["networks.admins"]

    def test_what_is_decided_later_is_said(self) -> None:
        facts = server(NFS)
        interview, shown = asked(facts, *NETWORKS, *FUNCTIONS, "")
        assert interview.profile.firewall == Firewall()
        assert "The whitelist cannot be loaded yet:" in shown
        assert "tcp 2049" in shown.rpartition("yet:")[2]

    @pytest.mark.parametrize("bad", ["refuse 10.0.0.0/8", "later refuse", "nobody"])
    def test_an_answer_that_says_two_things_is_asked_again(self, bad: str) -> None:
        interview, shown = asked(server(NFS), *NETWORKS, *FUNCTIONS, bad, "refuse")
        assert "Error: " in shown
        assert len(interview.profile.firewall.refuse) == 1

    def test_monitoring_settles_its_agents_unasked(self) -> None:
        agent = Listener("tcp", "*", 10050, "zabbix_agentd")
        answers = ("", "anywhere", "10.9.0.1", *NETWORKS[3:], *FUNCTIONS)
        interview, shown = asked(server(agent), *answers)
        assert refusing(server(agent), interview.profile) == []
        assert "zabbix" not in shown

    def test_without_administrators_ssh_gets_a_limit(self) -> None:
        answers = ("none", *NETWORKS[1:], *FUNCTIONS, "often", "5/minute")
        interview, shown = asked(server(), *answers)
        assert "write a number and second, minute or hour" in shown
        assert interview.profile.firewall.ssh_rate == "5/minute"

    def test_trusted_addresses_are_proposed_as_balancers(self) -> None:
        facts = single(
            config={
                "zimbraMailTrustedIP": ("127.0.0.1", "192.0.2.10", "10.8.0.1", "x")
            },
            established=(connection(22, ADMIN),),
        )
        interview, shown = asked(facts, *NETWORKS, *FUNCTIONS)
        assert "(zimbraMailTrustedIP names them) [10.8.0.1]" in shown
        assert interview.profile.networks.proxies == ("10.8.0.1/32",)

    def test_an_operator_who_is_seen_now_counts_too(self) -> None:
        _, shown = asked(
            server(), *NETWORKS, *FUNCTIONS, operators=("2001:db8:7::9", "203.0.113.9")
        )
        assert "[2001:db8:7::/64 203.0.113.0/24 10.1.0.0/24]" in shown


class TestOtherPlaces:
    def test_without_a_server_networks_and_functions_are_asked(self) -> None:
        interview, _ = asked(None, "10.1.0.0/24", *NETWORKS[1:], *FUNCTIONS)
        assert interview.profile.networks.admins == ("10.1.0.0/24",)
        assert interview.profile.services.smtp_auth == "wanted"

    def test_what_was_not_seen_is_not_known(self) -> None:
        facts = single(established=None, addresses=None, listeners=None)
        _, shown = asked(facts, *NETWORKS, *FUNCTIONS, "5/minute")
        assert "cannot be loaded" in shown

    def test_a_cluster_asks_of_every_node_and_proposes_strangers(self) -> None:
        nodes: Mapping[str, Mapping[str, Any]] = {
            "ldap": {"established": (connection(389, "192.0.2.77", "slapd"),)},
            "mta": {"listeners": (Listener("tcp", "*", 22, "sshd"), NFS)},
        }
        facts = cluster(nodes=nodes)
        # Nobody is asked about mail programs, for which no node listens.
        answers = ("10.1.0.0/24", *NETWORKS[1:], "cluster")
        interview, shown = asked(facts, *answers)
        assert "[192.0.2.77]" in shown
        assert interview.profile.firewall.cluster == ("192.0.2.77/32",)
        for host in facts.evidence.hosts:
            found = refusing(facts, interview.profile, host)
            assert not [text for text in found if "192.0.2.77" in text or "nfs" in text]


def stored(tmp_path: Path, more: str = "") -> str:
    """Return a file with what the sample server answered, and more sockets."""
    text = (files("zmward.demo") / "evidence.json").read_text("utf-8")
    evidence: dict[str, Any] = json.loads(text)
    (node,) = (n for n in evidence["answers"] if n != "directory")
    evidence["answers"][node]["listeners"]["text"] += more
    path = tmp_path / "evidence.json"
    path.write_text(json.dumps(evidence))
    return str(path)


class TestTheVerb:
    @pytest.fixture(autouse=True)
    def place(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ZMWARD_ETC", str(tmp_path / "etc"))

    def run(self, words: list[str], *answers: str) -> Result:
        given = "".join(f"{line}\n" for line in answers)
        return CliRunner().invoke(main, ["init", *words], input=given)

    def test_it_writes_a_profile_that_is_one(self, tmp_path: Path) -> None:
        line = "tcp LISTEN 0 64 0.0.0.0:2049 0.0.0.0:*\n"
        path = tmp_path / "profile.toml"
        words = ["--ask", "--evidence", stored(tmp_path, line), "--output", str(path)]
        done = self.run(words, *NETWORKS, *FUNCTIONS, "refuse")
        assert done.exit_code == 0, done.output
        found = load(path)
        assert found.firewall.refuse[0].name == "nfs"
        assert path.stat().st_mode & 0o777 == 0o600
        assert "# Taken as proposed" in path.read_text()

    def test_an_end_in_the_midst_writes_nothing(self, tmp_path: Path) -> None:
        path = tmp_path / "profile.toml"
        words = ["--ask", "--demo", "--output", str(path)]
        assert self.run(words, *NETWORKS).exit_code != 0
        assert not path.exists()

    def test_a_file_that_is_there_is_said_before_any_question(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = tmp_path / "profile.toml"
        path.write_text("kind = 'isp'\n")
        assert (
            dispatch(["init", "--demo", "--ask", "--output", str(path)]) == 4
        )  # refused
        said = capsys.readouterr().err
        assert "stays as it is" in said
        assert "Administrators" not in said
        assert path.read_text() == "kind = 'isp'\n"

    def test_without_questions_it_writes_the_defaults(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert dispatch(["init", "--demo", "--yes", "--output", "-"]) == 0
        text = capsys.readouterr().out
        assert convert(parse(text, "x"), text, "x") == preset("small")

    @pytest.mark.parametrize(
        "words", [("--demo", "--evidence", "x"), ("--demo", "--host", "root@mail")]
    )
    def test_two_places_at_once_are_refused(
        self, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert dispatch(["init", *words]) == 2  # usage
        assert "different places" in capsys.readouterr().err


class TestTheStarter:
    PROFILES: tuple[Mapping[str, Any], ...] = (
        {},
        {"firewall": {"services": {"mailbox-admin": ["admin"], "snmp": []}}},
        {
            "networks": {"admins": ["10.0.0.0/8", "::1/128"]},
            "firewall": {
                "cluster": ["192.0.2.9/32"],
                "virtual-addresses": ["192.0.2.8"],
                "ssh-rate": "",
                "bans": 4096,
                "allow": [
                    {"name": "nfs", "from": ["cluster"], "why": 'a "b" \\ c'},
                    {"port": 8080, "from": ["10.0.0.1"], "why": "x"},
                    {"port": "7-9", "protocol": "udp", "from": ["admin"], "why": "x"},
                    {"protocol": "vrrp", "from": ["10.0.0.1"], "why": "x"},
                ],
                "refuse": [
                    {"name": "ssh", "from": ["internet"], "why": "x"},
                    {"port": 1, "protocol": "sctp", "why": "x"},
                ],
            },
        },
    )

    @pytest.mark.parametrize("given", PROFILES, ids=["empty", "services", "lists"])
    def test_what_it_writes_is_the_same_profile(self, given: Mapping[str, Any]) -> None:
        text = json.dumps(given)
        profile = convert(given, text, "given")
        made = starter(
            profile, {"key": "seen"}, {"networks.admins": "Said by somebody."}
        )
        assert convert(parse(made, "made"), made, "made") == profile
        assert "# Said by somebody.\nadmins = " in made
        assert "\n\n\n" not in made
        assert "from = []" not in made
