"""Holds the archives of a backup against the accounts of the live directory."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

import msgspec

from zmward.backups.coverage import Account, coverage, listed
from zmward.backups.rehearsal import Part
from zmward.backups.run import named
from zmward.doors.host import Door
from zmward.doors.zimbra_host import ZimbraHost
from zmward.errors import ZmwardError
from zmward.i18n import mark

_WANTED: Final = "(objectClass=zimbraAccount)"
_ATTRIBUTES: Final = (
    *("mail", "zimbraMailAlias", "zimbraMailHost", "createTimestamp"),
    *("zimbraIsSystemAccount", "zimbraIsSystemResource"),
    "zimbraIsExternalVirtualAccount",
)
# Those are nobody's: spam training, address lists, guests who only look at shares.
_NOBODYS: Final = _ATTRIBUTES[4:]


def live(door: Door, before: float) -> tuple[Account, ...] | None:
    """Return the live directory's accounts; None where it cannot be asked.

    Those made later than `before` (epoch) need no archive.
    """
    try:
        stamp = f"{datetime.fromtimestamp(before, UTC):%Y%m%d%H%M%SZ}"
        host = ZimbraHost(door)
        survey = host.survey()
        name = survey.value("zimbra_server_hostname").lower()
        records = host.search(survey, "", "sub", _WANTED, *_ATTRIBUTES)
        return tuple(
            Account(
                named(record.dn, record.values.get("mail", ())) or record.dn,
                (
                    *record.values.get("mail", ()),
                    *record.values.get("zimbramailalias", ()),
                ),
                here=record.one("zimbraMailHost").lower() == name
                and "" < record.one("createTimestamp") <= stamp
                and "TRUE" not in [record.one(word) for word in _NOBODYS],
            )
            for record in records
        )
    except (ZmwardError, ValueError, OverflowError):
        return None


def compared(
    part: Part,
    paths: Iterable[str],
    accounts: tuple[Account, ...] | None,
    spared: Iterable[str],
) -> Part:
    """Return the part of an account that restored, with who has no archive."""
    if accounts is None:
        text = f"{part.text}; who has no archive is not known: no directory answers"
        return msgspec.structs.replace(part, text=text)
    found = coverage(paths, accounts, spared)
    if not found.known:
        text = f"{part.text}; no archive bears an account's name: not compared"
        return msgspec.structs.replace(part, text=text)
    text = part.text
    if found.strangers:
        text += f"; of no account: {listed(found.strangers)}"
    counts = part.counts | {"without-archive": len(found.lacking)}
    if not found.lacking:
        return msgspec.structs.replace(part, text=text)
    text += f"; but {len(found.lacking)} accounts have no archive: "
    return msgspec.structs.replace(
        part,
        state="bad",
        text=text + listed(found.lacking),
        counts=counts,
        step=mark("see why they are left out, and make a new backup"),
    )
