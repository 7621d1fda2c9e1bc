"""How bad an advisory is: the vendor's word, else CVSS, raised by known attacks."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec

from zmward.i18n import mark


class Rating(StrEnum):
    """The word that decides the time; nobody's word is a value of its own."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    UNRATED = "unrated"


class Basis(StrEnum):
    """Whose word the rating is."""

    EXPLOITED = "exploited"
    VENDOR = "vendor"
    CVSS = "cvss"
    NOBODY = "nobody"


class Rated(msgspec.Struct, frozen=True):
    """A rating, and whose it is."""

    rating: Rating
    basis: Basis

    @property
    def treated(self) -> Rating:
        """Return the rating whose time counts: without one it is Medium."""
        return Rating.MEDIUM if self.rating is Rating.UNRATED else self.rating


BASES: Final[Mapping[Basis, str]] = {
    Basis.EXPLOITED: mark("attackers use it"),
    Basis.VENDOR: mark("the vendor's rating"),
    Basis.CVSS: mark("by its CVSS score"),
    Basis.NOBODY: mark("nobody has rated it: treated as Medium"),
}
# The vendor uses two vocabularies. Its Major reaches from 5.0 to 7.9, so it counts
# as the worse of the two that it covers.
_VENDOR: Final[Mapping[str, Rating]] = {
    "low": Rating.LOW,
    "minor": Rating.LOW,
    "medium": Rating.MEDIUM,
    "moderate": Rating.MEDIUM,
    "high": Rating.HIGH,
    "major": Rating.HIGH,
    "critical": Rating.HIGH,
}
_MEDIUM_FROM: Final = 4.0
_HIGH_FROM: Final = 7.0
_MOST: Final = 10.0


def score(vector: str) -> float | None:
    """Return the base score of a CVSS vector (2, 3.x or 4.0); None for no vector."""
    import cvss  # noqa: PLC0415  # only the vectors of newer catalogs need it

    kinds = {"CVSS:3": cvss.CVSS3, "CVSS:4": cvss.CVSS4}
    kind = kinds.get(vector[:6], cvss.CVSS2)
    try:
        return float(kind(vector).scores()[0])
    except cvss.CVSSError:
        return None


def by_score(number: float) -> Rating | None:
    """Return the rating of a score; None for what is no score."""
    if not 0 <= number <= _MOST:
        return None
    if number < _MEDIUM_FROM:
        return Rating.LOW
    return Rating.MEDIUM if number < _HIGH_FROM else Rating.HIGH


def rated(
    vendor: str | None, number: float | None, *, exploited: bool, vector: str = ""
) -> Rated:
    """Return the rating that counts."""
    if exploited:
        return Rated(Rating.HIGH, Basis.EXPLOITED)
    word = _VENDOR.get((vendor or "").strip().lower())
    if word is not None:
        return Rated(word, Basis.VENDOR)
    found = score(vector) if number is None and vector else number
    by = None if found is None else by_score(found)
    return Rated(by, Basis.CVSS) if by else Rated(Rating.UNRATED, Basis.NOBODY)
