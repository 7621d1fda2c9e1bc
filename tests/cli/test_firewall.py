"""`zmward firewall explain` from the command line."""

import json
from pathlib import Path

import pytest

from tests.firewall.site import NODE, single
from zmward.cli.main import dispatch
from zmward.cli.observed_file import with_observed
from zmward.errors import BadFile
from zmward.firewall.counted import Count, Counted
from zmward.firewall.known import known
from zmward.firewall.observed import Circumstances, document, observed
from zmward.firewall.policy import policy
from zmward.firewall.render_observe import COUNTERS
from zmward.profile import Profile

RULES = """\
table inet t {
\tchain input {
\t\ttype filter hook input priority filter; policy drop;
\t\ttcp dport 25 accept
\t\tip saddr 10.0.0.0/8 meta cpu 3 accept
\t}
}
"""


@pytest.fixture
def rules(tmp_path: Path) -> str:
    path = tmp_path / "rules.nft"
    path.write_text(RULES)
    return str(path)


def explain(*words: str) -> int:
    return dispatch(["firewall", "explain", *words])


def test_a_packet_that_is_let_in(
    rules: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert explain("--ruleset", rules, "--src", "192.0.2.7", "--dst-port", "25") == 0
    assert capsys.readouterr().out.endswith(
        "accept: tcp dport 25 accept (table inet t, chain input)\n"
    )


def test_the_verdict_as_json(rules: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--src", "192.0.2.7", "--dst-port", "22", "--json")
    assert explain("--ruleset", rules, *words) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == "zmward.verdict/1"
    assert (found["verdict"], found["rule"], found["line"]) == (
        "drop",
        "policy drop",
        2,
    )
    assert [step["chain"] for step in found["trail"]] == ["input"]


def test_a_match_that_nobody_understands_is_named(
    rules: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--src", "10.1.1.1", "--dst-port", "22")
    assert explain("--ruleset", rules, *words) == 3  # incomplete
    assert "not understood" in capsys.readouterr().out


def test_iptables_is_read_in_the_family_of_the_source(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rules.v6"
    path.write_text(
        "*filter\n:INPUT DROP [0:0]\n-A INPUT -s 2001:db8::/32 -j ACCEPT\nCOMMIT\n"
    )
    words = ("--dst-port", "22", "--ruleset", str(path))
    assert explain("--src", "2001:db8::7", *words) == 0
    assert capsys.readouterr().out.startswith("ip6 filter, INPUT, line 3: accept")
    assert explain("--src", "10.0.0.1", *words) == 2  # usage
    assert "line 3" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--src", "mail.example.test", "--dst-port", "25"), "--src"),
        (("--src", "192.0.2.0/24", "--dst-port", "25"), "more than one address"),
        (("--src", "192.0.2.7"), "--dst-port"),
        (("--src", "192.0.2.7", "--dst", "::1", "--dst-port", "25"), "one family"),
        (("--src", "192.0.2.7", "--flags", "SYM", "--dst-port", "25"), "--flags"),
        (("--src", "192.0.2.7", "--dst-port", "70000"), "--dst-port"),
    ],
)
def test_what_makes_no_packet_is_refused(
    rules: str, words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert explain("--ruleset", rules, *words) == 2  # usage
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"", b"\x00\xff\x1b[31m", b"table {", b"{}"])
def test_what_is_no_rule_set_is_refused(
    tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "odd"
    path.write_bytes(content)
    words = ("--src", "192.0.2.7", "--dst-port", "25")
    assert explain("--ruleset", str(path), *words) == 2  # usage
    said = capsys.readouterr().err
    assert str(path) in said
    assert "\x1b" not in said


def test_a_rules_escape_codes_never_reach_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rules"
    path.write_text(RULES.replace("accept\n", 'accept comment "\x1b[31mred"\n', 1))
    assert (
        explain("--ruleset", str(path), "--src", "192.0.2.7", "--dst-port", "25") == 0
    )
    assert "\x1b" not in capsys.readouterr().out


def test_a_subverb_that_does_not_exist_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert dispatch(["firewall", "reload"]) == 2  # usage
    assert "reload" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--for", "10s", "--demo"), "no packets come to the sample server"),
        (("--for", "10"), "write 30s, 10m, 2h or 1d"),
        (("--for", "0s"), "write 30s"),
        (("--for", "40d"), "at most 31d"),
        (("--for", "9" * 30 + "d"), "at most 31d"),
        ((), "--for"),
        (("--for", "1s", "--output", "/nowhere/x"), "there is no folder /nowhere"),
        (("--for", "1s", "--profile", "/nope"), "cannot be read"),
        (("--for", "1s", "--host", "-oProxyCommand=x"), "not a host"),
    ],
)
def test_what_cannot_be_observed_is_refused(
    words: tuple[str, ...],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ZMWARD_ETC", str(tmp_path))
    assert dispatch(["firewall", "observe", *words]) == 2  # usage
    assert said in capsys.readouterr().err


class TestAnObservationKept:
    def kept(self, tmp_path: Path, text: str | None = None) -> str:
        facts = single()
        own = known(facts, NODE, policy(facts, NODE))
        rows = (Count("told", "203.0.113.7", (6, 7071), 1, 60),)
        counted = Counted(rows, dict.fromkeys(COUNTERS, 0), {})
        how = Circumstances("2026-11-21T12:00:00+00:00", 30, 30, "time")
        path = tmp_path / "observed.json"
        path.write_text(text or document(observed(counted, own, (), how)))
        return str(path)

    def test_its_undecided_flows_keep_the_whitelist_from_being_loaded(
        self, tmp_path: Path
    ) -> None:
        found = policy(single(), NODE)
        later = with_observed(found, self.kept(tmp_path), Profile())
        (more,) = (p for p in later.refused if p not in found.refused)
        assert "203.0.113.7" in more.text
        assert with_observed(found, None, Profile()) == found

    @pytest.mark.parametrize("text", ["{}", "x", '{"schema": "zmward.observed/1"}'])
    def test_another_file_is_refused(self, tmp_path: Path, text: str) -> None:
        with pytest.raises(BadFile, match="no observation"):
            with_observed(policy(single(), NODE), self.kept(tmp_path, text), Profile())

    def test_a_file_that_is_not_there_is_named(self) -> None:
        with pytest.raises(BadFile, match="cannot be read"):
            with_observed(policy(single(), NODE), "/nope", Profile())
