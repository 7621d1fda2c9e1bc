"""Where baselines lie: a history that grows, and the bodies of the newest ones.

The body is written first, then the history takes its place in one step: that is the
moment from which a baseline counts. Whatever fails before leaves the old one in force.
The history ends with the receipt of its newest baseline; the number of that one stands
in a file beside the folder too, in the system's log, and beside the key.
"""

import os
import syslog
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Final

import msgspec

from zmward.doors.told_logs import told_lines
from zmward.engine.own_store import alone, put
from zmward.engine.state import root as state_root
from zmward.errors import Refused, Usage
from zmward.integrity.manifest import (
    Header,
    Manifest,
    entry,
    follows,
    history,
    opened,
    signed,
)
from zmward.integrity.manifest import newest as as_newest
from zmward.integrity.receipts import Newest, Sign, end, newest_told, told

_LARGEST: Final = 1 << 30
_BODIES: Final = 2


class Written(msgspec.Struct, frozen=True):
    """A baseline that was written: its header, its digest, the line that tells it."""

    header: Header
    head: str
    line: str


def folder(root: str) -> Path:
    """Return where the baselines of a root lie; ZMWARD_STATE moves it."""
    if os.environ.get("ZMWARD_STATE") or root == "/":
        return Path(state_root()) / "integrity"
    return Path(root) / state_root().lstrip("/") / "integrity"


def _last(where: Path) -> Path:
    """Return the file beside the folder that remembers its newest baseline."""
    return where.with_name("integrity-newest")


def _read(path: Path) -> bytes:
    opened_file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(opened_file, "rb") as file:
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise Refused(f"{path} is larger than any baseline: it is damaged or forged.")
    return content


def _optional(path: Path) -> bytes | None:
    try:
        return _read(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}.") from error


def exists(root: str) -> bool:
    """Say whether there is a baseline, or was one."""
    where = folder(root)
    return any(path.exists() for path in (where / "history", _last(where)))


def remembered(root: str, machine: str, keys: tuple[str, ...]) -> Newest | None:
    """Return the newest baseline of a machine that the root's own log tells."""
    return newest_told(told_lines(root), machine, keys)


def headers(
    root: str, keys: tuple[str, ...], machine: str
) -> tuple[tuple[Header, str], ...]:
    """Return the proved history, oldest first; refuse one that went back in time.

    `machine` is the digest of the root's own machine's id.
    """
    where = folder(root)
    content = _optional(where / "history")
    noted = _optional(_last(where))
    logged = remembered(root, machine, keys)
    if content is None:
        if noted is None and logged is None:
            raise Usage(
                f"There is no baseline in {where}: make one with `zmward integrity "
                "baseline`, while the host is known to be good."
            )
        raise Refused(
            f"The history of baselines is gone from {where}, and there was one"
            f"{f' ({logged.words[:24]})' if logged else ''}: somebody removed it. Put "
            "the folder back from a backup."
        )
    found = history(content, keys)
    newest, head = found[-1]
    if noted is None and newest.serial > 1:
        raise Refused(
            f"{_last(where)} is gone, which remembers the newest baseline: somebody "
            "removed it. Compare the number with the one in your logs, then write it "
            f"there again: {newest.serial}:{head}"
        )
    if noted is not None:
        follows(newest, head, noted.decode("ascii", "replace").strip())
    if logged is not None and logged.machine == newest.machine:
        follows(newest, head, logged.words)
    return found


def newest(
    root: str, keys: tuple[str, ...], machine: str, known: Sequence[str] = ()
) -> Manifest:
    """Return the newest baseline, proved; refuse a forged, damaged or older one.

    `known` are numbers, with digests or without, that were kept elsewhere.
    """
    where = folder(root)
    if known and not exists(root):
        raise Refused(
            f"{known[0][:40]} was made already, and nothing is left of it in {where}: "
            "somebody removed it. Put the folder back from a backup."
        )
    header, head = headers(root, keys, machine)[-1]
    for one in known:
        follows(header, head, one)
    path = where / f"body-{header.serial:06}"
    content = _optional(path)
    if content is None:
        raise Refused(f"{path} is gone: the newest baseline cannot be compared with.")
    return opened(header, head, content)


def _alone(where: Path) -> AbstractContextManager[None]:
    """Give the folder, private to us, to one writer at a time."""
    return alone(
        where,
        nothing="no baseline can lie there",
        variable="ZMWARD_STATE",
        busy="Another `zmward integrity` is writing a baseline.",
    )


def _sweep(where: Path, newest_serial: int) -> None:
    """Remove bodies that are no longer wanted, and what a killed run has left."""
    for path in where.iterdir():
        number = path.name.removeprefix("body-")
        old = number.isdecimal() and int(number) <= newest_serial - _BODIES
        if old or path.name.startswith((".body-", ".history.")):
            with suppress(OSError):
                path.unlink()


def _before(
    root: str, keys: tuple[str, ...], machine: str, known: Sequence[str], *, anew: bool
) -> tuple[int, str]:
    """Return the number and digest that a baseline follows, 0 and nothing at first.

    Where the history is gone and remembered elsewhere, only who insists begins anew;
    the numbers go on, so that what is remembered stays true.
    """
    if exists(root):
        header, head = headers(root, keys, machine)[-1]
        for one in known:
            follows(header, head, one)
        return header.serial, head
    logged = remembered(root, machine, keys)
    words = (*known, *((logged.words,) if logged else ()))
    numbers = [int(one.partition(":")[0]) for one in words]
    if numbers and not anew:
        raise Refused(
            f"Baseline {max(numbers)} of this host was made already, and nothing is "
            f"left of it in {folder(root)}: somebody removed it. Put the folder back "
            "from a backup; if you removed it yourself, --anew begins a new history."
        )
    return max(numbers, default=0), ""


def commit(
    root: str,
    keys: tuple[str, ...],
    made: Callable[[int, str], Header],
    content: bytes,
    *,
    sign: Sign,
    machine: str,
    known: Sequence[str] = (),
    anew: bool = False,
) -> Written:
    """Write a baseline that follows the newest, and tell it to the system's log.

    `made` gives the header for a number and the digest of the header before, `known`
    are numbers of the machine's baselines that were kept elsewhere.
    """
    where = folder(root)
    with _alone(where):
        number, previous = _before(root, keys, machine, known, anew=anew)
        header = made(number + 1, previous)
        one = entry(header, sign(signed(header)))
        now = as_newest(header, one.digest)
        old = (_optional(where / "history") or b"").splitlines(keepends=True)[:-1]
        lines = (msgspec.json.encode(row) + b"\n" for row in (one, end(now, sign)))
        whole = b"".join((*old, *lines))
        # What was signed by a key that nobody has pinned would never be believed.
        history(whole, keys)
        try:
            put(where / f"body-{header.serial:06}", content)
            put(where / "history", whole)
            put(_last(where), f"{now.words}\n".encode())
        except OSError as error:
            raise Refused(
                f"{where} cannot be written: {error.strerror}. The baseline before "
                "this one stays in force."
            ) from error
        _sweep(where, header.serial)
    about = f"{header.host} ({header.because}, {header.lines} paths)"
    line = told(now, about, sign)
    _tell(line)
    return Written(header, one.digest, line)


def _tell(line: str) -> None:
    """Let the system's log keep the number too: root here cannot take it back there.

    It reaches the central log server, where the site has one.
    """
    syslog.openlog("zmward", syslog.LOG_PID, syslog.LOG_AUTHPRIV)
    syslog.syslog(syslog.LOG_NOTICE, line)
    syslog.closelog()
