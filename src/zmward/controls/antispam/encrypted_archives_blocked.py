"""Encrypted archives, which no scanner can open, are held back."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attributes import global_attr
from zmward.controls.shapes.wanted import (
    exactly,
)

CONTROL = Control(
    id="encrypted-archives-blocked",
    title="Encrypted archives, which no scanner can open, are held back",
    why=(
        "A password in the mail's text and malware in an encrypted archive pass every "
        "virus scanner."
    ),
    impact="Users who mail encrypted archives to each other must use another way.",
    severity=Severity.LOW,
    tips=("T17", "T18"),
    roles=("mta",),
    locks_out="users who exchange encrypted archives by mail",
    check=global_attr("zimbraVirusBlockEncryptedArchive", exactly("TRUE")),
    refs=(),
    examples=(
        passes(config={"zimbraVirusBlockEncryptedArchive": "TRUE"}),
        fails(config={"zimbraVirusBlockEncryptedArchive": "FALSE"}),
        unsure(missing=("ldap-config",)),
    ),
)
