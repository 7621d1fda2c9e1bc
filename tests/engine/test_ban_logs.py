"""What the logs of a server, and event logs handed over, say of jails."""

import os
from datetime import UTC
from pathlib import Path

import pytest

from tests.bans.test_wanted import GROUND, one
from tests.firewall.site import cluster
from tests.logs.files import CALLER, failed, good, sasl
from zmward.bans.wanted import Bans, bans, late
from zmward.doors.log_files import LogFiles
from zmward.engine.ban_logs import Judged, judged
from zmward.engine.log_pieces import Asked
from zmward.errors import BadFile
from zmward.logs import compact
from zmward.logs.event import Event
from zmward.profile import Profile

ASKED = Asked(UTC, ("192.0.2.10",), 0.0, 4e9)
PROXY = bans(cluster({}), "proxy.example.com", GROUND)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "events*.log"


def seen(found: Bans, place: Path, *, handed: bool = False) -> Judged:
    files = LogFiles()
    files.folder(place.parent, 0.0)
    return judged(found, Profile(), files, ASKED, handed=handed, place=place)


def log(place: Path, name: str, *lines: str) -> Path:
    path = place.with_name(name)
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def test_raw_logs_are_judged(place: Path) -> None:
    lines = [good("oip=203.0.113.9;soapId=g;")]
    lines += [failed(f"oip={CALLER};soapId={n};") for n in range(9)]
    log(place, "audit.log", *lines)
    log(place, "zimbra.log", *[sasl("198.51.100.8")] * 5)
    found = seen(one(), place)
    assert {v.address for v in found.victims} == {CALLER, "198.51.100.8"}
    assert found.report.origin_ip.verdict == "ok"


def test_a_proxy_judges_by_what_is_handed_over(place: Path) -> None:
    rows = [
        Event(1e9 + n, "failure", "audit", CALLER, "a", "imap", "proxy")
        for n in range(9)
    ]
    # This node's own failed SMTP logins stand in its own log.
    rows.append(Event(1e9, "failure", "syslog", "198.51.100.8", "", "smtp", "direct"))
    rows.append(
        Event(1e9 + 20, "success", "audit", "203.0.113.9", "b", "imap", "proxy")
    )
    lines = [compact.line(row) for row in rows]
    log(place, "events-mailbox1.log", *lines[:5], "half a li", "\x1b[2J")
    log(place, "events-mailbox2.log", *lines[5:])
    log(place, "nginx.log", "nothing of interest")
    (victim,) = seen(PROXY, place, handed=True).victims
    assert (victim.address, victim.failures) == (CALLER, 9)
    assert seen(PROXY, place).victims == ()


def test_a_pipe_in_the_place_of_an_event_log_holds_nobody_up(place: Path) -> None:
    os.mkfifo(place.with_name("events-mailbox1.log"))
    with pytest.raises(BadFile, match="no plain file"):
        seen(PROXY, place, handed=True)


def test_an_event_log_that_nobody_writes_is_seen(place: Path) -> None:
    log(place, "audit.log", good("oip=203.0.113.9;soapId=g;"))
    events = log(place, "events.log")
    assert seen(one(), place).behind == 0
    os.utime(events, (1.7e9, 1.7e9))
    behind = seen(one(), place).behind
    assert behind > 600
    (reason,) = late(behind, one().jails)
    assert "zmward logs follow" in reason.text
    assert list(late(0, one().jails)) == []
    assert list(late(behind, bans(cluster({}), "mta.example.com", GROUND).jails)) == []
