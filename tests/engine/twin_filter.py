"""The packet filter of a recorded host: one table of ours, as the script tells it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from zmward.doors.host import Done

_MARK = re.compile(r"^add chain inet zmward (run-\S+)\n", re.MULTILINE)
_HEAD = "add table inet zmward\ndelete table inet zmward\n"


def table(rules: str) -> str:
    """Return how nft lists a text of ours, the mark of its run as a chain."""
    body = rules.removeprefix("%% nft\n").removeprefix(_HEAD)
    marks = "".join(f"\tchain {name} {{\n\t}}\n" for name in _MARK.findall(body))
    return _MARK.sub("", body).removesuffix("}\n") + marks + "}\n"


@dataclass
class TwinFilter:
    """What is loaded, and what each run has kept for the next boot, newest last."""

    entries: dict[str, Any] = field(default_factory=dict)
    loaded: str = ""
    banned: str = ""
    kept_rules: dict[str, str] = field(default_factory=dict)

    def _program_list(self, _words: Sequence[str], _given: bytes) -> Done:
        return Done(0, f"%% nft\n{self.loaded}".encode() if self.loaded else b"")

    def _program_stands(self, _words: Sequence[str], _given: bytes) -> Done:
        return Done(0 if self.loaded else 1)

    def _program_try(self, _words: Sequence[str], given: bytes) -> Done:
        return Done(0, f"%% nft\n{table(given.decode())}".encode())

    def _program_marks(self, words: Sequence[str], given: bytes) -> Done:
        known = f"\tchain run-{words[1]} {{" in table(given.decode())
        return Done(0 if known else 1)

    def _program_banned(self, _words: Sequence[str], _given: bytes) -> Done:
        return Done(0, self.banned.encode())

    def _program_put(self, _words: Sequence[str], given: bytes) -> Done:
        self.loaded = table(given.decode())
        return Done(0)

    def _program_load(self, words: Sequence[str], given: bytes) -> Done:
        if f"{words[1]}/fired" in self.entries:
            return Done(1, b"", b"the switch has taken the run back")
        return self._program_put(words, given)

    def _program_take(self, _words: Sequence[str], _given: bytes) -> Done:
        self.loaded = ""
        return Done(0)

    def _program_mine(self, words: Sequence[str], _given: bytes) -> Done:
        return Done(0 if f"\tchain run-{words[1]} {{" in self.loaded else 1)

    def _program_keep(self, words: Sequence[str], given: bytes) -> Done:
        self.kept_rules[words[1]] = given.decode()
        return Done(0)

    def _program_forget(self, words: Sequence[str], _given: bytes) -> Done:
        self.kept_rules.pop(words[1], None)
        return Done(0)

    def _program_nft(self, _words: Sequence[str], _given: bytes) -> Done:
        """Say that nft is installed, as `command -v` does."""
        return Done(0)

    def _program_ufw(self, _words: Sequence[str], _given: bytes) -> Done:
        return Done(1)

    def _program_iptables_restore(self, _words: Sequence[str], _given: bytes) -> Done:
        return Done(1)

    def _ss(self, _words: Sequence[str], _given: bytes) -> Done:
        return Done(0)

    def _loginctl(self, _words: Sequence[str], _given: bytes) -> Done:
        return Done(0)
