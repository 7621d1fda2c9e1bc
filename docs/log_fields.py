"""What each field of the JSON document on logs means."""

from collections.abc import Mapping
from typing import Final

LOGS: Final[Mapping[str, str]] = {
    "schema": "always `zmward.logs/1`",
    "from": "the first thing that was understood, null for nothing",
    "to": "the last one",
    "lines": "lines read",
    "candidates": "lines that held one of the words looked for",
    "unparsed": "candidates that no parser could read",
    "failures": "failed logins, each once though two files tell of it",
    "successes": "good logins",
    "kinds": "how many events of each kind",
    "protocols": "failed logins by protocol; `mail` is IMAP or POP at the proxy",
    "hours": "failed logins by hour, as pairs",
    "hours_attacked": "in how many hours there were too many failures in all",
    "sources": "the gravest 1000 sources, each as a SourceSeen",
    "sources_seen": "how many sources there are",
    "networks": "their networks, each as a NetworkSeen",
    "accounts": "the gravest 1000 accounts, each as an AccountSeen",
    "accounts_seen": "how many accounts there are",
    "successes_after_failures": "logins that may be break-ins, each as a WinSeen",
    "preauth": "pre-authentications by domain, each as a DomainSeen",
    "origin_ip": "whether lines show their client, as an OriginIp",
    "indicators": "signs of known exploitation, each as a SignSeen",
    "files": "the files read",
    "notes": "what could not be read, or not be kept",
}
_VERDICT = (
    "`got-in`, `spraying`, `distributed`, `brute-force`, `enumeration`, `probing`, "
    "`shared` (an office or a proxy) or `few`"
)
STRUCTS: Final[Mapping[str, Mapping[str, str]]] = {
    "SourceSeen": {
        "address": "the client's address",
        "failures": "its failed logins",
        "accounts": "how many accounts it tried",
        "unknown": "failures at accounts that do not exist",
        "successes": "its good logins after its first failure",
        "probes": "connections given up at AUTH, or that spoke too early",
        "protocols": "how it came",
        "first": "when it was first seen",
        "last": "when it was last seen",
        "verdict": _VERDICT,
    },
    "AccountSeen": {
        "account": "the account, or the name as it was typed",
        "failures": "its failed logins",
        "sources": "how many sources tried it",
        "protocols": "how they came",
        "first": "the first failure",
        "last": "the last one",
        "verdict": _VERDICT,
    },
    "NetworkSeen": {
        "network": "a /24 of IPv4 or a /64 of IPv6",
        "failures": "failed logins from it",
        "sources": "how many of its addresses",
    },
    "WinSeen": {
        "account": "who logged in",
        "source": "from where",
        "when": "when",
        "failures": "after how many failures of the same source at this account",
        "protocol": "how",
    },
    "DomainSeen": {
        "domain": "the domain",
        "accepted": "pre-authentications that were accepted",
        "refused": "those that were not",
    },
    "OriginIp": {
        "usable": "lines with a client's address",
        "proxy_only": "lines that name trusted machines alone",
        "absent": "lines with no address that can be read",
        "verdict": "`ok`, `bad` or `unknown`, by the profile's share",
        "hiding": "the machines that stand there instead of clients",
        "announcing": "machines that announce clients and are not trusted",
    },
    "SignSeen": {
        "id": "the sign",
        "cve": "what it is a sign of",
        "says": "what was done",
        "log": "the log",
        "count": "how often this sign was seen",
        "first": "when it was first seen",
        "line": "the line",
    },
}
