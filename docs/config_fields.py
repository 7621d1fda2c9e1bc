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
CONFIG_LOG: Final[Mapping[str, str]] = {
    "schema": "always `zmward.config-log/1`",
    "repository": "the folder of the repository",
    "logs_from": "how far the logs reach back that were read; null where none was",
    "notes": "what could not be found out of the logs",
    "snapshots": "the snapshots, newest first",
}
CONFIG_DOCUMENT: Final[Mapping[str, str]] = {
    "schema": "always `zmward.config-document/1`",
    "host": "the host that was asked",
    "when": "when it was seen",
    "page": "the file that was written; null without --output",
    "left_out": "blocks that the page in the file does not have",
    "sections": "the blocks of the page, in their order",
}
STRUCTS: Final[Mapping[str, Mapping[str, str]]] = {
    "SectionShown": {
        "name": "the name of the block in the page's marks",
        "title": "its title",
        "parts": "what it shows, in its order",
    },
    "TableShown": {
        "type": "always `table`",
        "heads": "what the columns hold",
        "rows": "the rows, each with a text for each column",
    },
    "TextShown": {
        "type": "always `text`",
        "text": "a sentence",
        "doubt": "whether it says that something is not known",
    },
    "CommandsShown": {
        "type": "always `commands`",
        "title": "what they are for",
        "lines": "the commands, in their order",
    },
    "ListenersShown": {
        "type": "always `listeners`",
        "node": "what listens on a node, and who reaches it",
    },
    "Told": {
        "commit": "the commit",
        "since": "when the snapshot before it was seen; empty for the first",
        "when": "when its configuration was seen",
        "author": "who made the commit: `zmward`, or who signed it",
        "covered": "whether the logs that were read reach back to `since`",
        "changes": "what it changed",
    },
    "Changed": {
        "difference": "what changed",
        "candidates": "whose lines in audit.log fit, newest first; a hint, no proof",
        "more": "how many further lines fit",
    },
    "Candidate": {
        "when": "the time of the line",
        "account": "the account that was logged in; empty where the line has none",
        "peer": "the address that spoke to mailboxd; empty where the line has none",
        "announced": "the address that this peer named as its client; it may say any",
        "command": "the command, such as `ModifyDomain`",
    },
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
