"""The key that signs baselines: made, opened with its passphrase, and its public half.

Private keys are PEM files as openssl writes them. One without a passphrase is taken
only from another filesystem than the baselines': a medium that can leave the host.
"""

import os
import stat
from base64 import b64decode, b64encode
from binascii import Error as NoBase64
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from zmward.engine.own_store import put
from zmward.errors import BadFile, Refused, Usage
from zmward.integrity.receipts import KEY_BYTES, kept_with

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_LARGEST: Final = 1 << 16
_LARGEST_LOG: Final = 256 << 20
_SHORTEST: Final = 8
Asks = Callable[[], bytes]


class Signer:
    """An opened private key; beside its file it keeps what it signed of each host."""

    def __init__(self, key: "Ed25519PrivateKey", file: Path | None = None) -> None:
        self._key = key
        self.memory = None if file is None else file.with_name(f"{file.name}.newest")

    @property
    def public(self) -> str:
        """Return the public half in base64, as the profile pins it."""
        from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415  # slow to import
            Encoding,
            PublicFormat,
        )

        raw = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return b64encode(raw).decode()

    def sign(self, content: bytes) -> bytes:
        """Return the signature of a content."""
        return self._key.sign(content)

    def kept(self) -> bytes:
        """Return the lines that lie beside the key."""
        if self.memory is None or not os.path.lexists(self.memory):
            return b""
        return _file(self.memory)

    def keep(self, line: str, machine: str) -> str:
        """Put a new line of a machine beside the key; return why that failed."""
        if self.memory is None:
            return ""
        try:
            put(self.memory, kept_with(self.kept(), line, machine, (self.public,)))
        except (OSError, BadFile) as error:
            return f"{self.memory} cannot be written: {error}"
        return ""


def _file(path: Path, largest: int = _LARGEST) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise BadFile(f"{path} is no file.")
            return file.read(largest)
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}.") from error


def told_by(path: Path) -> bytes:
    """Return a file that tells of baselines: a key's memory, or a log."""
    if not path.exists():
        raise BadFile(
            f"--expect {path} is neither NUMBER:DIGEST, as `zmward integrity check` "
            "prints it, nor a file."
        )
    found = _file(path, _LARGEST_LOG + 1)
    if len(found) > _LARGEST_LOG:
        raise BadFile(
            f"--expect {path} is larger than {_LARGEST_LOG >> 20} MiB, and the newest "
            "baseline may stand at its end: give the lines on baselines alone."
        )
    return found


def passphrase_of(path: Path) -> bytes:
    """Return the first line of a file that only its owner may read."""
    content = _file(path)
    if path.stat().st_mode & 0o077:
        raise Refused(f"Others may read {path}: `chmod 600` it, and change the phrase.")
    return content.split(b"\n", 1)[0]


def create(path: Path, passphrase: bytes) -> Signer:
    """Make a key and write it, locked by a passphrase, to a new file of mode 0600."""
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415  # slow to import
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415  # slow to import
        BestAvailableEncryption,
        Encoding,
        PrivateFormat,
    )

    if len(passphrase) < _SHORTEST:
        raise Refused(f"A passphrase of fewer than {_SHORTEST} bytes protects nothing.")
    key = ed25519.Ed25519PrivateKey.generate()
    text = key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase)
    )
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as error:
        raise Refused(
            f"{path} is there already: a key is never overwritten."
        ) from error
    except OSError as error:
        raise BadFile(f"{path} cannot be written: {error.strerror}.") from error
    return Signer(key, path)


def _device(path: Path) -> int:
    """Return the filesystem of a path, or of the first folder above that exists."""
    while not path.exists():
        path = path.parent
    return path.stat().st_dev


def load(path: Path, asks: Asks, baselines: Path) -> Signer:
    """Open a private key; `asks` gives the passphrase where it needs one."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415  # slow to import
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415  # slow to import
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415  # slow to import
        load_pem_private_key,
    )

    content = _file(path)
    locked = b"ENCRYPTED" in content
    if not locked and path.stat().st_dev == _device(baselines):
        raise Refused(
            f"{path} has no passphrase and lies on this host: whoever breaks in signs "
            f"with it. Lock it (`openssl pkcs8 -topk8 -in {path.name} -out NEW`), or "
            "keep it on a medium that you take away."
        )
    try:
        key = load_pem_private_key(content, asks() if locked else None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # The library's own text could tell more than it should.
        raise Refused(
            f"{path} cannot be opened: the passphrase is wrong, or it is no private "
            "key in PEM."
        ) from None
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise BadFile(f"{path} is no ed25519 key: make one with --new-key FILE.")
    return Signer(key, path)


def public(text: str) -> str:
    """Return a public key in base64: given so, or as a PEM file's name."""
    try:
        if len(b64decode(text, validate=True)) == KEY_BYTES:
            return text
    except (NoBase64, ValueError):
        pass
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415  # slow to import
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415  # slow to import
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415  # slow to import
        Encoding,
        PublicFormat,
        load_pem_public_key,
    )

    try:
        key = load_pem_public_key(_file(Path(text)))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadFile(f"{text} holds no public key in PEM.") from error
    if not isinstance(key, ed25519.Ed25519PublicKey):
        raise BadFile(f"{text} is no ed25519 key.")
    return b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def pinned(profile: tuple[str, ...], given: tuple[str, ...]) -> tuple[str, ...]:
    """Return the keys that count: those given, else those of the profile."""
    found = tuple(map(public, given)) or profile
    if not found:
        raise Usage(
            "No key is pinned, so no baseline can be believed: put the public key that "
            "`zmward integrity baseline` printed into the profile, [integrity] keys = "
            '["…"], or give it with --public-key.'
        )
    return found
