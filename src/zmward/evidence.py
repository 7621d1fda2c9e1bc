"""What was seen on a server: raw answers, or the reason why there is none.

An Evidence maps host → source name → Answer or Missing.
Facts of the directory belong to the host called ``directory``.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec

from zmward.errors import BadFile

SCHEMA: Final = "zmward.evidence/1"
DIRECTORY: Final = "directory"

Kind = Literal["absent", "failed", "timeout", "unparsed", "unseen", "refused"]


class Missing(msgspec.Struct, frozen=True, tag="missing"):
    """A question without an answer; it never becomes empty, default or PASS."""

    reason: str
    kind: Kind = "failed"


class Answer(msgspec.Struct, frozen=True, tag="answer", omit_defaults=True):
    """The raw text of one answer, secrets masked, with the program's exit code."""

    text: str
    code: int = 0
    error: str = ""


class Parsed(msgspec.Struct, frozen=True, tag="parsed"):
    """An answer that is a value already; it lives in memory only."""

    value: Any


class Unseen(Exception):  # it is a signal for one layer, not a failure
    """A check asked for something that is Missing."""

    def __init__(self, missing: Missing) -> None:
        super().__init__(missing.reason)
        self.missing = missing


Answers = Mapping[str, Answer | Missing | Parsed]


class Evidence(msgspec.Struct, frozen=True):
    """Everything that was asked, of every host, at one time (ISO 8601, UTC)."""

    when: str
    answers: Mapping[str, Answers]
    zmward: str = ""

    @property
    def hosts(self) -> tuple[str, ...]:
        """Return the nodes that were seen, without the directory."""
        return tuple(host for host in self.answers if host != DIRECTORY)

    def answer(self, host: str, source: str) -> Answer | Missing | Parsed:
        """Return what is known, or Missing where nothing was asked or seen."""
        answers = self.answers.get(host)
        if answers is None:
            return Missing(f"not seen: {host}", "unseen")
        found = answers.get(source)
        if found is None:
            return Missing(f"{source} was not collected on {host}", "unseen")
        return found


class _Stored(msgspec.Struct):
    """The JSON form of an Evidence."""

    schema: str
    when: str
    answers: dict[str, dict[str, Answer | Missing]]
    zmward: str = ""


_YEARS: Final = range(1970, 9000)


def believed(when: str, name: str) -> str:
    """Return an ISO time with which days can be counted; refuse any other."""
    try:
        year = datetime.fromisoformat(when).astimezone(UTC).year
    except (ValueError, OverflowError):
        year = 0
    if year not in _YEARS:
        raise BadFile(f"{name} has the time {when[:40]!r}, which is none.")
    return when


def encode(evidence: Evidence) -> bytes:
    """Return an Evidence as JSON, hosts and sources in a stable order."""
    stored = {
        host: {name: answers[name] for name in sorted(answers)}
        for host, answers in sorted(evidence.answers.items())
    }
    document = {
        "schema": SCHEMA,
        "when": evidence.when,
        "zmward": evidence.zmward,
        "answers": stored,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def decode(content: bytes, name: str) -> Evidence:
    """Read the JSON form; `name` is the file's name for error messages."""
    try:
        stored = msgspec.json.decode(content, type=_Stored)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BadFile(
            f"{name} is not a whole zmward evidence file: {error}. "
            "Collect it again with `zmward collect`."
        ) from error
    if stored.schema != SCHEMA:
        raise BadFile(
            f"{name} has the schema {stored.schema!r}; this zmward reads {SCHEMA}."
        )
    believed(stored.when, name)
    return Evidence(when=stored.when, answers=stored.answers, zmward=stored.zmward)


def merge(parts: Iterable[Evidence]) -> Evidence:
    """Join what several nodes saw; a real answer wins over a Missing one."""
    parts = tuple(parts)
    joined: dict[str, dict[str, Answer | Missing | Parsed]] = {}
    for part in parts:
        for host, answers in part.answers.items():
            own = joined.setdefault(host, {})
            for source, answer in answers.items():
                if source not in own or isinstance(own[source], Missing):
                    own[source] = answer
    newest = max(part.when for part in parts)
    return Evidence(when=newest, answers=joined, zmward=parts[0].zmward)
