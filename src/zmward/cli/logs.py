"""`zmward logs`: the verbs of the logs, each in a file of its own."""

from zmward.cli.subverbs import Subverbs

SUBVERBS = {
    "report": "who attacks, whom, and who got in",
    "follow": "logins and attacks as they are written",
    "bans": "jails for fail2ban, and whom they would have banned",
}
_COMING = ()

command = Subverbs("logs", SUBVERBS, _COMING, about="Who attacks, and who got in.")
