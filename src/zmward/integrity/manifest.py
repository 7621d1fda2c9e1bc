"""The signed manifest: a header that is signed, and a body whose digest it holds.

The body is one line of JSON for each path, as Node. Each header names the digest of the
header before it, so that the history is a chain: a header that is changed, left out or
put in another order breaks it. What was cut off at the end does not show in the chain,
but in the receipt that follows its last header (see receipts); who has kept an older
receipt can put that back too, and whoever remembers the last number and digest
elsewhere finds it.

    header 1 ◀─previous── header 2 ◀─previous── header 3 ◀── receipt   all signed
       │digest               │digest               │digest
     body 1                body 2                body 3
"""

import hashlib
from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import Annotated, Final, Literal

import msgspec

from zmward.errors import Refused
from zmward.integrity.node import Node
from zmward.integrity.receipts import End, Newest, ends, proved

SCHEMA: Final = "zmward.manifest/1"
Number = Annotated[int, msgspec.Meta(ge=1, lt=1 << 53)]


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is signed of one manifest.

    `previous` is the SHA-256 of the header before, empty for the first. `machine` is
    the SHA-256 of the machine's id. `owners` and `groups` give names to numbers,
    `packages` versions to packages as the package database then said; `suspects` are
    recorded paths that were not as their package has them, and `because` why this
    manifest was made.
    """

    schema: str
    serial: Number
    previous: str
    host: str
    machine: str
    when: str
    zmward: str
    because: Literal["baseline", "accept"]
    lines: int
    digest: str
    trees: tuple[str, ...]
    owners: Mapping[str, str]
    groups: Mapping[str, str]
    packages: Mapping[str, str]
    suspects: tuple[str, ...] = ()


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the history: a header as it was signed, and the signature."""

    header: str
    signature: str

    @property
    def digest(self) -> str:
        """Return the digest by which the next header names this one."""
        return hashlib.sha256(self.header.encode()).hexdigest()


class Manifest(msgspec.Struct, frozen=True):
    """A manifest that was proved: its header, the header's digest, its body's lines."""

    header: Header
    head: str
    lines: tuple[bytes, ...]

    def nodes(self) -> dict[str, Node]:
        """Return what is recorded, by path."""
        decode = msgspec.json.Decoder(Node).decode
        return {node.path: node for node in map(decode, self.lines)}


def entry(header: Header, signature: bytes) -> Entry:
    """Return the line of the history for a header and its signature."""
    return Entry(signed(header).decode(), b64encode(signature).decode())


def signed(header: Header) -> bytes:
    """Return the bytes that are signed."""
    return msgspec.json.encode(header, order="sorted")


def body(nodes: Iterable[Node]) -> bytes:
    """Return the lines of the nodes, in the order of their paths."""
    encode = msgspec.json.Encoder().encode
    return b"".join(
        encode(node) + b"\n" for node in sorted(nodes, key=lambda node: node.path)
    )


def history(content: bytes, keys: tuple[str, ...]) -> tuple[tuple[Header, str], ...]:
    """Return the headers with their digests, oldest first, or refuse what is forged.

    `keys` are those that the site has pinned, in base64.
    """
    lines = content.splitlines()
    if not lines:
        raise Refused(f"The history of baselines is empty: it was emptied.{_NEXT}")
    found = _chain(lines if _end(lines[-1]) is None else lines[:-1], keys)
    header, head = found[-1]
    last = _end(lines[-1])
    if last is None or not ends(last, newest(header, head), keys):
        raise Refused(
            f"The history of baselines ends with {header.serial}:{head[:16]}, and "
            "nothing signed says that this is the newest one: those after it were cut "
            f"off.{_NEXT}"
        )
    return found


def newest(header: Header, head: str) -> Newest:
    """Return a baseline as it is remembered elsewhere."""
    return Newest(header.machine, header.serial, head)


def _end(line: bytes) -> End | None:
    try:
        return msgspec.json.decode(line, type=End)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def _chain(
    lines: Iterable[bytes], keys: tuple[str, ...]
) -> tuple[tuple[Header, str], ...]:
    found: list[tuple[Header, str]] = []
    before = ""
    for number, line in enumerate(lines, 1):
        where = f"line {number} of the history of baselines"
        try:
            one = msgspec.json.decode(line, type=Entry)
            header = msgspec.json.decode(one.header, type=Header)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise Refused(f"{where} is damaged: {error}.{_NEXT}") from error
        if not proved(one.header.encode(), one.signature, keys):
            raise Refused(
                f"{where} is not signed by a key that you have pinned: it is forged, "
                f"damaged, or signed by somebody else.{_NEXT}"
            )
        if header.schema != SCHEMA:
            raise Refused(
                f"{where} has the schema {header.schema[:40]!r}; this zmward reads "
                f"{SCHEMA}."
            )
        if header.previous != before or (
            found and header.serial != found[-1][0].serial + 1
        ):
            raise Refused(
                f"{where} does not follow the one before it: something was taken out "
                f"or put in another order.{_NEXT}"
            )
        before = one.digest
        found.append((header, before))
    if not found:
        raise Refused(f"The history of baselines holds no baseline.{_NEXT}")
    return tuple(found)


def opened(header: Header, head: str, content: bytes) -> Manifest:
    """Return the manifest of a body, or refuse one that is not the header's."""
    if hashlib.sha256(content).hexdigest() != header.digest:
        raise Refused(
            f"The body of baseline {header.serial} is not the one that was signed: it "
            f"is forged or damaged.{_NEXT}"
        )
    return Manifest(header, head, tuple(content.splitlines()))


_NEXT: Final = (
    " Nothing was compared. Treat the host as broken into until you know why; a copy "
    "of the folder from a backup tells what was changed."
)


def follows(header: Header, head: str, remembered: str) -> None:
    """Refuse a newest baseline that is older than one that is remembered elsewhere.

    `remembered` is `NUMBER` or `NUMBER:DIGEST`, as `baseline` and `check` print it.
    """
    number, _, digest = remembered.partition(":")
    if not number.isdecimal():
        raise Refused(
            f"{remembered[:40]!r} is no remembered baseline: write 7 or 7:3f2a90c1…, "
            "as `zmward integrity check` prints it."
        )
    if header.serial < int(number) or (
        header.serial == int(number)
        and (digest and not head.startswith(digest.lower()))
    ):
        raise Refused(
            f"The newest baseline here is {header.serial}:{head[:16]}, and "
            f"{remembered} was made already: another one was put in its place.{_NEXT}"
        )
