"""Reads what the collector script printed: frames of answers, as Evidence."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from zmward.errors import BadFile
from zmward.evidence import DIRECTORY, Answer, Evidence, Missing, believed
from zmward.sources.identity import IDENTITY, Identity
from zmward.sources.localconfig import LOCALCONFIG
from zmward.sources.masking import masked_line
from zmward.sources.source import Source, Unreadable

_START = "% zmward 1 "
_END = "% end"
_ABSENT = "No such file or directory"
_CODE = re.compile(r"= ([0-9]{1,3})")
_TIMED_OUT = (124, 137, 143)
_NOT_EXECUTABLE = 126
_NOT_FOUND = 127
_UNPRINTABLE = {code: None for code in range(32) if code not in (9, 10)}


class _Frame:
    """One answer while it is being read."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.errors: list[str] = []
        self.code: int | None = None


def _decoded(lines: Iterable[bytes]) -> Iterator[str]:
    for line in lines:
        yield line.decode("utf-8", "backslashreplace").rstrip("\n")


def missing(source: Source[Any], code: int, error: str) -> Missing:
    """Say why a question has no answer, from its exit code and error output."""
    said = error.translate(_UNPRINTABLE).strip()[:300]
    if code == _NOT_FOUND:
        return Missing(said or f"{source.name}: not installed", "absent")
    if _ABSENT in error:
        return Missing(said, "absent")
    if code in _TIMED_OUT:
        return Missing(f"{source.name}: no answer in time", "timeout")
    if code == _NOT_EXECUTABLE or "ermission denied" in error:
        return Missing(said or f"{source.name}: permission denied", "refused")
    return Missing(said or f"{source.name}: exit code {code}", "failed")


class _Reader:
    """Takes the stream line by line, holding one answer at a time."""

    def __init__(
        self, lines: Iterable[bytes], sources: Mapping[str, Source[Any]]
    ) -> None:
        self._lines = _decoded(lines)
        self._sources = sources
        self._next: str | None = None
        self.whole = False

    def begin(self) -> bool:
        """Skip what a login shell printed before; say whether a start was found."""
        return any(line.startswith(_START) for line in self._lines)

    def _body(self, frame: _Frame) -> Iterator[str]:
        for line in self._lines:
            mark = line[:1]
            if mark == "|":
                yield masked_line(line[1:])
            elif mark == "!":
                frame.errors.append(line[1:])
            elif code := _CODE.fullmatch(line):
                frame.code = int(code[1])
                return
            else:
                raise BadFile(f"not a line of collected answers: {line[:60]!r}")

    def answers(self) -> Iterator[tuple[str, Answer | Missing]]:
        """Yield each answer by its source's name."""
        for line in self._lines:
            if line == _END:
                self.whole = True
                return
            if not line.startswith("% "):
                raise BadFile(f"not a line of collected answers: {line[:60]!r}")
            frame = _Frame(line[2:])
            yield frame.name, self._answer(frame)

    def _answer(self, frame: _Frame) -> Answer | Missing:
        source = self._sources.get(frame.name)
        body = self._body(frame)
        broken = text = ""
        try:
            if source is not None and source.reduce is not None:
                text = source.reduce(body)
            else:
                text = "".join(f"{line}\n" for line in body)
        except Unreadable as unreadable:
            broken = str(unreadable)
        for _ in body:
            pass
        error = "\n".join(frame.errors)
        if frame.code is None:
            return Missing(f"{frame.name}: the answer is cut off", "failed")
        if source is not None and frame.code not in source.codes:
            return missing(source, frame.code, error)
        if broken:
            return Missing(broken, "unparsed")
        return Answer(text, frame.code, error[:2000])


def read(
    lines: Iterable[bytes], sources: Iterable[Source[Any]], name: str
) -> dict[str, Answer | Missing]:
    """Read a whole stream of answers; `name` is where it comes from."""
    reader = _Reader(lines, {source.name: source for source in sources})
    if not reader.begin():
        raise BadFile(f"{name} holds no answers of a zmward collector.")
    try:
        found = dict(reader.answers())
    except BadFile as error:
        raise BadFile(f"{name}: {error}") from error
    if not reader.whole:
        raise BadFile(
            f"{name} breaks off before its end. Run the collector again, to the end."
        )
    return found


def evidence(
    found: Mapping[str, Answer | Missing],
    sources: Iterable[Source[Any]],
    version: str,
) -> Evidence:
    """Sort answers by host: the node that was asked, and the directory."""
    directory = {source.name for source in sources if source.directory}
    identity = _identity(found)
    host = _zimbra_name(found) or identity.name
    believed(identity.when, host)
    node = {name: answer for name, answer in found.items() if name not in directory}
    shared = {name: answer for name, answer in found.items() if name in directory}
    answers = {host: node, DIRECTORY: shared}
    return Evidence(when=identity.when, answers=answers, zmward=version)


def _identity(found: Mapping[str, Answer | Missing]) -> Identity:
    answer = found.get(IDENTITY.name, Missing("not asked"))
    if isinstance(answer, Missing):
        raise BadFile(f"The answers do not say which host gave them: {answer.reason}")
    try:
        return IDENTITY.parse(answer.text)
    except Unreadable as error:
        raise BadFile(f"The answers cannot be believed: {error}") from error


def _zimbra_name(found: Mapping[str, Answer | Missing]) -> str | None:
    """Return the name of the host's server entry, where localconfig says it."""
    answer = found.get(LOCALCONFIG.name)
    if not isinstance(answer, Answer):
        return None
    try:
        return LOCALCONFIG.parse(answer.text).own.get("zimbra_server_hostname")
    except Unreadable:
        return None
