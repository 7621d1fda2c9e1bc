"""Backup artefacts below the usual target: how many, how new."""

import re

import msgspec

from zmward.sources.source import Snippet, Source, Unreadable

TARGET = "/opt/zimbra/backup"
_ARTEFACT = re.compile(r"(\d{1,12}) (\d{1,18}) (/.*)")


class Artefact(msgspec.Struct, frozen=True):
    """One file of a backup: time (epoch), bytes, path."""

    modified: int
    size: int
    path: str


def parse(answer: str) -> tuple[Artefact, ...]:
    """Read `epoch bytes path` lines, newest first; none is an answer too."""
    found = []
    for line in answer.splitlines():
        match = _ARTEFACT.fullmatch(line)
        if match is None:
            raise Unreadable(f"backups: not a file: {line[:60]!r}")
        found.append(Artefact(int(match[1]), int(match[2]), match[3]))
    return tuple(sorted(found, key=lambda one: one.modified, reverse=True))


BACKUPS = Source(
    name="backups",
    about="The newest files of backups below /opt/zimbra/backup.",
    question=Snippet(
        r"""
if ! [ -d /opt/zimbra/backup ]; then
    printf '/opt/zimbra/backup: No such file or directory\n' >&2
    return 1
fi
limit find /opt/zimbra/backup/ -maxdepth 3 -type f -size +0 \
    ! -name '*.log' ! -name '*.lock' ! -name '*.tmp' ! -name '*.pid' ! -name '.*' \
    -exec stat -c '%Y %s %n' {} + 2>/dev/null |
    tr -d '\001-\011\013-\037' | sort -rn | head -n 50
"""
    ),
    parse=parse,
)
