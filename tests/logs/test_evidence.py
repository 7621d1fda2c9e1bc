"""The lines of findings, found by reading once more."""

import json
from pathlib import Path

import pytest

from tests.logs.files import CALLER, failed, good
from zmward.cli.main import dispatch

SMTP = "2024-11-05T10:{:02}:{:02}+00:00 mta1 postfix/smtpd[3]: "


def stamp(minute: int, second: int = 0) -> str:
    return f"2024-11-05 10:{minute:02}:{second:02},500"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    audit = [failed(f"oip={CALLER};soapId=f{n};", stamp=stamp(0, n)) for n in range(12)]
    audit.append(good(f"oip={CALLER};soapId=g;", stamp=stamp(1)))
    audit += [
        good(f"oip=203.{n}.113.7;soapId=s{n};", "bob@example.com", stamp(2, n))
        for n in range(4)
    ]
    audit += [
        f"{stamp(3, n)} WARN  [qtp1-1:https://a/] [] security - cmd=PreAuth; account="
        f"u{n}@b.example; admin=false; error=preauth mismatch;"
        for n in range(10)
    ]
    syslog = [
        SMTP.format(4, n)
        + f"NOQUEUE: reject: RCPT from x[203.0.113.9]: 550 5.1.1 <n{n}"
        "@a.example>: Recipient address rejected: User unknown; from=<> to=<> helo=<>"
        for n in range(20)
    ]
    syslog += [
        SMTP.format(5 + n // 60, n % 60) + "4F2A: client=x[203.0.113.8], sasl_method="
        "PLAIN, sasl_username=eva@example.com"
        for n in range(200)
    ]
    (tmp_path / "audit.log").write_text("\n".join([*audit, ""]))
    (tmp_path / "zimbra.log").write_text("\n".join([*syslog, ""]))
    return tmp_path


def found(
    folder: Path, capsys: pytest.CaptureFixture[str], *more: str
) -> dict[str, list[str]]:
    argv = ["logs", "report", "--dir", str(folder), "--timezone", "UTC", "--json"]
    now = ("--now", "2024-11-06T10:00:00+00:00")
    assert dispatch([*argv, *now, *more]) == 1
    some: dict[str, list[str]] = {}
    for one in json.loads(capsys.readouterr().out)["evidence"]:
        some.setdefault(one["about"], []).append(one["line"])
    return some


def test_each_finding_has_its_lines(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = found(folder, capsys, "--with-lines")
    win = lines[f"win anna@example.com {CALLER}"]
    assert ["f0;" in win[0], "f1;" in win[1], "f2;" in win[2]] == [True] * 3
    assert "soapId=g;" in win[3]
    assert len(lines["session bob@example.com"]) == 4
    assert len(lines["sending eva@example.com"]) == 3
    assert all("<n" in line for line in lines["recipients 203.0.113.9"])
    assert all("mismatch" in line for line in lines["preauth b.example"])
    assert f"source {CALLER}" not in lines


def test_nothing_is_read_again_unasked(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert found(folder, capsys) == {}


def test_lines_of_others_are_no_evidence(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "audit.log"
    bait = failed(f"oip=203.0.113.1;ua={CALLER};soapId=x;", stamp=stamp(0))
    path.write_text(f"{bait}\n{path.read_text()}")
    lines = found(folder, capsys, "--with-lines")
    assert bait not in lines[f"win anna@example.com {CALLER}"]
