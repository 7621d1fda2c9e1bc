"""`zmward scan`: whom it looks at, what it refuses, and what an audit makes of it."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scan.test_hostile import serving, steers
from zmward.cli.main import dispatch

WHEN = "2026-11-21T12:00:00+00:00"
FORGED = (
    '{"schema": "zmward.scan/1", "seen": [{"host": "h", "zmward": "0", "when": "%s", '
    '"addresses": [%s], "rest": [%s]}]}'
)
_LOOK = (
    '{"schema": "zmward.scan/1", "seen": [{"host": "%s", "zmward": "0", '
    f'"when": "{WHEN}", "addresses": ["%s"]}}]}}'
)
RANGES = '{"address": "192.0.2.10", "proto": "tcp", "state": "closed", "ports": "%s"}'
SAMPLE = Path(__file__).parents[2] / "src/zmward/demo/evidence.json"


@pytest.fixture
def port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("ZMWARD_ETC", str(tmp_path / "etc"))
    with serving(steers) as ports:
        yield str(ports[0])


Says = pytest.CaptureFixture[str]


class TestWhom:
    def test_a_foreign_host_is_refused(self, port: str, capsys: Says) -> None:
        assert dispatch(["scan", "192.0.2.10", "--ports", port]) == 4
        said = capsys.readouterr().err
        assert "--i-may-scan 192.0.2.10" in said
        assert "[scan] hosts" in said

    def test_vouching_for_another_does_not_help(self, port: str, capsys: Says) -> None:
        words = ["scan", "192.0.2.10", "--ports", port, "--i-may-scan", "192.0.2.11"]
        assert dispatch(words) == 4
        assert "192.0.2.10" in capsys.readouterr().err

    def test_a_name_without_an_address_is_no_host(self, capsys: Says) -> None:
        assert dispatch(["scan", "nowhere.invalid"]) == 3
        assert "nowhere.invalid has no address" in capsys.readouterr().err

    def test_ports_that_are_none_are_named(self, capsys: Says) -> None:
        assert dispatch(["scan", "127.0.0.1", "--ports", "25,x"]) == 2
        assert "'x' is no port" in capsys.readouterr().err


class TestProbe:
    def test_a_password_that_others_can_read_is_refused(
        self, port: str, tmp_path: Path, capsys: Says
    ) -> None:
        secret = tmp_path / "secret"
        secret.write_text("hunter2\n")
        secret.chmod(0o644)
        words = [
            "scan",
            "127.0.0.1",
            "--ports",
            port,
            "--account",
            "probe@example.test",
        ]
        assert dispatch([*words, "--password-file", str(secret)]) == 2
        said = capsys.readouterr()
        assert "chmod 0600" in said.err
        assert "hunter2" not in said.err + said.out

    def test_what_needs_an_account_says_so(self, port: str, capsys: Says) -> None:
        words = ["scan", "127.0.0.1", "--ports", port, "--alias", "a@example.test"]
        assert dispatch(words) == 2
        assert "--account NAME" in capsys.readouterr().err

    def test_nobody_logs_in_where_a_lockout_could_act(
        self, port: str, tmp_path: Path, capsys: Says
    ) -> None:
        secret = tmp_path / "secret"
        secret.write_text("hunter2\n")
        secret.chmod(0o600)
        words = [
            "scan",
            "127.0.0.1",
            "--ports",
            port,
            "--account",
            "probe@example.test",
        ]
        words += ["--password-file", str(secret), "--json"]
        assert dispatch(words) in (1, 3)
        text = capsys.readouterr().out
        shown = [
            s for s in json.loads(text)["seen"][0]["shown"] if s["type"] == "login"
        ]
        assert shown
        assert all("not known after how many failures" in s["trouble"] for s in shown)
        assert not [s for s in shown if s["exchanges"]]
        assert "hunter2" not in text


class TestResult:
    def test_a_saved_scan_is_judged_with_the_evidence(
        self, port: str, tmp_path: Path, capsys: Says
    ) -> None:
        saved = str(tmp_path / "scan.json")
        words = ["scan", "127.0.0.1", "--ports", port, "--json", "--output", saved]
        assert dispatch(words) in (1, 3)
        assert os.stat(saved).st_mode & 0o777 == 0o600  # noqa: PTH116  # the mode alone
        before = Path(saved).read_text()
        renamed = before.replace('"host": "127.0.0.1"', '"host": "mail.example.test"')
        Path(saved).write_text(renamed)
        audit = ["audit", "--evidence", str(SAMPLE), "--json"]
        assert dispatch([*audit, "--with-scan", saved]) in (1, 3)
        both = json.loads(capsys.readouterr().out)
        assert dispatch(audit) in (1, 3)
        alone = json.loads(capsys.readouterr().out)
        more = {f["control"] for f in both["findings"]}
        assert more > {f["control"] for f in alone["findings"]}
        assert both["hosts_seen"] == alone["hosts_seen"]

    def test_whose_a_look_is_is_said(self, tmp_path: Path, capsys: Says) -> None:
        """An inner address is one of ours too: that look refuses no audit."""
        saved = tmp_path / "scan.json"
        words = ["audit", "--evidence", str(SAMPLE), "--with-scan", str(saved)]
        words += ["--json", "--only", "open-ports-known"]
        own = "counts as one of its own"
        for host, address, note in (
            ("mail.other.test", "192.168.1.10", own),
            ("mail.other.test", "203.0.113.99", own),
            ("127.0.0.1", "127.0.0.1", own),
            ("web.example.test", "192.0.2.10", "is laid to mail.example.test"),
        ):
            saved.write_text(_LOOK % (host, address))
            assert dispatch(words) in (0, 1, 3)
            said, told = capsys.readouterr()
            assert f"{host} ({address})" in told
            assert note in told
            seen = json.loads(said)["hosts_seen"]
            assert (host in seen) is (note == own)

    def test_a_network_of_the_profile_tells_whose_a_look_is(
        self, tmp_path: Path, capsys: Says
    ) -> None:
        evidence = tmp_path / "evidence.json"
        sample = SAMPLE.read_text()
        assert "192.0.2.10/" in sample
        evidence.write_text(sample.replace("192.0.2.10/", "10.0.0.4/"))
        site, saved = tmp_path / "site.toml", tmp_path / "scan.json"
        site.write_text('[firewall]\ncluster = ["10.0.0.0/24"]\n')
        saved.write_text(_LOOK % ("smtp.example.test", "10.0.0.4"))
        words = ["audit", "--evidence", str(evidence), "--with-scan", str(saved)]
        words += ["--json", "--only", "open-ports-known"]
        assert dispatch([*words, "--profile", str(site)]) in (0, 1, 3)
        said, told = capsys.readouterr()
        assert "is laid to mail.example.test" in told
        assert "smtp.example.test" not in json.loads(said)["hosts_seen"]

    def test_what_is_no_scan_is_named(self, tmp_path: Path, capsys: Says) -> None:
        words = ["audit", "--evidence", str(SAMPLE), "--with-scan"]
        other = tmp_path / "other.json"
        for text in (
            "{",
            '{"schema": "zmward.report/1"}',
            '{"schema": "zmward.scan/1"}',
            FORGED % ("x", "", ""),
            FORGED % (WHEN, '"mail"', ""),
            FORGED % (WHEN, "", RANGES % "a-b"),
        ):
            other.write_text(text)
            assert dispatch([*words, str(other)]) == 2
            assert str(other) in capsys.readouterr().err

    def test_a_terminal_gets_words_only(self, port: str, capsys: Says) -> None:
        assert dispatch(["scan", "127.0.0.1", "--ports", port]) in (0, 1, 3)
        text = capsys.readouterr().out
        assert "127.0.0.1 · seen from 127.0.0.1" in text
        assert {c for c in text if not c.isprintable()} == {"\n"}
