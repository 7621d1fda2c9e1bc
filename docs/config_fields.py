"""What each field of the documents on the configuration's history means."""

from collections.abc import Mapping
from typing import Final

CONFIG_SNAPSHOT: Final[Mapping[str, str]] = {
    "schema": "always `zmward.config-snapshot/1`",
    "repository": "the folder of the repository",
    "when": "when the configuration was seen",
    "commit": "the commit that was made; null where nothing changed",
    "hosts_seen": "the nodes that were seen",
    "files": "how many files the history holds now",
    "differences": "what changed since the last snapshot; empty for the first",
    "stale": "files and folders of which there was no answer, and why; they are kept",
    "uncompared": "secrets that are set, of which nobody saw whether they changed",
}
CONFIG_DIFF: Final[Mapping[str, str]] = {
    "schema": "always `zmward.config-diff/1`",
    "repository": "the folder of the repository",
    "was": "the older commit",
    "was_when": "when its configuration was seen",
    "now": "the newer commit",
    "now_when": "when its configuration was seen",
    "differences": "what differs, by path and name",
    "stale": "what the newer one could not see and took from before, and why",
}
STRUCTS: Final[Mapping[str, Mapping[str, str]]] = {
    "Difference": {
        "path": "the file of the history",
        "how": "whether it was added, removed or changed",
        "object": "the object, such as `global` or `domain:NAME`; empty for a text",
        "name": "the attribute or key; empty for a whole object or text",
        "removed": "values, or lines of a text, that are no longer there",
        "added": "values, or lines of a text, that are there now",
        "secret": "whether a fingerprint stands for the value",
        "lines": "of a text: the difference with its context, as `diff -u` writes it",
    },
}
