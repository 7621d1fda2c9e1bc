"""`zmward logs`: the verbs of the logs, each in a file of its own."""

from zmward.cli.subverbs import Subverbs

SUBVERBS = {
    "report": "who attacks, whom, and who got in",
    "follow": "logins and attacks as they are written",
    "forward": "send log lines to a central server, inside TLS",
    "receive": "write what a log host needs, to take those lines",
    "bans": "jails for fail2ban, and whom they would have banned",
}

command = Subverbs("logs", SUBVERBS, about="Who attacks, and who got in.")
