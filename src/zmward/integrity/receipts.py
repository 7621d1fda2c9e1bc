"""Receipts: signed words by which a history shows where it ends.

The chain of headers proves their order, not that the last one is the newest. So who
signs a header signs two more sentences: that it is the end, which is the last line of
the history and is replaced with the next baseline, and that it was told, which goes to
the system's log and lies beside the key. No end of an older baseline stays on the host,
and the sentence of the log is another one, which ends no history.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error as NoBase64
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import msgspec

KEY_BYTES: Final = 32
Sign = Callable[[bytes], bytes]
# More of them than baselines of many hosts in years; each costs a proof of a tenth of a
# millisecond.
MOST: Final = 20_000
_TOLD: Final = re.compile(
    rb"integrity baseline ([1-9]\d{0,15}):([0-9a-f]{64}) of [^\n]{0,400}? "
    rb"signed ([A-Za-z0-9+/]{86}==)"
)


class Newest(msgspec.Struct, frozen=True):
    """A machine's newest baseline, by the digests of the machine's id and the header's.

    Both are SHA-256 in hexadecimal digits.
    """

    machine: str
    number: int
    digest: str

    @property
    def words(self) -> str:
        """Return it as people keep it."""
        return f"{self.number}:{self.digest}"

    def says(self, what: str) -> bytes:
        """Return the sentence that is signed; headers are JSON, and begin otherwise."""
        return f"zmward {what} of {self.machine or '-'}: {self.words}".encode()


class End(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last line of a history: the newest baseline, and that it is the newest."""

    newest: str
    receipt: str


def _public(key: str) -> bytes:
    raw = b64decode(key, validate=True)
    if len(raw) != KEY_BYTES:
        raise ValueError(key)
    return raw


def proved(content: bytes, signature: str, keys: Iterable[str]) -> bool:
    """Say whether one of some public keys in base64 has signed a content."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  # slow to import
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415  # slow to import

    try:
        raw = b64decode(signature, validate=True)
    except (NoBase64, ValueError):
        return False
    for key in keys:
        public = ed25519.Ed25519PublicKey.from_public_bytes(_public(key))
        try:
            public.verify(raw, content)
        except InvalidSignature:
            continue
        return True
    return False


def end(newest: Newest, sign: Sign) -> End:
    """Return the last line of a history that ends with a baseline."""
    return End(newest.words, b64encode(sign(newest.says("end"))).decode())


def ends(last: End, newest: Newest, keys: Iterable[str]) -> bool:
    """Say whether a history's last line is the receipt of its newest baseline."""
    return last.newest == newest.words and proved(
        newest.says("end"), last.receipt, keys
    )


def told(newest: Newest, of: str, sign: Sign) -> str:
    """Return the line for the log; `of` names the host, and why it was made."""
    signature = b64encode(sign(newest.says("told"))).decode()
    plain = "".join(char if " " <= char <= "~" else "?" for char in of)[:300]
    return f"integrity baseline {newest.words} of {plain} signed {signature}"


def flooded(content: bytes) -> bool:
    """Say whether there are more such lines than are proved: some were not looked at.

    What is signed is not the whole line, so that an older one can come again behind a
    flood that hides the newest.
    """
    return len({match[0] for match in _TOLD.finditer(content)}) > MOST


def _proved_lines(
    content: bytes, machine: str, keys: tuple[str, ...]
) -> Iterator[tuple[Newest, bytes]]:
    found = {match[0]: match for match in _TOLD.finditer(content)}
    for match in list(found.values())[-MOST:]:
        one = Newest(machine, int(match[1]), match[2].decode())
        if proved(one.says("told"), match[3].decode(), keys):
            yield one, match[0]


def newest_told(content: bytes, machine: str, keys: tuple[str, ...]) -> Newest | None:
    """Return the newest baseline of a machine that a log tells, by proved lines alone.

    Anybody on a host may write such a line to its log, and only the key can sign one.
    """
    some = (one for one, _ in _proved_lines(content, machine, keys))
    return max(some, key=lambda one: one.number, default=None)


def kept_with(content: bytes, line: str, machine: str, keys: tuple[str, ...]) -> bytes:
    """Return what is kept beside a key with a new line in place of a machine's own."""
    old = {match for _, match in _proved_lines(content, machine, keys)}
    others = [one for one in content.splitlines() if one and one not in old]
    return b"".join(one + b"\n" for one in (*others, line.encode()))
