"""A key of restic's that opens at once: the same key, behind a password of few rounds.

restic makes guessing a password slow, by half a second for each of its commands. Tests
run hundreds, with a password that everybody knows. The format is that of restic's
design document: scrypt, AES-256 in counter mode, Poly1305 with AES.
"""

import hashlib
import json
import os
from base64 import b64decode, b64encode
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR, ECB
from cryptography.hazmat.primitives.poly1305 import Poly1305

_BLOCK = 16
_FEWEST = {"N": 2, "r": 8, "p": 1}
_MEMORY = 256 << 20


class _Keys:
    """What a password becomes: one key to encrypt with, two halves to sign with."""

    def __init__(self, password: str, salt: bytes, rounds: dict[str, int]) -> None:
        made = hashlib.scrypt(
            password.encode(),
            salt=salt,
            n=rounds["N"],
            r=rounds["r"],
            p=rounds["p"],
            maxmem=_MEMORY,
            dklen=64,
        )
        self._secret, self._masked, self._factor = made[:32], made[32:48], made[48:]

    def crypt(self, nonce: bytes, text: bytes) -> bytes:
        """Encrypt or decrypt, which is the same."""
        return Cipher(AES(self._secret), CTR(nonce)).encryptor().update(text)

    def tag(self, nonce: bytes, text: bytes) -> bytes:
        """Return the signature of an encrypted text."""
        block = Cipher(AES(self._masked), ECB()).encryptor()  # noqa: S305  # one block, as Poly1305-AES is made
        return Poly1305.generate_tag(self._factor + block.update(nonce), text)


def ease(repository: Path, password: str) -> None:
    """Put a key that opens at once in the place of a repository's only key."""
    (path,) = (repository / "keys").iterdir()
    told = json.loads(path.read_bytes())
    salt, data = b64decode(told["salt"]), b64decode(told["data"])
    nonce, text, tag = data[:_BLOCK], data[_BLOCK:-_BLOCK], data[-_BLOCK:]
    old = _Keys(password, salt, told)
    if old.tag(nonce, text) != tag:
        raise AssertionError("the password does not open the repository's key")
    new, own = _Keys(password, salt, _FEWEST), os.urandom(_BLOCK)
    hidden = new.crypt(own, old.crypt(nonce, text))
    told |= _FEWEST | {"data": b64encode(own + hidden + new.tag(own, hidden)).decode()}
    content = json.dumps(told).encode()
    # A file's name is the sum of what it holds.
    path.unlink()
    (path.parent / hashlib.sha256(content).hexdigest()).write_bytes(content)
