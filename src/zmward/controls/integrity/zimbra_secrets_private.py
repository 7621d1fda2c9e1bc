"""Files that hold passwords, keys or log lines are closed to other users."""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.shapes.modes import forbidden_to_keys, without
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.modes import FILE_MODES, SECRETS
from zmward.sources.source import Status

_OTHERS = 0o007
_GROUP = 0o070
_MOST = 20
_OWNERS = ("zimbra", "root")
_GROUPS = ("zimbra", "root", "postfix", "postdrop")
_SSH = "/opt/zimbra/.ssh"
_KEYS = f"{_SSH}/authorized_keys"
_MAIN = SECRETS[0]


_OWNER = (
    "Find out why it belongs to somebody else, who could read and change it; then "
    "chown zimbra:zimbra, or let `/opt/zimbra/libexec/zmfixperms` do it."
)
_LOGS = "/opt/zimbra/log/"
_READERS = (
    "Find who reads it (rsyslog as its own user, a monitor) and let that user in by an "
    "access list (`setfacl -m u:USER:r FILE`; for rsyslog `zmward logs forward` does "
    "it), never through Zimbra's group; then chmod 640."
)
_BY_HAND = (
    "Run `/opt/zimbra/libexec/zmfixperms` as root (or `chmod o-rwx`); what was "
    "readable to others counts as known to them."
)


def _forbidden(path: str, status: Status) -> int:
    """Return the bits that a path must not have; none where nobody should care."""
    if path == _SSH:
        return 0o077
    if path == _KEYS:
        return 0o022
    secret = any(fnmatchcase(path, pattern) for pattern in SECRETS)
    if not secret or status.kind == "symbolic link":
        return 0
    return _OTHERS if status.group in _GROUPS else _OTHERS | _GROUP


def _wrong(path: str, status: Status) -> str:
    """Say who else may read a path; empty where nobody does."""
    mode = f"{status.mode:04o}"
    forbidden = _forbidden(path, status)
    if status.mode & forbidden & _OTHERS or (path == _SSH and status.mode & forbidden):
        return mode
    if status.mode & forbidden:
        return f"{mode} group {status.group}"
    stranger = forbidden & _OTHERS == _OTHERS and status.owner not in _OWNERS
    return f"owner {status.owner}" if stranger else ""


def _deviation(facts: Facts, host: str, path: str, text: str) -> Judgement:
    found = facts.read(FILE_MODES, host)
    status = found[path]
    forbidden = _forbidden(path, status)
    if path.endswith(".key"):  # as private-keys-private cures it: one place, one wish
        forbidden |= forbidden_to_keys(status.group)
    # Whoever ships a log from here would fall silent, and nobody would see it.
    log = path.startswith(_LOGS)
    cure = None if log else without(found, host, path, forbidden)
    strange = text.startswith("owner ")
    by_hand = _READERS if log else _BY_HAND
    return deviates(
        Layer.LASTING,
        host,
        f"{path} ({text})",
        "no access for other users",
        cure=cure,
        no_cure="" if cure else _OWNER if strange else by_hand,
        source="file-modes",
        seen=f"{path} ({text})",
    )


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    found = facts.read(FILE_MODES, host)
    if _MAIN not in found:
        yield unknown(Layer.LASTING, host, f"{_MAIN} is not there")
        return
    wrong = [
        (path, text) for path, status in found.items() if (text := _wrong(path, status))
    ]
    for path, text in wrong[:_MOST]:
        yield _deviation(facts, host, path, text)
    if wrong[_MOST:]:
        rest = ", ".join(f"{path} ({text})" for path, text in wrong[_MOST:])
        wanted = "no access for other users"
        yield deviates(Layer.LASTING, host, rest, wanted, no_cure=_BY_HAND)
    if not wrong:
        seen = f"{_MAIN} {found[_MAIN].mode:04o}"
        yield sound(Layer.LASTING, host, source="file-modes", seen=seen)


_ROOT = "755 root root 4096 1 directory|/\n"
_LOCAL = f"zimbra zimbra 900 1 regular file|{_MAIN}\n"
_LOCAL_OF_USERS = f"zimbra users 900 1 regular file|{_MAIN}\n"
_OPEN_FOLDER = f"775 zimbra zimbra 9 1 directory|{_SSH}\n"
_OPEN_LOG = "644 zimbra zimbra 9 1 regular file|/opt/zimbra/log/audit.log\n"

CONTROL = Control(
    id="zimbra-secrets-private",
    title="Files with passwords and keys are closed to other users",
    why="localconfig.xml alone opens the directory and with it every mailbox.",
    impact="Scripts that read them as another user stop.",
    locks_out="scripts and monitors that read these files as another user",
    severity=Severity.HIGH,
    tips=("T36",),
    check=on_hosts(Layer.LASTING, (FILE_MODES,), _look, cures=True),
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
        fails(raw={"file-modes": f"{_ROOT}640 {_LOCAL}{_OPEN_LOG}"}),
        unsure(raw={"file-modes": _ROOT}),
        unsure(missing=("file-modes",)),
    ),
)
