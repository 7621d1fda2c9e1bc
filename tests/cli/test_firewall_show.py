"""`zmward firewall show`: the picture, each opening, and what refuses."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.firewall_files import NODE, OTHER, SITE, cluster, evidence, site
from tests.firewall.site import CLUSTER, single
from tests.firewall.site import NODE as SINGLE
from tests.firewall.site import cluster as cluster_of
from zmward.cli.firewall_place import ASKED
from zmward.cli.main import dispatch
from zmward.firewall.checked import check
from zmward.firewall.grid import places, planned, shut
from zmward.firewall.managers import file, loaded
from zmward.firewall.policy import policy
from zmward.firewall.rules import Ruleset

GOLDEN = Path(__file__).parent / "golden"
REFUSED = 4
_OF_UFW = """\
*filter
:INPUT DROP [0:0]
:ufw-before-input - [0:0]
:f2b-sshd - [0:0]
COMMIT
"""
Show = Callable[..., tuple[int, str, str]]


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str]) -> Show:
    def show(*words: str) -> tuple[int, str, str]:
        code = dispatch(["firewall", "show", *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return show


def document(show: Show, *words: str) -> tuple[int, dict[str, Any]]:
    code, text, _ = show("--json", *words)
    return code, json.loads(text)


def listeners(*lines: str) -> str:
    return "".join(
        f'{protocol} LISTEN 0 5 {place} *:* users:(("{program}",pid=9,fd=1))\n'
        for protocol, place, program in (line.split(" ", 2) for line in lines)
    )


def test_the_whole_text_as_golden(show: Show, tmp_path: Path) -> None:
    path = evidence(tmp_path)
    code, text, _ = show("--evidence", path, "--profile", site(tmp_path))
    assert code == 0
    assert text == (GOLDEN / "show.txt").read_text("utf-8")


def test_the_picture_comes_first_and_fits_a_terminal(
    show: Show, tmp_path: Path
) -> None:
    _, text, _ = show("--demo", "--profile", site(tmp_path))
    lines = text.splitlines()
    assert lines[4] == "Who would reach what"
    (ssh,) = (line for line in lines[:15] if line.split()[:1] == ["ssh"])
    assert ssh.split()[3:] == ["○", "○", "○", "●", "○"]
    assert any("memcached" in line for line in lines[:30])
    assert max(map(len, lines)) <= 80
    assert "\x1b" not in text


def test_a_policy_that_shuts_the_operator_out_refuses(
    show: Show, tmp_path: Path
) -> None:
    own = site(tmp_path, SITE.replace("192.0.2.64/26", "198.51.100.0/24"))
    code, text, _ = show("--demo", "--profile", own)
    assert code == REFUSED
    assert "✗ may not be loaded: 1 problem" in text
    last = text[text.index("Keeps it from being loaded") :]
    assert "lock-out" in last
    assert "192.0.2.66" in last
    assert "→ put who must get in into networks.admins" in last


@pytest.mark.parametrize(
    ("chosen", "kind"), [('["monitoring"]', "lock-out"), ("[]", "lock-out")]
)
def test_a_policy_that_closes_ssh_refuses(
    show: Show, tmp_path: Path, chosen: str, kind: str
) -> None:
    own = site(tmp_path, f"{SITE}\n[firewall.services]\nssh = {chosen}\n")
    code, found = document(show, "--demo", "--profile", own)
    assert code == REFUSED
    assert found["refuses"]
    assert found["problems"][0]["kind"] == kind
    assert found["problems"][0]["refuses"]


def test_json_holds_what_is_open_and_what_is_closed(show: Show, tmp_path: Path) -> None:
    code, found = document(show, "--demo", "--profile", site(tmp_path))
    assert code == 0
    assert (found["schema"], found["host"]) == ("zmward.policy/1", NODE)
    assert not found["refuses"]
    (ssh,) = (one for one in found["openings"] if one["name"] == "ssh")
    assert ssh["sources"] == ["192.0.2.64/26", "2001:db8:a::/48"]
    assert (ssh["ports"], ssh["zone"]) == (["22"], "admin")
    closed = {one["name"]: one["listening"] for one in found["closed"]}
    assert closed["memcached"] is True
    assert {"name", "what", "cells", "meant"} == set(found["picture"]["rows"][0])
    assert found["picture"]["zones"] == [
        *("internet", "clients", "monitoring", "admin", "named")
    ]
    assert all(one["why"] and one["origin"] for one in found["openings"])
    assert any(one["target"] == "internet" for one in found["outbound"])


def test_without_networks_only_the_internet_is_a_column(show: Show) -> None:
    code, found = document(show, "--demo")
    assert code == REFUSED  # nobody said whether users need IMAP
    assert found["picture"]["zones"] == ["internet"]


def test_an_old_collection_is_not_taken_for_a_host_without_operators(
    show: Show, tmp_path: Path
) -> None:
    path = evidence(tmp_path, {"established": None, "raw-sockets": None})
    code, found = document(show, "--evidence", path, "--profile", site(tmp_path))
    assert code == REFUSED
    assert [p["kind"] for p in found["problems"] if p["refuses"]] == ["not-known"] * 2


def test_names_from_the_server_steer_nothing(show: Show, tmp_path: Path) -> None:
    evil = "\x1b[31m<script>\u202e" + "x" * 300
    path = evidence(tmp_path, {"listeners": listeners(f"tcp 0.0.0.0:4711 {evil}")})
    code, text, _ = show("--evidence", path, "--profile", site(tmp_path))
    assert code == REFUSED
    assert "tcp 4711" in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert max(map(len, text.splitlines())) <= 80
    _, raw, _ = show("--json", "--evidence", path, "--profile", site(tmp_path))
    assert "\x1b" not in raw
    assert "\u202e" not in raw


def test_ten_thousand_listeners_are_counted(show: Show, tmp_path: Path) -> None:
    many = (f"tcp 0.0.0.0:{port} x" for port in range(20_001, 30_001))
    path = evidence(tmp_path, {"listeners": listeners(*many)})
    words = ("--evidence", path, "--profile", site(tmp_path))
    code, text, _ = show(*words)
    assert code == REFUSED
    assert len(text.splitlines()) < 200
    _, found = document(show, *words)
    count = sum(p["kind"] == "listener" for p in found["problems"])
    assert count > 9_900  # but for the few that the catalog knows how to take
    assert f"and {count - 12} more of this kind" in text


def test_overlapping_networks_are_a_remark(show: Show, tmp_path: Path) -> None:
    own = site(tmp_path, SITE.replace('"10.0.0.0/8"', '"10.0.0.0/8", "10.1.0.0/16"'))
    code, text, _ = show("--demo", "--profile", own)
    assert code == 0
    assert "overlap" in text


@pytest.mark.parametrize("text", ["10.1.2.3/8", "10.0.0.0/33", "mail.example.test", ""])
def test_what_is_no_network_is_refused(show: Show, tmp_path: Path, text: str) -> None:
    own = site(tmp_path, SITE.replace("10.0.0.0/8", text))
    code, out, err = show("--demo", "--profile", own)
    assert (code, out) == (2, "")
    assert "site.toml" in err


class TestSeveralNodes:
    def same(self) -> dict[str, str]:
        found = f"> {NODE}\n192.0.2.10\n> {OTHER}\n192.0.2.11\n"
        return {NODE: found, OTHER: found}

    def test_one_must_be_chosen(self, show: Show, tmp_path: Path) -> None:
        path = cluster(tmp_path, self.same())
        code, _, err = show("--evidence", path)
        assert code == 2  # usage
        assert NODE in err
        assert OTHER in err
        code, _, err = show("--evidence", path, "--node", "nobody\x1b[0m")
        assert code == 2  # usage
        assert "\x1b" not in err

    def test_each_has_the_other_as_its_cluster(
        self, show: Show, tmp_path: Path
    ) -> None:
        path = cluster(tmp_path, self.same())
        words = ("--evidence", path, "--profile", site(tmp_path), "--node", OTHER)
        code, found = document(show, *words)
        assert code == 0
        assert found["host"] == OTHER
        (ldap,) = (one for one in found["openings"] if one["name"] == "ldap")
        assert (ldap["zone"], ldap["sources"]) == ("cluster", ["192.0.2.10/32"])

    def test_a_name_that_does_not_resolve_refuses(
        self, show: Show, tmp_path: Path
    ) -> None:
        told = self.same()
        told[NODE] = f"> {NODE}\n192.0.2.10\n> {OTHER}\n"
        path = cluster(tmp_path, told)
        words = ("--evidence", path, "--profile", site(tmp_path), "--node", NODE)
        code, found = document(show, *words)
        assert code == REFUSED
        refused = [p for p in found["problems"] if p["refuses"]]
        assert {p["kind"] for p in refused} == {"peer"}
        assert any(OTHER in p["text"] for p in refused)


@pytest.mark.parametrize(
    "words",
    [
        ("--demo", "--host", "root@mail.example.test"),
        ("--demo", "--evidence", "e.json"),
        ("--evidence", "/nowhere.json"),
        ("--demo", "--node", "other.example.test"),
    ],
)
def test_what_names_no_one_place_is_refused(show: Show, words: tuple[str, ...]) -> None:
    code, out, err = show(*words)
    assert (code, out) == (2, "")
    assert err.startswith("zmward: ")


def test_a_host_without_zimbra_is_told(show: Show, tmp_path: Path) -> None:
    path = evidence(tmp_path, {"packages": "bash 5.2\n"})
    document_ = json.loads(Path(path).read_text("utf-8"))
    document_["answers"][NODE]["localconfig"] = {
        "type": "missing",
        "reason": "No such file or directory",
        "kind": "absent",
    }
    Path(path).write_text(json.dumps(document_), "utf-8")
    code, out, err = show("--evidence", path)
    assert (code, out) == (3, "")
    assert "shows no Zimbra" in err


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, "Loaded now: not known: it was not asked"),
        ("> iptables none\n", "Loaded now: no rule looks at packets"),
        (
            f"> iptables legacy\n{_OF_UFW}",
            "Loaded now: rules of ufw, fail2ban\n! ufw is on",
        ),
        (
            "> iptables legacy\n*filter\n:INPUT DROP [0:0]\nCOMMIT\n> missing nft\n",
            "Loaded now: rules that somebody made by hand; not asked: nft",
        ),
        ("> nft\n\x1b[31m", "Loaded now: not known"),
    ],
)
def test_whose_rules_are_loaded_is_told(
    show: Show, tmp_path: Path, answer: str | None, said: str
) -> None:
    path = evidence(tmp_path, {"firewall": answer})
    code, text, _ = show("--evidence", path, "--profile", site(tmp_path))
    assert code == 0
    assert said in text
    assert "\x1b" not in text


def test_the_text_goes_to_a_file_of_its_owners(show: Show, tmp_path: Path) -> None:
    output = tmp_path / "policy.txt"
    code, out, _ = show("--demo", "--profile", site(tmp_path), "--output", str(output))
    assert (code, out) == (0, "")
    assert output.stat().st_mode & 0o777 == 0o600
    assert "Who would reach what" in output.read_text("utf-8")


def test_everything_that_is_read_is_asked() -> None:
    names = {source.name for source in ASKED}
    profile = {"networks": {"admins": ["10.1.0.0/24"], "relays": ["10.5.0.0/24"]}}
    for facts, hosts in ((single(profile=profile), (SINGLE,)), (cluster_of(), CLUSTER)):
        for host in hosts:
            found = policy(facts, host)
            planned(found, places(facts, host))
            shut(facts, host, found)
            check(facts, found, Ruleset({}))
            file(facts, host, "/etc/ufw/before.rules")
            loaded(facts, host)
        assert facts.used <= names
        assert facts.used >= {"established", "raw-sockets", "sshd", "listeners"}
