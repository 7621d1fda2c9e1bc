"""However files are cut and by however many they are read, the result is the same."""

import gzip
import tempfile
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from tests.logs.files import CALLER, ROME, URL, failed, good, sasl, saslauthd
from zmward.catalog.log_pattern import LOGS
from zmward.doors.log_files import LogFiles
from zmward.engine.log_pieces import Asked
from zmward.engine.read_logs import Reading
from zmward.logs.candidates import LONGEST, candidates, finders, words
from zmward.logs.event import Event

# In the night in which an hour comes twice, in Rome.
BEGIN = datetime(2024, 10, 26, 23, 30, tzinfo=UTC)
TRACE = (
    f"INFO  {URL} [oip={CALLER};soapId=t;] SoapEngine - handler exception\n"
    "com.zimbra.common.service.ServiceException: permission denied: not an admin "
    "account\n\tat com.zimbra.cs"
)
AUDIT = ("failed", "good", "huge", "forged", "quiet", "zero", "short", "foreign")
MAILBOX = ("trace", "halfword", "huge", "quiet", "handler", "short")
SYSLOG = ("sasl", "saslauthd", "repeated", "quiet", "huge")


def written(kind: str, number: int, at: datetime) -> str:
    """Return one line, as it is written at a local time of Rome."""
    local = at.astimezone(ROME)
    stamp = f"{local:%Y-%m-%d %H:%M:%S},{number % 1000:03}"
    bsd = f"{local:%b} {local.day:2} {local:%H:%M:%S}"
    context = f"oip={CALLER};soapId={number};"
    lines = {
        "failed": failed(context, stamp=stamp),
        "good": good(context, stamp=stamp),
        "forged": failed(
            f"oip={CALLER};ua=x;;oip=6.6.6.6;soapId={number};", stamp=stamp
        ),
        "huge": f"{stamp} cmd=Auth; auth_zimbra: uthentication" + "x" * 70_000,
        "quiet": f"{stamp} INFO  [] [] soap - SearchRequest elapsed=1",
        "foreign": f"{stamp} INFO  [x] [] security - NoAuth; nothing",
        "zero": "\0\0" + failed(context, stamp=stamp),
        "short": "",
        "trace": f"{stamp} {TRACE}",
        "handler": f"{stamp} INFO  {URL} [] SoapEngine - handler exception",
        "halfword": f"{stamp} INFO authentication failed for [",
        "sasl": sasl(stamp=bsd),
        "saslauthd": saslauthd(f"u{number}", stamp=bsd),
        "repeated": f"{bsd} last message repeated: auth_zimbra: ",
    }
    return f"{lines[kind]}\n"


def log(kinds: tuple[str, ...]) -> some.SearchStrategy[bytes]:
    steps = some.tuples(some.sampled_from(kinds), some.integers(0, 900))

    def made(drawn: list[tuple[str, int]], half: int) -> bytes:
        at, text = BEGIN, ""
        for number, (kind, seconds) in enumerate(drawn):
            at += timedelta(seconds=seconds)
            text += written(kind, number, at)
        return text.encode()[: len(text) - half]

    return some.builds(made, some.lists(steps, max_size=40), some.integers(0, 60))


def outcome(
    folder: Path, workers: int, size: int, since: float
) -> tuple[list[Event], tuple[int, int, int]]:
    files = LogFiles()
    files.folder(folder, 0.0)
    reading = Reading(files, Asked(ROME, (), since, 4e9), workers, size)
    found = list(reading.events())
    assert not files.unread
    sums = reading.counts
    return found, (sums.lines, sums.candidates, sums.unparsed)


@given(
    audit=log(AUDIT),
    mailbox=log(MAILBOX),
    syslog=log(SYSLOG),
    size=some.sampled_from([37, 311, 4096, 65_537, 1 << 20]),
    hours=some.integers(0, 5),
)
@settings(max_examples=60, deadline=None)
def test_cuts_change_nothing(
    audit: bytes, mailbox: bytes, syslog: bytes, size: int, hours: int
) -> None:
    with tempfile.TemporaryDirectory() as room:
        folder = Path(room)
        (folder / "audit.log").write_bytes(audit)
        (folder / "audit.log.1.gz").write_bytes(gzip.compress(mailbox))
        (folder / "mailbox.log").write_bytes(mailbox)
        (folder / "zimbra.log").write_bytes(syslog)
        since = (BEGIN + timedelta(hours=hours)).timestamp()
        whole = outcome(folder, 1, 1 << 30, since)
        assert outcome(folder, 1, size, since) == whole


@given(audit=log(AUDIT), syslog=log(SYSLOG), size=some.sampled_from([311, 4096]))
@settings(max_examples=8, deadline=None)
def test_readers_change_nothing(audit: bytes, syslog: bytes, size: int) -> None:
    with tempfile.TemporaryDirectory() as room:
        folder = Path(room)
        (folder / "audit.log").write_bytes(audit)
        (folder / "audit.log.1.gz").write_bytes(gzip.compress(audit * 3))
        (folder / "zimbra.log").write_bytes(syslog)
        assert outcome(folder, 3, size, 0.0) == outcome(folder, 1, 1 << 30, 0.0)


def test_the_hour_that_comes_twice_is_settled_across_cuts(tmp_path: Path) -> None:
    text = "".join(
        written("failed", number, BEGIN + timedelta(minutes=number))
        for number in range(200)
    )
    (tmp_path / "audit.log").write_text(text)
    for workers, size in ((1, 1 << 20), (1, 500), (2, 900)):
        found, _ = outcome(tmp_path, workers, size, 0.0)
        steps = {round(b.when - a.when) for a, b in pairwise(found)}
        assert (len(found), steps) == (200, {60})


def test_readers_that_begin_anew_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers of what was forgotten are still on their way then."""
    text = "".join(
        written(kind, number, BEGIN + timedelta(seconds=number))
        for number in range(300)
        for kind in ("failed", "good", "forged")
    )
    (tmp_path / "audit.log").write_text(text)
    whole = outcome(tmp_path, 1, 1 << 30, 0.0)
    monkeypatch.setattr("zmward.logs.known._PARTS", 5)
    for workers, size in ((1, 1000), (2, 1000), (3, 700)):
        assert outcome(tmp_path, workers, size, 0.0) == whole
    assert len(whole[0]) == 900


def test_every_needle_holds_a_word_that_is_searched() -> None:
    for log in LOGS:
        for word in words(log):
            assert any(one in word for one in finders(log))


def test_of_a_huge_line_the_begin_is_a_candidate() -> None:
    line = b"a" * LONGEST + b"word"
    assert candidates(line + b"\nword\n", (b"word",)) == [line[:LONGEST], b"word"]
