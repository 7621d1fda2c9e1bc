"""Zimbra's programs and libraries can be changed by root alone."""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.shapes.modes import without
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.modes import CODE, FILE_MODES
from zmward.sources.source import Status

_WRITABLE = 0o022
_MOST = 10
_WANTED = "owned by root, writable by root alone"
_COMPARE = (
    "Compare it with its package first (`dpkg -V`, `rpm -V`): it may have been "
    "changed. Then run `/opt/zimbra/libexec/zmfixperms` as root."
)


def _problem(status: Status) -> str:
    if status.kind == "symbolic link":
        return ""
    if status.owner != "root":
        return f"belongs to {status.owner}"
    return f"mode {status.mode:04o}" if status.mode & _WRITABLE else ""


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    found = facts.read(FILE_MODES, host)
    code = {
        path: status
        for path, status in found.items()
        if any(fnmatchcase(path, pattern) for pattern in CODE)
    }
    if not code:
        yield unknown(Layer.LASTING, host, "there is no /opt/zimbra")
        return
    wrong = [(path, text) for path in code if (text := _problem(code[path]))]
    for path, text in wrong[:_MOST]:
        # Root's only where root's already: else it may hold anything, and sudo runs it.
        mine = code[path].owner == "root"
        cure = without(found, host, path, _WRITABLE) if mine else None
        yield deviates(
            Layer.LASTING,
            host,
            f"{path} ({text})",
            _WANTED,
            cure=cure,
            no_cure="" if cure else _COMPARE,
            source="file-modes",
            seen=f"{path} ({text})",
        )
    if wrong[_MOST:]:
        more = f"{len(wrong) - _MOST} more, {wrong[_MOST][0]} first"
        yield deviates(Layer.LASTING, host, more, _WANTED, no_cure=_COMPARE)
    if not wrong:
        seen = f"{len(code)} programs and folders, all root's"
        yield sound(Layer.LASTING, host, source="file-modes", seen=seen)


_ROOT = "755 root root 4096 1 directory|/\n755 root root 4096 1 directory|/opt/zimbra\n"

CONTROL = Control(
    id="zimbra-code-owned-by-root",
    title="Zimbra's programs and libraries can be changed by root alone",
    why=(
        "Several of them run as root by sudo: if user zimbra can change one, a web "
        "shell becomes root and survives."
    ),
    impact="None.",
    severity=Severity.HIGH,
    tips=("T36",),
    check=on_hosts(Layer.LASTING, (FILE_MODES,), _look, cures=True),
    refs=(),
    note="jetty_base, conf and common/conf belong to zimbra by design. The cure closes "
    "what is root's and open; it says nothing of what was changed while it was open.",
    examples=(
        passes(
            raw={
                "file-modes": f"{_ROOT}2755 root postdrop 9 1 regular file|"
                "/opt/zimbra/common/sbin/postdrop\n"
            }
        ),
        fails(
            raw={
                "file-modes": f"{_ROOT}755 zimbra zimbra 9 1 regular file|"
                "/opt/zimbra/libexec/zmqstat\n"
            }
        ),
        fails(
            raw={
                "file-modes": f"{_ROOT}777 root root 9 1 regular file|"
                "/opt/zimbra/bin/zmcontrol\n"
            }
        ),
        unsure(missing=("file-modes",)),
        unsure(raw={"file-modes": "755 root root 4096 1 directory|/\n"}),
    ),
)
