"""The drop-in of apt: lines that are read after all others."""

from typing import Final

from zmward.change import FileText, WriteFile
from zmward.controls.shapes.repair import standing
from zmward.facts import Facts

PATH: Final = "/etc/apt/apt.conf.d/99zmward"
_HEAD = "// Written by zmward. It is read after the other files of this folder."


def drop_in(facts: Facts, host: str, line: str) -> WriteFile:
    """Return the change that adds a line to the drop-in."""
    before = standing(facts, host, PATH)
    old = before.text.splitlines() if before else [_HEAD]
    word = line.partition(" ")[0]
    several = word.endswith("::")  # a list: each line adds to it
    kept = [one for one in old if several or one.partition(" ")[0] != word]
    text = "".join(f"{one}\n" for one in (*kept, line))
    after = FileText(text, before.mode if before else 0o644)
    return WriteFile(host, PATH, before, after, "apt")
