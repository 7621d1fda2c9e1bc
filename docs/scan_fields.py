"""What each field of a scan's JSON document means."""

from collections.abc import Mapping
from typing import Final

SCAN: Final[Mapping[str, str]] = {
    "schema": "always `zmward.scan/1`",
    "host": "the hosts as they were named, joined by commas",
    "when": "when the newest of them was looked at, by the looker's clock",
    "zmward": "the version that looked",
    "ports": "the open ports and those of the catalog, each as a PortShown",
    "silent": "what could not be found out, and why",
    "counts": "how many controls came to each status, by its name in lower case",
    "score": "0 to 100, as in a report",
    "findings": "one for each control that can be seen from outside, as in a report",
    "seen": (
        "everything that was seen, word for word, from which zmward judges again; its "
        "form grows with the version"
    ),
}
STRUCTS: Final[Mapping[str, Mapping[str, str]]] = {
    "PortShown": {
        "host": "the host as it was named",
        "address": "the address that was tried",
        "port": "the port's number",
        "proto": "its protocol",
        "state": (
            "`open`, `closed` (somebody refused) or `filtered` (no answer; of UDP this "
            "may also be open)"
        ),
        "service": "the protocol that answers, by what it says; empty if unknown",
        "product": "the software, as it names itself",
        "version": "its version, if it tells",
        "tls": "whether it speaks inside TLS from the start",
        "banner": "its first words",
    },
}
