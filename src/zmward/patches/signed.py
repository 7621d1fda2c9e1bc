"""A catalog of advisories that somebody signed, whose key the site has pinned.

Its rows are laid over those that zmward brings: what it does not name stays, unless it
withdraws it by name. So no short catalog makes a hole vanish.
The signature is ed25519 over the file's bytes, so that openssl makes and proves it.
A catalog is taken only if it is whole, signed, newer than any taken before, and not
from the future: whoever holds a mirror can then withhold news, but not undo them.
"""

import re
from base64 import b64decode
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final

import msgspec

from zmward.catalog.advisories import Advisories
from zmward.errors import Refused
from zmward.patches.rating import score

SCHEMA: Final = "zmward.catalog/1"
LARGEST: Final = 8 << 20
SIGNATURE_BYTES: Final = 64
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{2,39}")
# Clocks differ, and a day begins earlier in the east.
_LEEWAY: Final = timedelta(days=1)
Serial = Annotated[int, msgspec.Meta(ge=1, lt=1 << 53)]


class SignedCatalog(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the file holds; the serial number grows with each one that is published.

    `withdrawn` are ids that turned out to be none.
    """

    schema: str
    serial: Serial
    issued: datetime
    advisories: Advisories
    withdrawn: tuple[str, ...] = ()

    @property
    def ids(self) -> frozenset[str]:
        """Return the ids of its rows."""
        return frozenset(row.id for row in self.advisories.rows)


def _signed(content: bytes, signature: bytes, keys: Iterable[str]) -> bool:
    """Say whether one of the pinned keys signed the content."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  # slow to import
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415

    for key in keys:
        public = ed25519.Ed25519PublicKey.from_public_bytes(b64decode(key))
        try:
            public.verify(signature, content)
        except InvalidSignature:
            continue
        return True
    return False


def _decoded(content: bytes, name: str) -> SignedCatalog:
    try:
        found = msgspec.json.decode(content, type=SignedCatalog)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Refused(
            f"{name} is no catalog that this zmward reads: {error}. Nothing was "
            "changed."
        ) from error
    if found.schema != SCHEMA:
        raise Refused(
            f"{name} has the schema {found.schema[:40]!r}; this zmward reads {SCHEMA}. "
            "Nothing was changed."
        )
    return found


def _sound(found: SignedCatalog, name: str) -> None:
    """Refuse a catalog that says nothing, one thing twice, or what is yet to come.

    A hole counts from the day of its publication on, so a wrong year would hide it.
    """
    ids = [row.id for row in found.advisories.rows]
    strange = next((one for one in ids if not _ID.fullmatch(one)), None)
    if not ids or len(set(ids)) != len(ids) or strange is not None:
        what = "an id that is none" if strange is not None else "the same id twice"
        raise Refused(
            f"{name} holds {what if ids else 'no advisory'}. Nothing was changed."
        )
    latest = found.advisories.generated + _LEEWAY
    for row in found.advisories.rows:
        if row.vector and score(row.vector) is None:
            raise Refused(
                f"{name} gives {row.id} a vector that is none. Nothing was changed."
            )
        if row.published and row.published > latest:
            raise Refused(
                f"{name} says that {row.id} was published on {row.published}, after "
                f"its own day {found.advisories.generated}. Nothing was changed."
            )


def opened(
    content: bytes, signature: bytes, keys: tuple[str, ...], name: str
) -> SignedCatalog:
    """Return the catalog, or refuse what nobody whom the site knows has signed."""
    if not keys:
        raise Refused(
            "The profile pins no key, so no catalog can be believed: put the public "
            "key of whoever signs it into [patches] catalog-keys."
        )
    if len(content) > LARGEST:
        raise Refused(f"{name} is larger than any catalog. Nothing was changed.")
    if len(signature) != SIGNATURE_BYTES:
        raise Refused(
            f"{name}.sig is no ed25519 signature of {SIGNATURE_BYTES} bytes. "
            "Nothing was changed."
        )
    if not _signed(content, signature, keys):
        raise Refused(
            f"{name} is not signed by a key that the profile pins: it is damaged, "
            "forged, or signed by somebody else. Nothing was changed."
        )
    found = _decoded(content, name)
    _sound(found, name)
    return found


def laid_over(shipped: Advisories, found: SignedCatalog) -> Advisories:
    """Return the rows of both; of two with one id, the one with the newer facts."""
    if found.advisories.generated < shipped.generated:
        known = {row.id for row in shipped.rows}
        more = (row for row in found.advisories.rows if row.id not in known)
        return Advisories(shipped.generated, (*shipped.rows, *more))
    gone = found.ids.union(found.withdrawn)
    kept = (row for row in shipped.rows if row.id not in gone)
    return Advisories(found.advisories.generated, (*found.advisories.rows, *kept))


def newer(
    found: SignedCatalog,
    name: str,
    now: datetime,
    *,
    last: int,
    shipped: date,
    had: frozenset[str] = frozenset(),
) -> None:
    """Refuse a catalog from the future, and one that is not newer than what is here.

    `last` is the highest serial number ever taken, `shipped` the day of the facts that
    this version of zmward brings along, `had` are the ids of the one taken before.
    """
    issued = found.issued
    if issued.tzinfo is None:
        raise Refused(f"{name} was issued at a time without zone. Nothing was changed.")
    latest = now.astimezone(UTC) + _LEEWAY
    if issued > latest or found.advisories.generated > latest.date():
        raise Refused(
            f"{name} is from the future ({issued:%Y-%m-%d}): this host's clock or the "
            "catalog is wrong. Nothing was changed."
        )
    if found.serial <= last:
        raise Refused(
            f"{name} has the serial number {found.serial}, and {last} was taken "
            "already: only newer ones are. Nothing was changed."
        )
    if found.advisories.generated < shipped:
        raise Refused(
            f"{name} knows what was known on {found.advisories.generated}; this zmward "
            f"itself knows that of {shipped}. Nothing was changed."
        )
    lost = sorted(had - found.ids - frozenset(found.withdrawn))
    if lost:
        raise Refused(
            f"{name} lacks {lost[0]}, which the catalog before it had, and does not "
            "withdraw it. Nothing was changed."
        )
