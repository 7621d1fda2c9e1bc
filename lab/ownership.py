"""Directories, owners and modes of a tree, set from a table of paths."""

import os
import re
import stat
import struct
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HOME = "opt/zimbra"
# CAP_NET_BIND_SERVICE, effective and permitted, as setcap writes it (version 2).
MAY_BIND = struct.pack("<IIIII", 0x02000001, 1 << 10, 0, 0, 0)
SET_ID = stat.S_ISUID | stat.S_ISGID


@dataclass(frozen=True)
class Rule:
    """One row: which paths, whose they are and how they may be used."""

    glob: str
    owner: str
    mode: str | None = None
    files: str | None = None
    tree: bool = False
    bind: bool = False


def rules(table: Path) -> list[Rule]:
    """Return the rows of the table."""
    return [Rule(**row) for row in tomllib.loads(table.read_text())["path"]]


def alternatives(glob: str) -> Iterator[str]:
    """Yield the patterns that a pattern with {a,b} stands for."""
    group = re.search(r"\{([^}]*)\}", glob)
    if group is None:
        yield glob
        return
    for word in group[1].split(","):
        yield from alternatives(glob[: group.start()] + word + glob[group.end() :])


def _numbers(root: Path, table: str) -> dict[str, int]:
    rows = (root / "etc" / table).read_text().splitlines()
    return {row.split(":")[0]: int(row.split(":")[2]) for row in rows if ":" in row}


def apply(root: Path, table: Path) -> None:
    """Set owners and modes below the root, by the names the root itself knows."""
    for name in tomllib.loads(table.read_text())["directories"]:
        (root / HOME / name).mkdir(parents=True, exist_ok=True)
    users, groups = _numbers(root, "passwd"), _numbers(root, "group")
    for rule in rules(table):
        for glob in alternatives(rule.glob):
            for path in sorted(root.glob(glob)):
                below = sorted(path.rglob("*")) if rule.tree else []
                for one in [path, *below]:
                    _set(one, rule, users, groups)


def _set(path: Path, rule: Rule, users: dict[str, int], groups: dict[str, int]) -> None:
    user, group = rule.owner.format(name=path.name).split(":")
    # chown would take the set-group bit of the mail queue's programs away.
    if path.lstat().st_mode & SET_ID and not path.is_dir():
        return
    os.lchown(path, users[user], groups[group])
    if path.is_symlink():
        return
    mode = rule.files if rule.files and path.is_file() else rule.mode
    if mode and (not rule.files or path.is_file()):
        path.chmod(int(mode, 8))
    if rule.bind:
        os.setxattr(path, "security.capability", MAY_BIND)
