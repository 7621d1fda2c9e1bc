"""Where baselines lie: a history that grows, and the bodies of the newest ones.

The body is written first, then the history takes its place in one step: that is the
moment from which a baseline counts. Whatever fails before leaves the old one in force.
"""

import os
import syslog
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Final

import msgspec

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

_LARGEST: Final = 1 << 30
_BODIES: Final = 2
Sign = Callable[[bytes], bytes]


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


def headers(root: str, keys: tuple[str, ...]) -> tuple[tuple[Header, str], ...]:
    """Return the proved history, oldest first; refuse one that went back in time."""
    where = folder(root)
    content = _optional(where / "history")
    noted = _optional(_last(where))
    if content is None:
        if noted is None:
            raise Usage(
                f"There is no baseline in {where}: make one with `zmward integrity "
                "baseline`, while the host is known to be good."
            )
        raise Refused(
            f"The history of baselines is gone from {where}, and there was one: "
            "somebody removed it. Put the folder back from a backup."
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
    return found


def newest(root: str, keys: tuple[str, ...], remembered: str = "") -> Manifest:
    """Return the newest baseline, proved; refuse a forged, damaged or older one."""
    header, head = headers(root, keys)[-1]
    if remembered:
        follows(header, head, remembered)
    path = folder(root) / f"body-{header.serial:06}"
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


def commit(
    root: str,
    keys: tuple[str, ...],
    made: Callable[[int, str], Header],
    content: bytes,
    sign: Sign,
) -> tuple[Header, str]:
    """Write a baseline that follows the newest; return its header and digest.

    `made` gives the header for a number and the digest of the header before.
    """
    where = folder(root)
    with _alone(where):
        before = headers(root, keys) if exists(root) else ()
        number = before[-1][0].serial + 1 if before else 1
        header = made(number, before[-1][1] if before else "")
        one = entry(header, sign(signed(header)))
        line = msgspec.json.encode(one) + b"\n"
        whole = (_optional(where / "history") or b"") + line
        # What was signed by a key that nobody has pinned would never be believed.
        history(whole, keys)
        try:
            put(where / f"body-{number:06}", content)
            put(where / "history", whole)
            put(_last(where), f"{number}:{one.digest}\n".encode())
        except OSError as error:
            raise Refused(
                f"{where} cannot be written: {error.strerror}. The baseline before "
                "this one stays in force."
            ) from error
        _sweep(where, number)
    _tell(header, one.digest)
    return header, one.digest


def _tell(header: Header, head: str) -> None:
    """Let the system's log keep the number too: root here cannot take it back there.

    It reaches the central log server, where the site has one.
    """
    syslog.openlog("zmward", syslog.LOG_PID, syslog.LOG_AUTHPRIV)
    syslog.syslog(
        syslog.LOG_NOTICE,
        f"integrity baseline {header.serial}:{head} of {header.host} "
        f"({header.because}, {header.lines} paths)",
    )
    syslog.closelog()
