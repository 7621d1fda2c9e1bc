"""What each field of the JSON document on bans means."""

from collections.abc import Mapping
from typing import Final

BANS: Final[Mapping[str, str]] = {
    "schema": "always `zmward.bans/1`",
    "host": "the server",
    "when": "when it was asked",
    "jails": "the jails that it gets, each as a JailShown",
    "spared": "who is never banned, each as a SparedShown",
    "refused": "why the jails may not start, each as a Reason; empty where they may",
    "left": "jails that it does not get, and why, each as a Reason",
    "notes": "what else to know, each as a Reason",
    "files": "the text of each file by its path",
    "simulated": "what they would have done, as Simulated; null where no log was read",
}
STRUCTS: Final[Mapping[str, Mapping[str, str]]] = {
    "JailShown": {
        "name": "the jail, and its filter",
        "about": "what it counts",
        "log": "the log that it reads, a pattern for event logs",
        "ports": "the ports of the services whose logins it counts; a ban is for all",
        "failures": "so many failures ban",
        "window_seconds": "within so many seconds",
        "ban_seconds": "for so many seconds",
    },
    "SparedShown": {
        "word": "an address, a network, or a name that stood in ignoreip before",
        "why": "whose it is",
    },
    "Reason": {
        "subject": "a jail, an address, a server, `origin-ip`, `logs` and the like",
        "text": "the reason, and the next step",
    },
    "Simulated": {
        "from": "from when on lines were read",
        "to": "until when",
        "lines": "lines read",
        "unparsed": "candidates that no parser could read",
        "victims": "who would have been banned, most bans first, each a VictimShown",
        "files": "the files read",
        "notes": "what could not be read, or not be kept",
    },
    "VictimShown": {
        "address": "the address; or a /64 of IPv6 that would have been banned whole",
        "jails": "which jails would have banned it",
        "bans": "how often",
        "first": "when first",
        "until": "until when last",
        "failures": "its failed logins, also those that no jail counts",
        "guessed": "at how many names",
        "successes": "its good logins",
        "accounts": "of how many accounts",
        "doubts": (
            "what speaks against a ban: `shared` (many of many accounts log in well "
            "there), `announces` (it announces other addresses and is not trusted), "
            "`logins` (somebody logs in well there), `private` (an inner address)"
        ),
        "spared": "why it would not have been banned after all, or empty",
    },
}
