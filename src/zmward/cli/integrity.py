"""`zmward integrity`: the verbs of the installation's files, each in its own file."""

from zmward.cli.subverbs import Subverbs

SUBVERBS = {
    "baseline": "record the installation as it is, and sign the record",
    "check": "what changed since, and what nothing explains",
    "accept": "take what packages changed, and what you name",
    "hunt": "what has no place on a Zimbra server; it changes nothing",
    "watch": "programs that are written into web roots, within moments",
    "explain": "one path: what it is, what changed, what to do",
}

command = Subverbs(
    "integrity", SUBVERBS, about="What changed in the installation, and what is odd."
)
