"""What a file that was just written into a web root means, and the words for it."""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from zmward.catalog.hunt import BEHIND, RUNS
from zmward.catalog.installation import Z
from zmward.i18n import mark
from zmward.integrity.hunting import Hit, Subject, hits, words
from zmward.integrity.names import shown
from zmward.integrity.writers import Writer

# Web roots, and what mailboxd loads when it starts.
_JETTY: Final = ("webapps", "lib", "common", "modules", "start.d")
TREES: Final = (
    *(f"{Z}/jetty_base/{name}" for name in _JETTY),
    f"{Z}/zimlets-deployed",
    f"{Z}/lib/ext",
    f"{Z}/lib/ext-common",
    f"{Z}/data/httpd/htdocs",
)
# Where Jetty's folder is on old servers; elsewhere it is a link to the other.
OLD_JETTY: Final = f"{Z}/jetty"
OLD_TREES: Final = tuple(f"{OLD_JETTY}/{name}" for name in _JETTY)
RULE: Final = "program-dropped"
SAYS: Final = mark("a program was written where Jetty or PHP would run it")
VANISHED: Final = "program-vanished"
SAYS_VANISHED: Final = mark(
    "a program was written where Jetty or PHP would run it, and was taken away at once"
)
UNWATCHED: Final = "folder-unwatched"
SAYS_UNWATCHED: Final = mark(
    "something was put there below which nothing is watched: programs may be written "
    "there and run"
)
TODO: Final = mark(
    "If no package, zimlet or administrator put it there, take the server off the "
    "network, keep the file (`zmward integrity hunt --save DIR`), and look who asked "
    "for it."
)
_PROGRAM: Final = re.compile(rf"{BEHIND}\.(?:{RUNS}|so|mod)", re.DOTALL)
_EXECUTES: Final = 0o111


class Dropped(msgspec.Struct, frozen=True):
    """A program that was written: where, whose, how long, and what shows it.

    `was` says whether something of that name stood there before, `writer` who wrote it
    as auditd's log has it.
    """

    path: str
    when: str
    rules: tuple[str, ...]
    owner: str
    mode: str
    size: int
    was: bool
    excerpt: str = ""
    writer: Writer | None = None

    @property
    def text(self) -> str:
        """Return it as one line."""
        word = "changed" if self.was else "new"
        said = "; ".join(says(rule) for rule in self.rules)
        line = f"{self.path}: {said} ({word}, of {self.owner}, {self.mode}, "
        who = f", {self.writer.text}" if self.writer else ""
        return f"{line}{self.size} bytes){who}"


def says(rule: str) -> str:
    """Return what a rule says."""
    own = {RULE: SAYS, VANISHED: SAYS_VANISHED, UNWATCHED: SAYS_UNWATCHED}
    return own[rule] if rule in own else words(rule)[0]


def matters(path: str, mode: int) -> bool:
    """Say whether a file would be run or loaded from where it lies."""
    return _PROGRAM.fullmatch(path.lower()) is not None or bool(mode & _EXECUTES)


def rules(subject: Subject) -> tuple[tuple[str, ...], str]:
    """Return what a written program breaks, and what of its content shows it."""
    found: tuple[Hit, ...] = tuple(_alarms(subject))
    excerpt = next((hit.excerpt for hit in found if hit.excerpt), "")
    return (*dict.fromkeys((RULE, *(hit.rule for hit in found))),), shown(excerpt)


def _alarms(subject: Subject) -> Iterator[Hit]:
    for hit in hits(subject, owned=False, known=False, as_shipped=False):
        if hit.level == "alarm":
            yield hit
