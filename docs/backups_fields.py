"""What each field of the documents on backups means."""

from collections.abc import Mapping
from typing import Final

BACKUPS: Final[Mapping[str, str]] = {
    "schema": "always `zmward.backups/1`",
    "host": "how zmward reached the host",
    "when": "the time by which ages were judged",
    "counts": "how many findings are `bad`, `unknown` and `well`",
    "copies": "every place that was asked, as CopyShown",
    "found": "what was found, as Found",
}
DRILL: Final[Mapping[str, str]] = {
    "schema": "always `zmward.drill/1`",
    "host": "the host on which the backup was restored",
    "when": "when the drill began",
    "copy": "the copy, by its name in the profile",
    "backup": "its newest backup",
    "made": "when that was made; empty where there is none",
    "parts": "what was restored, as Part",
    "estimate": "how long a whole restore takes, as Estimate",
    "zmward": "the version that rehearsed",
    "notes": "in what the programs that read the backup were not shut in, one sentence "
    "each; empty where they were, or none ran",
}
BACKUP_RUN: Final[Mapping[str, str]] = {
    "schema": "always `zmward.backup-run/1`",
    "run": "the run's id, by which its pieces are found in the repository",
    "host": "the server, by its name in localconfig",
    "when": "when it began",
    "copy": "the copy, by its name in the profile",
    "pieces": "what it consists of, as Piece",
    "seconds": "how long it took",
    "zmward": "the version that made it",
}
STRUCTS: Final[Mapping[str, Mapping[str, str]]] = {
    "CopyShown": {
        "name": "its name in the profile; `ne-sessions` or `ng-store` where unnamed",
        "kind": "what it is",
        "place": "the folder or repository",
        "off_site": "whether the profile says that it is in another place",
        "encrypted": "whether it is; null where nobody knows",
        "backups": "how many backups it holds that came to their end",
        "newest": "when the newest was made; null where there is none",
        "oldest": "when the oldest was made; null where there is none",
        "bytes": "the size of the newest; null where not known",
    },
    "Piece": {
        "name": "the file as it is stored; `config` for the folders, and `accounts` "
        "where no account could be asked for",
        "outcome": "`stored` whole, `empty`: there is nothing to store, or `failed`",
        "bytes": "what was stored",
        "sha256": "its checksum; empty for folders",
        "text": "why it failed or is empty; of folders, which",
        "counts": "what it holds, by kind",
    },
    "Part": {
        "subject": "what was restored",
        "state": "`well`: restored whole; `bad`: not; `unknown`: not tried",
        "text": "what was seen, or why it was not tried",
        "step": "what to do next",
        "source": "the backup and the file in it; empty where there is none",
        "bytes": "what was read of the backup",
        "seconds": "how long the restore took, the way out of the copy apart",
        "fetch_seconds": "how long was waited for the copy",
        "sha256": "the checksum of the file as the copy holds it; empty where it was "
        "not read to its end",
        "counts": "what was there after the restore, by kind",
    },
    "Estimate": {
        "seconds": "the sum of all that is known; null where something is not",
        "transfer_seconds": "the way from the copy; null where not known",
        "based_on": "what was measured and what extrapolated, one sentence each",
    },
    "Found": {
        "copy": "the copy; empty where it is about all of them",
        "aspect": "what it is about",
        "state": "`bad`, `unknown` or `well`",
        "text": "what was seen, or why it is not known",
        "step": "what to do next",
    },
}
