"""`zmward backup`: the verbs of the backups, each in a file of its own."""

from zmward.cli.subverbs import Subverbs

SUBVERBS = {
    "check": "are there backups: age, size, gaps, key, another place",
    "run": "store directory, configuration, databases and accounts",
    "drill": "restore one beside everything, measure it, remember it",
}

command = Subverbs("backup", SUBVERBS, about="Are there backups, and do they restore.")
