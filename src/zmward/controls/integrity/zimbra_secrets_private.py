"""Files that hold passwords, keys or log lines are closed to other users."""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.modes import FILE_MODES, SECRETS
from zmward.sources.source import Status

_OTHERS = 0o007
_GROUP = 0o070
_OWNERS = ("zimbra", "root")
_GROUPS = ("zimbra", "root", "postfix", "postdrop")
_SSH = "/opt/zimbra/.ssh"
_KEYS = f"{_SSH}/authorized_keys"
_MAIN = SECRETS[0]


def _wrong(path: str, status: Status) -> str:
    """Say who else may read a path; empty where nobody does, or nobody should care."""
    mode = f"{status.mode:04o}"
    if path == _SSH:
        return mode if status.mode & 0o077 else ""
    if path == _KEYS:
        return mode if status.mode & 0o022 else ""
    secret = any(fnmatchcase(path, pattern) for pattern in SECRETS)
    if not secret or status.kind == "symbolic link":
        return ""
    if status.mode & _OTHERS:
        return mode
    if status.owner not in _OWNERS:
        return f"owner {status.owner}"
    shared = status.mode & _GROUP and status.group not in _GROUPS
    return f"{mode} group {status.group}" if shared else ""


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    found = facts.read(FILE_MODES, host)
    if _MAIN not in found:
        yield unknown(Layer.LASTING, host, f"{_MAIN} is not there")
        return
    wrong = [
        f"{path} ({text})"
        for path, status in found.items()
        if (text := _wrong(path, status))
    ]
    if wrong:
        yield deviates(
            Layer.LASTING,
            host,
            ", ".join(wrong),
            "no access for other users",
            no_cure="Run `/opt/zimbra/libexec/zmfixperms` as root (or `chmod o-rwx`); "
            "what was readable to others counts as known to them.",
            source="file-modes",
            seen=", ".join(wrong),
        )
    else:
        seen = f"{_MAIN} {found[_MAIN].mode:04o}"
        yield sound(Layer.LASTING, host, source="file-modes", seen=seen)


_ROOT = "755 root root 4096 1 directory|/\n"
_LOCAL = f"zimbra zimbra 900 1 regular file|{_MAIN}\n"
_LOCAL_OF_USERS = f"zimbra users 900 1 regular file|{_MAIN}\n"
_OPEN_FOLDER = f"775 zimbra zimbra 9 1 directory|{_SSH}\n"

CONTROL = Control(
    id="zimbra-secrets-private",
    title="Files with passwords and keys are closed to other users",
    why="localconfig.xml alone opens the directory and with it every mailbox.",
    impact="Scripts that read them as another user stop.",
    severity=Severity.HIGH,
    tips=("T36",),
    check=on_hosts(Layer.LASTING, (FILE_MODES,), _look),
    refs=(),
    note="`vi` as root, unlike zmlocalconfig, may leave another owner and mode behind.",
    examples=(
        passes(raw={"file-modes": f"{_ROOT}640 {_LOCAL}"}),
        fails(raw={"file-modes": f"{_ROOT}644 {_LOCAL}"}),
        fails(raw={"file-modes": f"{_ROOT}640 {_LOCAL_OF_USERS}"}),
        fails(raw={"file-modes": f"{_ROOT}600 www-data{_LOCAL[6:]}"}),
        fails(
            raw={
                "file-modes": f"{_ROOT}640 {_LOCAL}644 zimbra zimbra 1700 1 "
                "regular file|/opt/zimbra/ssl/zimbra/commercial/commercial.key\n"
            }
        ),
        fails(raw={"file-modes": f"{_ROOT}640 {_LOCAL}{_OPEN_FOLDER}"}),
        unsure(raw={"file-modes": _ROOT}),
        unsure(missing=("file-modes",)),
    ),
)
