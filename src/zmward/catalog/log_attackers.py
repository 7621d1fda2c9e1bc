"""Addresses that known campaigns used, with the CVE that they used.

An address may have another owner by now: it is a reason to look, and no proof.
"""

from collections.abc import Mapping
from typing import Final

_MAIL_THEFT: Final = (
    *("216.252.238.104", "216.252.238.18", "216.252.238.64", "37.120.247.228"),
    *("185.86.79.95", "104.248.134.194", "64.226.124.190", "193.238.152.66"),
    "194.156.103.193",
)
_SNMP_WAVE: Final = (
    *("89.44.32.243", "15.235.234.220", "13.52.56.206", "165.154.205.34"),
    *("23.27.25.11", "105.158.146.8"),
)
ATTACKERS: Final[Mapping[str, str]] = {
    **dict.fromkeys(_MAIL_THEFT, "CVE-2025-66376"),
    **dict.fromkeys(_SNMP_WAVE, "CVE-2026-73570"),
}
