"""The key of the fingerprints: a file of its owner's, outside of the repository."""

import os
import re
import secrets
import stat
import tempfile
from pathlib import Path
from typing import Final

from zmward.errors import Refused, Usage

_BYTES: Final = 32
_TEXT: Final = re.compile(rb"[0-9a-f]{64}\n?")
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def _make(path: Path) -> bytes:
    """Make a key in a file that is whole as soon as it is there, and replaces none."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = secrets.token_bytes(_BYTES)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(key.hex().encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(name, path)
    finally:
        Path(name).unlink()
    return key


def _read(path: Path) -> bytes:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags), "rb") as file:
        found = os.fstat(file.fileno())
        content = file.read(2 * _BYTES + 2)
    if not stat.S_ISREG(found.st_mode) or found.st_uid not in (0, os.geteuid()):
        raise Refused(f"{path} is no plain file of yours: it is no key.")
    if found.st_mode & _OTHERS:
        raise Refused(
            f"{path} can be read by others: whoever has it can try out which password "
            "gives a fingerprint. Set its mode to 0600."
        )
    if not _TEXT.fullmatch(content):
        raise Refused(f"{path} holds no key: 64 hexadecimal digits are one.")
    return bytes.fromhex(content.decode().strip())


def key(path: Path, repository: Path) -> bytes:
    """Return the key of a file; it is made where there is none.

    One inside the repository is refused: it would go wherever the history goes.
    """
    real = path.parent.resolve() / path.name
    if repository.resolve() in (real, *real.parents):
        raise Refused(f"{path} lies within the repository: keep the key outside of it.")
    try:
        return _read(path) if os.path.lexists(path) else _make(path)
    except OSError as error:
        raise Usage(
            f"{path} cannot be used as the key: {error.strerror}. --key FILE names "
            "another one."
        ) from error
