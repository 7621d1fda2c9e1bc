"""Writes the questions of sources as one readable, read-only POSIX shell script."""

import re
import shlex
from collections.abc import Iterable
from importlib.resources import files
from typing import Any

from zmward.catalog.localconfig import keys
from zmward.sources.masking import MASK, NO_SECRET, SECRET_ENDING, SECRET_KEY
from zmward.sources.source import (
    Command,
    File,
    Files,
    Question,
    Search,
    Snippet,
    Source,
    Stat,
)

# A pattern is expanded by the shell, so it may hold nothing but a path and globs.
_PATTERN = re.compile(r"[A-Za-z0-9_./*?\[\]@+-]+")


def _patterns(patterns: Iterable[str]) -> str:
    patterns = tuple(patterns)
    for pattern in patterns:
        if not _PATTERN.fullmatch(pattern):
            raise ValueError(f"not a plain path pattern: {pattern!r}")
    return " ".join(patterns)


def _call(question: Question) -> str:
    match question:
        case Command(programs, arguments):
            words = [str(len(programs)), *programs, *arguments]
            return f"first {shlex.join(words)}"
        case File(path):
            return f"content {shlex.quote(path)}"
        case Files(patterns):
            return f"contents {_patterns(patterns)}"
        case Stat(patterns):
            return f"status {_patterns(patterns)}"
        case Search(base, scope, wanted, attributes):
            return f"search {shlex.join([base, scope, wanted, *attributes])}"
        case Snippet():
            raise ValueError("a snippet is a function of its own")


def _seconds(question: Question) -> int:
    return getattr(question, "seconds", 20)


def _asked(source: Source[Any]) -> tuple[str, str]:
    """Return the function that a question needs, if any, and the line that asks."""
    question = source.question
    start = f"    # {source.about}\n    ask {source.name} {_seconds(question)}"
    if isinstance(question, Snippet):
        name = f"ask_{source.name.replace('-', '_')}"
        body = "\n".join(f"    {line}" for line in question.text.strip().splitlines())
        return f"# {source.about}\n{name}() {{\n{body}\n}}\n", f"{start} {name}"
    return "", f"{start} {_call(question)}"


def _default_secrets() -> str:
    secret = re.compile(SECRET_KEY)
    rows = (
        f"{name}={row.default}"
        for name, row in sorted(keys().items())
        if secret.search(name) and row.default
    )
    return " ".join(rows)


def collector(sources: Iterable[Source[Any]], version: str) -> str:
    """Return the script that asks all `sources` and prints framed answers."""
    prelude = (files("zmward.engine") / "collector.sh").read_text("utf-8")
    filled = (
        prelude.replace("@VERSION@", version)
        .replace("@SECRET_ENDING@", SECRET_ENDING)
        .replace("@NO_SECRET@", NO_SECRET)
        .replace("@SECRET_KEY@", SECRET_KEY)
        .replace("@MASK@", MASK)
        .replace("@DEFAULTS@", _default_secrets())
    )
    parts = tuple(_asked(source) for source in sources)
    functions = "\n".join(function for function, _ in parts if function)
    calls = "\n".join(call for _, call in parts)
    # The shell reads all of it before main runs, so nothing is ever half done.
    return (
        f"{filled}\n{functions}\nmain() {{\n    printf '%% zmward 1 {version}\\n'\n"
        f"    connection\n{calls}\n    printf '%% end\\n'\n}}\n\nmain </dev/null\n"
    )
