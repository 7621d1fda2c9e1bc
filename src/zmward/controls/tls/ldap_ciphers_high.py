"""The directory takes strong ciphers only."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.node import localconfig
from zmward.controls.shapes.wanted import Values, Wanted

_WEAK = {
    "ALL",
    "DEFAULT",
    "MEDIUM",
    "LOW",
    "EXP",
    "EXPORT",
    "RC4",
    "DES",
    "3DES",
    "MD5",
    "NULL",
    "ENULL",
    "ANULL",
}


def _holds(found: Values) -> bool:
    parts = ":".join(found).replace(",", ":").replace("+", ":").split(":")
    taken = {word.upper() for word in parts if word and word[0] not in "!-"}
    return bool(taken) and not taken & _WEAK


_WANTED = Wanted("HIGH", _holds, lambda _: ("HIGH",))

CONTROL = Control(
    id="ldap-ciphers-high",
    title="The directory takes strong ciphers only",
    why="MEDIUM lets ciphers in that are no longer held to be safe.",
    impact="Programs that know weak ciphers only can no longer ask the directory.",
    severity=Severity.LOW,
    tips=("T31", "S6"),
    roles=("ldap",),
    check=localconfig("ldap_common_tlsciphersuite", _WANTED, role="ldap"),
    refs=(),
    examples=(
        passes(localconfig={"ldap_common_tlsciphersuite": "HIGH"}),
        passes(localconfig={"ldap_common_tlsciphersuite": "HIGH:!aNULL:!3DES"}),
        fails(localconfig={}),
        fails(localconfig={"ldap_common_tlsciphersuite": "ALL"}),
        unsure(missing=("localconfig",)),
    ),
)
