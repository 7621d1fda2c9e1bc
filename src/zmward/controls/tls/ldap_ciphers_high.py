"""The directory takes strong ciphers only."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.node import localconfig
from zmward.controls.shapes.outside_tls import LDAP_PORTS, ciphers, on
from zmward.controls.shapes.wanted import Values, Wanted

_WORDS = {"ALL", "DEFAULT", "COMPLEMENTOFALL", "COMPLEMENTOFDEFAULT", "MEDIUM", "LOW"}
_PARTS = ("RC4", "RC2", "DES", "MD5", "NULL", "EXP", "ADH", "AECDH", "IDEA", "SEED")


def _weak(word: str) -> bool:
    return word in _WORDS or any(part in word for part in _PARTS)


def _holds(found: Values) -> bool:
    parts = ":".join(found).replace(",", ":").replace("+", ":").split(":")
    taken = {word.strip().upper() for word in parts if word and word[0] not in "!-"}
    return bool(taken) and not any(map(_weak, taken))


_WANTED = Wanted("HIGH", _holds, lambda _: ("HIGH",))

CONTROL = Control(
    id="ldap-ciphers-high",
    title="The directory takes strong ciphers only",
    why="MEDIUM lets ciphers in that are no longer held to be safe.",
    impact="Programs that know weak ciphers only can no longer ask the directory.",
    severity=Severity.LOW,
    tips=("T31", "S6"),
    roles=("ldap",),
    locks_out="programs that know weak ciphers only",
    check=localconfig("ldap_common_tlsciphersuite", _WANTED, role="ldap"),
    refs=(),
    outside=ciphers(
        on(*LDAP_PORTS),
        "weak",
        "strong ciphers only",
        "On the host this control sets ldap_common_tlsciphersuite.",
        port=636,
    ),
    examples=(
        passes(localconfig={"ldap_common_tlsciphersuite": "HIGH"}),
        passes(localconfig={"ldap_common_tlsciphersuite": "HIGH:!aNULL:!3DES"}),
        fails(localconfig={}),
        fails(localconfig={"ldap_common_tlsciphersuite": "ALL"}),
        fails(localconfig={"ldap_common_tlsciphersuite": "HIGH:ECDHE-RSA-RC4-SHA"}),
        fails(localconfig={"ldap_common_tlsciphersuite": "HIGH:aNULL"}),
        unsure(missing=("localconfig",)),
    ),
)
