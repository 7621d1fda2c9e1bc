"""`zmward config`: the verbs of the configuration's history, each in its own file."""

from zmward.cli.subverbs import Subverbs

SUBVERBS = {
    "snapshot": "put the configuration as it is now on top of its history",
    "diff": "what differs between two snapshots",
    "log": "what was changed when, and by whom perhaps",
    "restore-plan": "the changes that bring a snapshot's settings back",
    "document": "the site's page, written from what is there",
}

command = Subverbs("config", SUBVERBS, about="The configuration as a readable history.")
