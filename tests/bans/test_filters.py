"""fail2ban's own tester finds in our logs what our parser finds, and nothing else."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.bans.corpus import audit, syslog
from tests.bans.test_wanted import one
from tests.logs.files import read
from zmward.bans.jails import LOGIN, RECIDIVE, SMTP, Jail, Placed
from zmward.bans.render import ACTION_FILE, FOLDER, filter_text, rendered
from zmward.catalog.log_patterns import PATTERNS
from zmward.logs import compact
from zmward.logs.event import Event
from zmward.profile import Bans

pytestmark = pytest.mark.skipif(
    shutil.which("fail2ban-regex") is None, reason="needs fail2ban"
)
SMALL, WHOLE = 2000, 100_000
SIZES = pytest.mark.parametrize(
    "count", [SMALL, pytest.param(WHOLE, marks=pytest.mark.proof)]
)
BYSTANDER = "6.6.6.6"


def found(jail: Jail, lines: Sequence[str], room: Path) -> list[str]:
    """Return the addresses that fail2ban finds in lines, in their order."""
    log, own = room / "lines.log", room / f"{jail.name}.conf"
    log.write_text("".join(f"{line}\n" for line in lines))
    own.write_text(filter_text(Placed(jail, ()), "mail.example.com"))
    words = ["fail2ban-regex", "--usedns", "no", "-o", "ip", str(log), str(own)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return [line for line in done.stdout.splitlines() if line and " " not in line]


@SIZES
def test_it_agrees_on_smtp(count: int, tmp_path: Path) -> None:
    lines = list(syslog(count))
    theirs = found(SMTP, lines, tmp_path)
    # rsyslog folds lines that come again: fail2ban counts such a line once, we as often.
    plain = [line for line in lines if "message repeated" not in line]
    ours = [event.source for event in read("syslog", *plain) if SMTP.counts(event)]
    assert found(SMTP, plain, tmp_path) == ours
    folded = [line for line in lines if "message repeated" in line]
    more = [event.source for event in read("syslog", *folded) if SMTP.counts(event)]
    assert found(SMTP, folded, tmp_path) == more[::2] == more[1::2] != []
    assert len(theirs) == len(ours) + len(more) // 2
    assert len(ours) > count // 4
    assert BYSTANDER not in theirs


@SIZES
def test_it_agrees_on_the_event_log(count: int, tmp_path: Path) -> None:
    events = read("audit", *audit(count))
    theirs = found(LOGIN, [compact.line(event) for event in events], tmp_path)
    ours = [event.source for event in events if LOGIN.counts(event)]
    assert theirs == ours
    assert len(ours) > count // 3
    assert BYSTANDER not in theirs


def test_it_agrees_on_each_pattern_of_the_catalog(tmp_path: Path) -> None:
    """Every sample of every row: raw for SMTP, as an event for the rest."""
    samples = [sample for row in PATTERNS for sample in row.samples]
    raw = [sample.line for sample in samples if sample.log == "syslog"]
    events = [e for sample in samples for e in read(sample.log, sample.line)]
    smtp = [event.source for event in events if SMTP.counts(event)]
    assert found(SMTP, raw, tmp_path) == smtp
    login = [event.source for event in events if LOGIN.counts(event)]
    assert found(LOGIN, [compact.line(one) for one in events], tmp_path) == login
    assert len(smtp) >= 2
    assert len(login) >= 4


def test_names_of_clients_forge_no_event(tmp_path: Path) -> None:
    names = (
        f"x\n2024-11-05T09:15:40Z failure {BYSTANDER} imap direct audit audit a",
        f" failure {BYSTANDER} imap direct audit audit a",
        f"{BYSTANDER} imap direct",
        "\u2028failure 6.6.6.6 imap direct",
    )
    lines = [
        compact.line(Event(1.0, "success", "audit", "198.51.100.7", name, "imap"))
        for name in names
    ]
    assert found(LOGIN, lines, tmp_path) == []


def test_who_comes_again_is_seen(tmp_path: Path) -> None:
    said = (
        "[zmward-smtp] Ban 198.51.100.7",
        "[zmward-login] Ban 2001:db8::7",
        "[zmward-login] Restore Ban 198.51.100.8",
        "[zmward-recidive] Ban 198.51.100.8",
        "[sshd] Ban 198.51.100.8",
        "[zmward-login] Unban 198.51.100.8",
        "[x] [zmward-login] Ban 198.51.100.8",
    )
    head = "2024-11-05 10:15:40,123 fail2ban.actions        [4711]: NOTICE  "
    lines = [head + one for one in said]
    assert found(RECIDIVE, lines, tmp_path) == ["198.51.100.7", "2001:db8::7"]


def _folder(room: Path, **logs: str) -> Path:
    """Return a configuration of fail2ban that is its own and ours."""
    place = room / "fail2ban"
    shutil.copytree("/etc/fail2ban", place)
    for theirs in (place / "jail.d").iterdir():
        theirs.unlink()
    for path, text in rendered(one(), Bans()).items():
        target = place / path.removeprefix(f"{FOLDER}/")
        for jail, log in logs.items():
            text = text.replace(jail, log)  # noqa: PLW2901  # one log after the other
        target.write_text(text)
    return place


def test_fail2ban_accepts_all_of_it(tmp_path: Path) -> None:
    logs = {}
    for jail in (SMTP, LOGIN, RECIDIVE):
        log = tmp_path / f"{jail.name}.log"
        log.touch()
        logs[jail.log] = str(log)
    place = _folder(tmp_path, **logs)
    done = subprocess.run(
        ["fail2ban-client", "-c", str(place), "-t"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    action = place / ACTION_FILE.removeprefix(f"{FOLDER}/")
    assert "blackhole" in action.read_text()
