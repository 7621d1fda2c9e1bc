"""The fenced blocks of a documentation page, and what running them shows.

``console`` is run anywhere. ``console lab`` needs a Zimbra server behind ssh, and
``console server`` is typed on one: their answers are compared in the lab only.
``toml FILE``, ``nft FILE``, ``json FILE`` and ``log FILE`` are files that the reader
writes. A line ``…`` stands for any lines.
"""

import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Judged, with findings, incomplete: what an audit may end with.
_EXPECTED = (0, 1, 3)
_LAST = "echo $?"
_APPLIED = re.compile(r"^run (\S+): applied$", re.MULTILINE)
_FILES = ("toml", "nft", "json", "log")

Run = Callable[[str, str], subprocess.CompletedProcess[str]]


class Step(msgspec.Struct, frozen=True):
    """One command, and what the page says that it prints."""

    command: str
    said: tuple[str, ...] = ()


class Block(msgspec.Struct, frozen=True):
    """One fenced block: its language, its word, its text, its line in the page."""

    language: str
    word: str
    text: str
    line: int

    def steps(self) -> Iterator[Step]:
        """Yield the commands of a console block."""
        for part in re.split(r"^\$ ", self.text, flags=re.MULTILINE)[1:]:
            lines = part.replace("\\\n> ", "").splitlines()
            yield Step(lines[0], tuple(lines[1:]))


def pages() -> tuple[Path, ...]:
    """Return every page that people write, in a stable order."""
    return (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))


def walked() -> tuple[Path, ...]:
    """Return the pages whose commands a reader follows."""
    places = ("getting-started", "guides")
    return tuple(
        path
        for path in pages()
        if path.name == "README.md" or path.parent.name in places
    )


def blocks(path: Path) -> tuple[Block, ...]:
    """Return the fenced blocks of a page."""
    text = path.read_text("utf-8")
    return tuple(
        Block(m[1], m[2] or "", m[3], text.count("\n", 0, m.start()) + 1)
        for m in _FENCE.finditer(text)
    )


def matches(said: tuple[str, ...], printed: str) -> bool:
    """Say whether an answer is the one that the page shows."""
    parts = []
    for line in said:
        if line == "…":
            parts.append(r"(?:.*\n)*")
        else:
            words = (re.escape(word) for word in line.split("…"))
            parts.append(".*".join(words) + r"[ ]*\n")
    return re.fullmatch("".join(parts), printed) is not None


def walk(path: Path, room: Path, run: Run, *, compared: Mapping[str, bool]) -> None:
    """Do what a page says, in a directory; `run` takes a block's word and a command.

    `compared` says by a block's word whether its answers are compared. On the pages
    RUN stands for the run that was applied last.
    """
    code, last = 0, "RUN"
    for block in blocks(path):
        if block.language in _FILES and block.word:
            (room / block.word).write_text(block.text, "utf-8")
        if block.language != "console":
            continue
        steps = tuple(block.steps())
        assert steps, f"{path.name}:{block.line}: a console block without a command"
        following = [*steps[1:], None]
        for step, after in zip(steps, following, strict=True):
            typed = re.sub(r"\bRUN\b", last, step.command)
            done = run(block.word, f"(exit {code}); {typed}")
            code = done.returncode
            last = next(reversed(_APPLIED.findall(done.stdout)), last)
            place = f"{path.name}:{block.line}: $ {step.command}\n{done.stdout}"
            asked = after is not None and after.command == _LAST
            assert code in _EXPECTED or (asked and code in (2, 4)), place
            assert "Traceback" not in done.stdout, place
            if step.said and compared[block.word]:
                assert matches(step.said, done.stdout), place
