"""What the report says of attacks, of who got in, and of what cannot be seen."""

import json
from pathlib import Path

import pytest

from tests.logs.files import CALLER, PROXY, STAMP, failed, good, read, sasl
from tests.logs.told import told
from zmward.cli.logs_report import exit_code
from zmward.cli.main import dispatch
from zmward.logs.report import LogReport
from zmward.reports import logs_text

ESCAPE = "\x1b"


def stamp(second: int) -> str:
    return f"2024-11-05 10:{second // 60:02}:{second % 60:02},000"


def tries(count: int, every: int = 1, source: str = CALLER) -> list[str]:
    return [
        failed(f"oip={source};soapId={source}{n};", stamp=stamp(n * every))
        for n in range(count)
    ]


def of(found: LogReport, address: str = CALLER) -> str:
    return next(one.verdict for one in found.sources if one.address == address)


def test_many_failures_in_a_short_time_are_brute_force() -> None:
    assert of(told(read("audit", *tries(10)))) == "brute-force"
    assert of(told(read("audit", *tries(9)))) == "few"


def test_many_failures_in_a_long_time_are_few() -> None:
    assert of(told(read("audit", *tries(10, every=70)))) == "few"


def test_many_accounts_are_spraying() -> None:
    lines = [
        failed(f"oip={CALLER};soapId={n};", f"user{n}@example.com") for n in range(5)
    ]
    assert of(told(read("audit", *lines))) == "spraying"
    assert of(told(read("audit", *lines[1:]))) == "few"


def test_many_sources_of_one_account_are_distributed() -> None:
    lines = [line for n in range(5) for line in tries(1, source=f"203.0.113.{n}")]
    found = told(read("audit", *lines))
    assert [one.verdict for one in found.accounts] == ["distributed"]
    assert found.networks[0].network == "203.0.113.0/24"
    assert (found.networks[0].failures, found.networks[0].sources) == (5, 5)


def test_one_try_of_each_of_many_sources_is_an_attack() -> None:
    lines = [
        failed(f"oip=203.0.{n >> 8}.{n & 255};soapId={n};", f"user{n}@example.com")
        for n in range(300)
    ]
    found = told(read("audit", *lines))
    assert {one.verdict for one in found.sources} == {"few"}
    assert found.hours_attacked == 1
    assert "✗ 1 hour with too many failures" in logs_text.render(found)
    assert exit_code(found, 0) == 1
    assert told(read("audit", *lines[1:])).hours_attacked == 0


def test_names_that_do_not_exist_are_looked_for() -> None:
    lines = [
        f"{STAMP} INFO  [qtp1-1:https://a/service/soap/] [oip={CALLER};soapId={n};] "
        f"SoapEngine - handler exception: authentication failed for [u{n}], account "
        "not found"
        for n in range(5)
    ]
    assert of(told(read("mailbox", *lines))) == "enumeration"


def test_a_login_after_failures_may_be_a_break_in() -> None:
    lines = [*tries(5), good(f"oip={CALLER};soapId=x;", stamp=stamp(9))]
    found = told(read("audit", *lines))
    (win,) = found.successes_after_failures
    assert (win.account, win.source, win.failures) == ("anna@example.com", CALLER, 5)
    assert of(found) == "got-in"


def test_a_login_from_elsewhere_is_none() -> None:
    lines = [*tries(9), good("oip=203.0.113.1;soapId=x;", stamp=stamp(19))]
    assert told(read("audit", *lines)).successes_after_failures == ()


def test_an_office_is_not_called_an_attacker() -> None:
    names = [f"user{n}@example.com" for n in range(12)]
    lines = [failed(f"oip={CALLER};soapId=f{name};", name) for name in names]
    lines += [good(f"oip={CALLER};soapId=g{name};", name) for name in names] * 2
    found = told(read("audit", *lines))
    assert of(found) == "shared"
    assert found.successes_after_failures == ()


def test_a_sprayer_who_gets_in_is_seen_at_once() -> None:
    names = [f"user{n}@example.com" for n in range(6)]
    lines = [failed(f"oip={CALLER};soapId=f{name};", name) for name in names]
    lines.append(good(f"oip={CALLER};soapId=g;", names[2], stamp(3000)))
    (win,) = told(read("audit", *lines)).successes_after_failures
    assert win.account == names[2]


def test_lines_that_show_the_proxy_alone_are_counted() -> None:
    lines = [failed(f"ip={PROXY};soapId={n};", stamp=stamp(n)) for n in range(3)]
    origin = told(read("audit", *lines, *tries(1))).origin_ip
    assert (origin.usable, origin.proxy_only, origin.verdict) == (1, 3, "bad")
    assert origin.hiding == (PROXY,)


def test_no_login_is_no_verdict() -> None:
    assert told([]).origin_ip.verdict == "unknown"
    assert "are these all logs?" in logs_text.render(told([]))


def test_pre_authentication_is_counted_by_domain() -> None:
    line = f"{STAMP} INFO  [qtp1-1:https://a/] [] security - cmd=PreAuth; account=a@b.example; admin=false;"
    bad = line.removesuffix(" admin=false;") + " error=preauth mismatch;"
    (domain,) = told(read("audit", line, line, bad)).preauth
    assert (domain.domain, domain.accepted, domain.refused) == ("b.example", 2, 1)


def test_memory_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zmward.logs.tally._SOURCES", 10)
    events = read(
        "audit",
        *tries(3),
        *[x for n in range(30) for x in tries(1, source=f"203.0.113.{n}")],
    )
    found = told(events)
    assert len(found.sources) <= 10
    assert of(found) == "few"
    assert found.failures == 33
    assert "dropped" in found.notes[0]


def test_hostile_words_do_not_steer_the_terminal() -> None:
    name = f"{ESCAPE}[2Janna\u202e@example.com"
    lines = [
        failed(f"oip={CALLER};soapId={n};", name, stamp=stamp(n)) for n in range(12)
    ]
    lines.append(good(f"oip={CALLER};soapId=x;", name, stamp=stamp(50)))
    shown = logs_text.render(told(read("audit", *lines)))
    assert ESCAPE not in shown
    assert "\u202e" not in shown
    assert "\\x1b[2janna\\u202e@example.com" in shown


def test_the_first_screen_fits() -> None:
    lines = [line for n in range(40) for line in tries(12, source=f"203.0.113.{n}")]
    lines += [good(f"oip=203.0.113.{n};soapId=x;", stamp=stamp(99)) for n in range(9)]
    events = [*read("audit", *lines), *read("syslog", *[sasl()] * 3)]
    first = logs_text.render(told(events)).split("\n\n")[0].splitlines()
    assert len(first) <= 23
    assert max(map(len, first)) <= 80


def test_a_terminal_without_blocks_gets_plain_signs() -> None:
    shown = logs_text.render(told(read("audit", *tries(3))), encoding="ascii")
    assert shown.isascii()
    assert "####" in shown


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "audit.log").write_text("\n".join([*tries(12), ""]))
    return tmp_path


def test_the_verb_writes_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = dispatch(
        ["logs", "report", "--dir", str(folder), "--timezone", "Europe/Rome", "--json"]
    )
    found = json.loads(capsys.readouterr().out)
    assert code == 1
    assert found["schema"] == "zmward.logs/1"
    assert found["from"] == "2024-11-05T09:00:00+00:00"
    assert found["sources"][0]["address"] == CALLER
    assert found["sources"][0]["failures"] == 12
    assert found["origin_ip"]["usable"] == 12


def test_since_leaves_out_what_is_older(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = [
        "logs",
        "report",
        "--dir",
        str(folder),
        "--timezone",
        "Europe/Rome",
        "--json",
    ]
    now = ["--now", "2024-11-05T10:00:06+01:00"]
    assert dispatch([*argv, "--since", "2024-11-05T10:00:06+01:00", *now]) == 0
    assert json.loads(capsys.readouterr().out)["failures"] == 6
    assert dispatch([*argv, "--since", "1h", *now]) == 1


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (["--dir", "/nowhere"], 2),
        (["--file", "/etc/hostname"], 2),
        (["--file", "/nowhere/audit.log"], 2),
        (["--since", "soon"], 2),
        (["--timezone", "Mars/Crater"], 2),
        (["--trusted", "proxy"], 2),
        (["--format", "sarif"], 2),
    ],
)
def test_what_cannot_be_is_refused(folder: Path, argv: list[str], code: int) -> None:
    place = [] if "--dir" in argv or "--file" in argv else ["--dir", str(folder)]
    assert dispatch(["logs", "report", *place, *argv]) == code


def test_no_logs_are_no_answer(tmp_path: Path) -> None:
    assert dispatch(["logs", "report", "--dir", str(tmp_path)]) == 3


def test_a_log_that_ends_early_is_no_whole_answer(folder: Path) -> None:
    (folder / "audit.log.1.zst").write_bytes(b"\x28\xb5\x2f\xfd" + bytes(9))
    assert dispatch(["logs", "report", "--dir", str(folder)]) == 3


def test_verbs_that_do_not_exist_are_refused() -> None:
    assert dispatch(["logs", "dance"]) == 2
