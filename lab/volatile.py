"""What may differ between two collections of one unchanged node, and why."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

LARGEST = 15


@dataclass(frozen=True)
class Volatile:
    """One value that moves by itself: its source, its pattern, and the reason."""

    name: str
    source: str
    pattern: re.Pattern[str]
    reason: str


def _row(name: str, source: str, pattern: str, reason: str) -> Volatile:
    return Volatile(name, source, re.compile(pattern, re.MULTILINE), reason)


VOLATILE = (
    _row("clock", "identity", r"^time \d+$", "the time of the question"),
    _row(
        "clock-offset",
        "chrony-tracking",
        r"(?<=^C0000201,)192\.0\.2\.1,.*$",
        "chronyd measures anew every few seconds",
    ),
    _row(
        "process-numbers",
        "listeners",
        r"(?<=pid=)\d+,fd=\d+",
        "a service that restarted has another number",
    ),
    _row(
        "workers-of-postfix",
        "listeners",
        r'\("(postscreen|smtpd|qmqpd|lmtpd?)",pid=[^)]*\),?',
        "Postfix starts workers when a client connects, and ends them when idle",
    ),
    _row("padding", "listeners", r" +", "ss sets its columns by the longest process"),
    _row(
        "connections",
        "established",
        r"^.*$",
        "whoever is connected now, and zmward's own login is",
    ),
    _row("postconf-process", "postconf", r"^process_id = \d+$", "postconf's own"),
    _row("date-header", "served", r"^< date:.*$", "the time of the answer"),
    _row(
        "lines-of-audit-log",
        "origin-log",
        r"^lines \d+$",
        "every login over SOAP writes lines, zmward's own too",
    ),
    _row(
        "logs-grown",
        "file-modes",
        r"\d+ \d+(?= regular file\|/opt/zimbra/log/)",
        "logs grow; their mode and owners are compared",
    ),
    _row(
        "times-of-configuration",
        "file-modes",
        r"\d+(?= regular (empty )?file\|/opt/zimbra/(common/)?conf/)",
        "zmconfigd and the rollback write the old bytes again; size, mode, owner stay",
    ),
    _row(
        "times-of-keys",
        "file-modes",
        r"\d+(?= (regular file|directory)\|/opt/zimbra/\.ssh)",
        "the rollback writes the old keys again; size, mode and owner stay",
    ),
    _row(
        "state-of-zmward",
        "file-modes",
        r"^.*\|/var/lib/zmward$",
        "the journal of the run is kept on purpose",
    ),
)
# What a finding quotes of a volatile value.
QUOTED = re.compile(
    r"(?<=in the last )\d+(?= lines of audit\.log)|(?<=offset )[0-9.]+(?= ms)"
)


def plain(source: str, text: str) -> list[str]:
    """Return an answer's lines that stay, sorted: side by side, any comes first."""
    for row in VOLATILE:
        if row.source == source:
            replacement = " " if row.name == "padding" else ""
            text = row.pattern.sub(replacement, text)
    return sorted(line.strip() for line in text.splitlines() if line.strip())


def moved(source: str, before: str, after: str) -> Iterator[str]:
    """Yield the names of the volatile values that are not the same in two answers."""
    for row in VOLATILE:
        if row.source == source:
            pairs = [
                sorted(m.group() for m in row.pattern.finditer(text))
                for text in (before, after)
            ]
            if pairs[0] != pairs[1]:
                yield row.name


def _answers(evidence: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
    return {
        (host, source): answer
        for host, answers in evidence["answers"].items()
        for source, answer in answers.items()
    }


def compare(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[list[str], set[str]]:
    """Return what two pieces of evidence do not share, and which values moved."""
    one, two = _answers(before), _answers(after)
    wrong, names = [], set()
    for place in sorted(one.keys() | two.keys()):
        old, new = one.get(place), two.get(place)
        if old is None or new is None:
            wrong.append(f"{place[1]} was {'not ' if old is None else ''}asked before")
            continue
        texts = str(old.get("text", "")), str(new.get("text", ""))
        names |= set(moved(place[1], *texts))
        lines = [plain(place[1], text) for text in texts]
        rest = [{k: v for k, v in row.items() if k != "text"} for row in (old, new)]
        if lines[0] != lines[1] or rest[0] != rest[1]:
            apart = sorted(set(lines[0]) ^ set(lines[1]))[:4]
            wrong.append(f"{' '.join(place)}: {apart or rest}")
    return wrong, names
