"""The files that a plan may write, whole and exact: what stands there before."""

import re
from collections.abc import Mapping

import msgspec

from zmward.catalog.actions import FILES
from zmward.sources.masking import MASK
from zmward.sources.source import Snippet, Source, Unreadable

_START = re.compile(r"> ([0-7]{1,5}) (\S+) (\S+) ([^|]+)\|(/.*)", re.ASCII)
_PLAIN = ("regular file", "regular empty file")
_END = "end"
_MASKED = re.compile(rf"{MASK}|\bmasked\b")


class OwnFile(msgspec.Struct, frozen=True):
    """A plain file: its whole text, octal mode, names of owner and group."""

    text: str
    mode: int = 0o644
    owner: str = "root"
    group: str = "root"


class OwnFiles(msgspec.Struct, frozen=True):
    """Every such file that is there, and those of which no exact text is known.

    A path that is in neither is known not to exist.
    """

    found: Mapping[str, OwnFile] = {}
    odd: Mapping[str, str] = {}


def _whole(lines: list[str], path: str) -> str:
    """Return the exact text; its end is marked, as the last line may lack one."""
    if not lines or not lines[-1].endswith("$"):
        raise Unreadable(f"{path} was not read whole")
    return "\n".join(lines)[:-1]


def parse(answer: str) -> OwnFiles:
    """Read blocks of a head and the lines of a file, up to the word `end`."""
    lines = answer.removesuffix("\n").split("\n")
    if lines[-1] != _END:
        raise Unreadable("own files: the answer breaks off")
    blocks: list[tuple[re.Match[str], list[str]]] = []
    for line in lines[:-1]:
        start = _START.fullmatch(line)
        if start:
            blocks.append((start, []))
        elif not blocks or not line.startswith(" "):
            raise Unreadable(f"own files: not a line of a file: {line[:60]!r}")
        else:
            blocks[-1][1].append(line[1:])
    found, odd = {}, {}
    for start, text in blocks:
        mode, owner, group, kind, path = start.groups()
        if not any(pattern.fullmatch(path) for pattern in FILES):
            continue
        if kind not in _PLAIN:
            odd[path] = f"{path} is a {kind}"
        elif not text:
            odd[path] = f"{path} cannot be read"
        elif _MASKED.search("\n".join(text)):
            odd[path] = f"{path} holds what looks like a secret"
        else:
            found[path] = OwnFile(_whole(text, path), int(mode, 8), owner, group)
    return OwnFiles(found, odd)


OWN_FILES = Source(
    name="own-files",
    about="The files that a plan may write, as they are now.",
    question=Snippet(
        r"""
# The mark tells where a file ends, whose last line may have no end.
for path in /etc/ssh/sshd_config /etc/ssh/sshd_config.d/[0-9][0-9]-zmward.conf \
    /etc/rsyslog.d/[0-9][0-9]-zmward*.conf \
    /etc/systemd/system/zmward-log-access.service /etc/fail2ban/jail.d/zmward* \
    /etc/fail2ban/filter.d/zmward* /etc/fail2ban/action.d/zmward* \
    /etc/chrony/conf.d/zmward.conf /etc/apt/apt.conf.d/[0-9][0-9]zmward \
    /etc/sysctl.d/[0-9][0-9]-zmward.conf /etc/sudoers.d/* \
    /opt/zimbra/.ssh/authorized_keys /etc/ufw/applications.d/zimbra; do
    [ -e "$path" ] || [ -L "$path" ] || continue
    case $path in *[!A-Za-z0-9._/-]*) continue ;; esac
    said=$(stat -c '%a %U %G %F' -- "$path") || return
    printf '> %s|%s\n' "$said" "$path"
    case $said in
        *' regular file' | *' regular empty file')
            text=$(content "$path" && printf '$') || continue
            printf '%s\n' "$text" | sed 's/^/ /' ;;
    esac
done
printf 'end\n'
"""
    ),
    parse=parse,
)
