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
    "Found": {
        "copy": "the copy; empty where it is about all of them",
        "aspect": "what it is about",
        "state": "`bad`, `unknown` or `well`",
        "text": "what was seen, or why it is not known",
        "step": "what to do next",
    },
}
