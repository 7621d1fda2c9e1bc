"""Writes docs/reference/questions.md: each question that a server is asked."""

import shlex
from collections.abc import Iterator
from typing import Any

from zmward.sources.registry import sources
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

_HEAD = (
    "All that a server is asked; `zmward collector` prints it as one script.\n"
    "An audit of some controls only asks what these need.\n"
)


def _asked(question: Question) -> str:
    match question:
        case Command(programs, arguments):
            return " or ".join(f"`{shlex.join((p, *arguments))}`" for p in programs)
        case File(path):
            return f"the file `{path}`"
        case Files(patterns):
            return "the files " + ", ".join(f"`{pattern}`" for pattern in patterns)
        case Stat(patterns):
            return "owner, mode and size of " + ", ".join(f"`{p}`" for p in patterns)
        case Search(base, scope, wanted, attributes):
            place = f"`{base}`" if base else "the whole tree"
            chosen = ", ".join(f"`{name}`" for name in attributes)
            return f"search `{wanted}` ({scope}) below {place} for {chosen}"
        case Snippet(text):
            return f"\n\n```sh\n{text.strip()}\n```"


def _source(source: Source[Any]) -> Iterator[str]:
    yield f"### {source.name}\n"
    yield f"{source.about}\n"
    asked = _asked(source.question)
    yield f"Asked:{asked if asked.startswith(chr(10)) else f' {asked}'}\n"


def page(made: str) -> str:
    """Return the page; `made` says who wrote it."""
    found = sources().values()
    shared = [source for source in found if source.directory]
    own = [source for source in found if not source.directory]
    parts = [
        f"# Questions\n\n{made}\n",
        _HEAD,
        "## Of each node\n",
        *(line for source in own for line in _source(source)),
        "## Of the directory\n",
        *(line for source in shared for line in _source(source)),
    ]
    return "\n".join(parts).rstrip() + "\n"
