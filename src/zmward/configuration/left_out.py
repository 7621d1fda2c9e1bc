"""Attributes that no history keeps: they change by themselves and configure nothing."""

from typing import Final, NamedTuple


class Row(NamedTuple):
    """One attribute and why it is left out."""

    attribute: str
    reason: str


_ROWS: Final = (
    Row("zimbraAggregateQuotaLastUsage", "a measure that is taken each day"),
    Row("zimbraAutoProvLastPolledTimestamp", "when a job last ran"),
    Row("zimbraAutoProvLock", "which server runs a job at this moment"),
    Row("zimbraGalDefinitionLastModifiedTime", "a time that follows other changes"),
    Row("zimbraMailLastPurgedMailboxId", "how far a job has come"),
    Row("zimbraTwoFactorAuthLastReset", "a time that follows other changes"),
    Row("zimbraVersionCheckLastAttempt", "when a job last ran"),
    Row("zimbraVersionCheckLastResponse", "what a job was last told"),
    Row("zimbraVersionCheckLastSuccess", "when a job last ran"),
)

# Operational attributes of the directory itself, should a search return them.
_OPERATIONAL: Final = (
    *("contextCSN", "createTimestamp", "creatorsName", "entryCSN", "entryDN"),
    *("entryUUID", "hasSubordinates", "modifiersName", "modifyTimestamp"),
    *("structuralObjectClass", "subschemaSubentry"),
)

ROWS: Final = (
    *_ROWS,
    *(Row(name, "the directory keeps it for itself") for name in _OPERATIONAL),
)
LEFT_OUT: Final = {row.attribute.lower(): row.reason for row in ROWS}
