"""How long a whole restore would take: what was measured, and what that is worth."""

from collections.abc import Sequence
from typing import Final

from zmward.backup_places import Copy
from zmward.backups.rehearsal import Estimate, Part

_MBIT: Final = 125_000
# Less says more of the way to the first byte than of the way.
_LEAST_BYTES: Final = 1 << 20


def _way(parts: Sequence[Part], copy: Copy) -> tuple[float | None, str]:
    """Return how many bytes a second come back from a copy, and how that is known."""
    if copy.transfer_mbit:
        said = f"{copy.transfer_mbit:g} Mbit/s from {copy.name}, as the profile says"
        return copy.transfer_mbit * _MBIT, said
    got = sum(part.bytes for part in parts)
    seconds = sum(part.fetch_seconds for part in parts)
    if got < _LEAST_BYTES or seconds <= 0:
        return None, "how fast a copy comes back is not known: set transfer-mbit"
    rate = got / seconds
    return rate, f"{rate / _MBIT:.0f} Mbit/s from {copy.name}, measured on {got} bytes"


def _accounts(part: Part | None, waiting: int | None) -> tuple[float | None, str]:
    """Return the seconds for all accounts, by the one that was read."""
    if part is None or not part.source:
        return 0.0, "no account was tried: the sum is without them"
    if part.state != "well":
        return None, "the account did not restore, so that there is no sum"
    if waiting is None:
        return None, "how large all accounts are together is not known"
    if not part.seconds or part.bytes < _LEAST_BYTES:
        return None, "the account that was read is too small to tell how long all take"
    seconds = waiting * part.seconds / part.bytes
    return seconds, (
        f"reading all accounts ({waiting} bytes) is extrapolated from one "
        f"({part.bytes} bytes); that mailboxd takes them as fast is a hope: its import "
        "was not measured"
    )


def _measured(part: Part | None, subject: str, based: list[str]) -> float | None:
    """Return the seconds of a part that was restored whole; 0 for one that is not kept.

    None where it is kept and was not restored: then nobody knows.
    """
    if part is None or not part.source:
        based.append(f"{subject} was not tried: the sum is without it")
        return 0.0
    if part.state == "well":
        based.append(f"{subject} was restored whole: measured")
        return part.seconds
    how = "did not restore" if part.state == "bad" else "is not known to be whole"
    based.append(f"{subject} {how}, so that there is no sum")
    return None


def estimated(
    parts: Sequence[Part], copy: Copy, whole: int | None, accounts: int | None
) -> Estimate:
    """Return how long a restore of everything takes.

    `whole` are the bytes of the backup, `accounts` those of all accounts in it; None
    where not known.
    """
    based: list[str] = []
    rate, said = _way(parts, copy)
    based.append(said)
    transfer = whole / rate if rate and whole is not None else None
    if whole is None:
        based.append("how large the whole backup is is not known")
    else:
        based.append(f"the whole backup is {whole} bytes")
    known = {part.subject: part for part in parts}
    ldap = _measured(known.get("ldap"), "ldap", based)
    mariadb = _measured(known.get("mariadb"), "mariadb", based)
    more, said = _accounts(known.get("account"), accounts)
    based.append(said)
    seconds = (transfer, ldap, mariadb, more)
    sure = [one for one in seconds if one is not None]
    whole_time = sum(sure) if len(sure) == len(seconds) else None
    return Estimate(whole_time, transfer, tuple(based))
