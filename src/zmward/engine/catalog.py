"""The advisories that count: those shipped with zmward, and newer signed ones.

The taken catalog lies in the state with its signature and is proved anew each time.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlunsplit

import msgspec

from zmward.catalog.advisories import Active, Advisories, advisories
from zmward.doors.download import downloaded, place
from zmward.engine.own_store import alone, put
from zmward.engine.state import root
from zmward.errors import BadFile, Refused
from zmward.patches.signed import (
    LARGEST,
    SIGNATURE_BYTES,
    SignedCatalog,
    laid_over,
    newer,
    opened,
)
from zmward.profile import Patches

_STORED: Final = "the catalog in the state"


class _Stored(msgspec.Struct, frozen=True):
    """A catalog as it was taken, byte for byte, and its signature."""

    content: bytes
    signature: bytes


class Taken(msgspec.Struct, frozen=True):
    """A catalog that was taken, and the ids that it added."""

    serial: int
    advisories: Advisories
    added: tuple[str, ...]


def folder() -> Path:
    """Return where the taken catalog lies, on the machine that judges.

    ZMWARD_CATALOG names another place, for users without root.
    """
    own = os.environ.get("ZMWARD_CATALOG")
    return Path(own).absolute() if own else Path(root()) / "catalog"


def _bounded(path: Path, most: int) -> bytes:
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise Refused(f"{path} is larger than any catalog. Nothing was changed.")
    return content


def _stored() -> _Stored | None:
    try:
        content = _bounded(folder() / "current", 2 * LARGEST)
    except FileNotFoundError:
        return None
    return msgspec.msgpack.decode(content, type=_Stored)


def active(site: Patches) -> Active:
    """Return the newest advisories that can be believed, and why others are not."""
    shipped = advisories()
    try:
        stored = _stored()
        if stored is None:
            return Active(shipped)
        found = opened(stored.content, stored.signature, site.catalog_keys, _STORED)
    except (OSError, Refused, msgspec.DecodeError, UnicodeError) as error:
        return Active(shipped, trouble=f"{_STORED} is not used: {error}")
    return Active(laid_over(shipped, found), found.serial, taken=found.ids)


def _last(site: Patches) -> int:
    """Return the highest serial number that was ever taken."""
    path = folder() / "serial"
    try:
        noted = int(_bounded(path, 64).decode("ascii"))
    except FileNotFoundError:
        noted = 0
    except ValueError as error:
        raise Refused(
            f"{path} is damaged, so nobody knows which catalogs are older: write the "
            "serial number of the last one into it. Nothing was changed."
        ) from error
    return max(noted, active(site).serial)


@contextmanager
def _alone() -> Iterator[Path]:
    """Give the folder, private to us, to one update at a time."""
    where = folder()
    with alone(
        where,
        nothing="no catalog can be kept there",
        variable="ZMWARD_CATALOG",
        busy="Another update of the catalog is at work.",
    ):
        yield where


def _fetched(source: str) -> tuple[bytes, bytes]:
    """Return the catalog and its signature, from a file or by https."""
    if "://" in source:
        parts = place(source)
        signed = urlunsplit(parts._replace(path=f"{parts.path}.sig"))
        content = downloaded(source, LARGEST)
        return content, downloaded(signed, SIGNATURE_BYTES)
    try:
        content = _bounded(Path(source), LARGEST)
        return content, _bounded(Path(f"{source}.sig"), 2 * SIGNATURE_BYTES)
    except OSError as error:
        raise BadFile(f"{error.filename} cannot be read: {error.strerror}.") from error


def update(source: str, site: Patches, now: datetime) -> Taken:
    """Take a newer catalog, or refuse it and change nothing."""
    if not site.catalog_keys:
        opened(b"", b"", (), source)
    content, signature = _fetched(source)
    found: SignedCatalog = opened(content, signature, site.catalog_keys, source)
    with _alone() as where:
        old = active(site)
        shipped = advisories().generated
        last, had = _last(site), old.taken
        newer(found, source, now, last=last, shipped=shipped, had=had)
        stored = msgspec.msgpack.encode(_Stored(content, signature))
        put(where / "current", stored)
        put(where / "serial", f"{found.serial}\n".encode())
    known = {row.id for row in old.advisories.rows}
    added = (row.id for row in found.advisories.rows if row.id not in known)
    return Taken(found.serial, active(site).advisories, tuple(added))
