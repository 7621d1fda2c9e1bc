"""Reads an account's archive as it is restored: every item, to the very last byte.

Nothing is extracted, so that no name, link or device of it can do harm; memory and
expansion are bounded.
"""

import hashlib
import tarfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final, NoReturn

import msgspec

Read = Callable[[int], bytes]
_PIECE: Final = 1 << 18
# A header of tar's that is longer is an attack on memory: tarfile holds hundreds of
# them at a time.
_LONGEST: Final = _PIECE
# No mail compresses so well; a bomb does.
_RATIO: Final = 250
_HARMLESS: Final = 256 << 20
# Who packs in pieces puts something into each.
_MEMBERS: Final = 1000
_LEAST: Final = 512
_GZIP: Final = 31
_BLOCK: Final = 512
_FEW: Final = 3
# Writers of tar fill their last blocks of 20 records with whatever they had there.
_PADDING: Final = 2 * 20 * _BLOCK
_REFUSALS: Final = (tarfile.TarError, ValueError, OverflowError, EOFError)
_KINDS: Final = {
    "eml": "messages",
    "appt": "appointments",
    "task": "tasks",
    "vcf": "contacts",
    "wiki": "documents",
    "note": "documents",
    "chat": "messages",
    # Zimbra writes one beside a message of which it found only a part.
    "err": "damaged",
}


class Broken(Exception):  # it becomes a part that is bad
    """An archive does not restore; its text says why."""


class Contents(msgspec.Struct, frozen=True):
    """What an archive holds: items by kind, bytes unpacked, and a checksum of it all.

    `doubtful` names entries that no export of Zimbra's has.
    """

    counts: dict[str, int]
    unpacked: int
    sha256: str
    doubtful: tuple[str, ...]


class _Unzipped:
    """The content of a gzip stream as a file that only goes forward."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._engine = zlib.decompressobj(_GZIP)
        self._ready = b""
        self._place = 0
        self._taken = self._given = self._members = 0
        self._over = False
        self.last = b""
        self.digest = hashlib.sha256()

    def _more(self) -> bool:
        """Unpack a piece; say whether there was one."""
        if self._engine.eof:
            return self._next()
        piece = self._engine.unconsumed_tail or self._fetched()
        if not piece and self._taken:
            raise Broken("it breaks off: the end of its compression is missing")
        if not piece:
            raise Broken("it is empty")
        try:
            self._keep(self._engine.decompress(piece, _PIECE))
        except zlib.error as error:
            raise Broken(f"it is damaged: {error}") from error
        return True

    def _fetched(self) -> bytes:
        piece = self._read(_PIECE)
        self._taken += len(piece)
        return piece

    def _keep(self, got: bytes) -> None:
        self.digest.update(got)
        self._given += len(got)
        if self._given > _HARMLESS and self._given > self._taken * _RATIO:
            raise Broken("it expands without measure: stopped")
        self._ready += got

    def _next(self) -> bool:
        """Go on with a further member of the stream; say whether one follows."""
        rest = self._engine.unused_data or self._fetched()
        if not rest.strip(b"\0"):
            self._over = True
            return False
        self._members += 1
        if self._members > _MEMBERS and self._given < self._members * _LEAST:
            raise Broken("it is packed in pieces that hold nothing: stopped")
        self._engine = zlib.decompressobj(_GZIP)
        try:
            self._keep(self._engine.decompress(rest, _PIECE))
        except zlib.error as error:
            raise Broken(f"what follows its end is damaged: {error}") from error
        return True

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, fewer at the end only."""
        if not 0 <= size <= _LONGEST:
            raise Broken("a header of it is longer than any that Zimbra writes")
        while len(self._ready) < size and not self._over and self._more():
            continue
        found, self._ready = self._ready[:size], self._ready[size:]
        self._place += len(found)
        self.last = found
        return found

    def tell(self) -> int:
        """Return how far it was read."""
        return self._place

    def seek(self, place: int, _whence: int = 0) -> int:
        """Go forward; there is no way back."""
        if place < self._place:
            raise Broken("its headers contradict each other")
        while self._place < place:
            if not self.read(min(place - self._place, _PIECE)):
                break
        return self._place

    def drain(self) -> None:
        """Read what follows, so that the last checksum is proved as well."""
        self.read(_PADDING)
        while piece := self.read(_PIECE):
            if piece.strip(b"\0"):
                raise Broken("more follows its end, which no restore would read")


def _fail(error: Exception) -> NoReturn:
    raise Broken(f"it is no archive that tar reads: {error}") from error


def _doubt(entry: tarfile.TarInfo) -> str:
    """Say what is wrong with an entry; empty for a plain file or folder."""
    if entry.issym() or entry.islnk():
        return "a link"
    if not entry.isfile() and not entry.isdir():
        return "a device or pipe"
    parts = entry.name.split("/")
    if entry.name.startswith("/") or ".." in parts:
        return "a name that leads outside"
    return ""


def _entries(source: _Unzipped) -> Iterator[tarfile.TarInfo]:
    try:
        archive = tarfile.TarFile(
            fileobj=source,  # type: ignore[arg-type]  # it goes forward only
            mode="r",
            errors="surrogateescape",
        )
        while entry := archive.next():
            yield entry
            _whole(source, entry)
            # Else every entry that was read stays in memory.
            archive.members = []  # type: ignore[attr-defined]  # tarfile's own list
            archive.pax_headers = {}
    except (*_REFUSALS, RecursionError) as error:
        _fail(error)
    # tarfile takes a missing or damaged header for the end, which is a block of zeros.
    if source.last != bytes(_BLOCK):
        raise Broken("it breaks off between two entries, or is damaged there")


def _whole(source: _Unzipped, entry: tarfile.TarInfo) -> None:
    """Read an entry's content to its end."""
    if not entry.isreg() or entry.sparse is not None:
        return
    end = entry.offset_data + entry.size
    if source.seek(end) < end:
        raise Broken(f"it breaks off within {entry.name[-80:]!r}")


def _kind(name: str) -> str:
    if name.endswith(".meta"):
        return "items"
    return _KINDS.get(name.rpartition(".")[2], "others")


def contents(read: Read) -> Contents:
    """Read a whole archive; `read` gives its next bytes, as compressed as they are.

    Raise Broken for what does not restore.
    """
    source = _Unzipped(read)
    counts: Counter[str] = Counter()
    doubtful: list[str] = []
    unpacked = 0
    for entry in _entries(source):
        doubt = _doubt(entry)
        if doubt:
            if len(doubtful) < _FEW:
                doubtful.append(f"{entry.name[-80:]!r} is {doubt}")
            continue
        if entry.isfile():
            counts[_kind(entry.name)] += 1
            unpacked += entry.size
    source.drain()
    if not counts and not doubtful:
        raise Broken("it holds nothing")
    return Contents(dict(counts), unpacked, source.digest.hexdigest(), tuple(doubtful))
