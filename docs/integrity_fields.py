"""What each field of the JSON documents on integrity means."""

from collections.abc import Mapping
from typing import Final

INTEGRITY: Final[Mapping[str, str]] = {
    "schema": "always `zmward.integrity/1`",
    "verb": "who wrote it",
    "baseline": "the signed record, as BaselineShown",
    "quick": "true where contents were read of what moved and of a sample only",
    "read": "how many paths were looked into",
    "added": "paths that are new, each as an AddedShown",
    "changed": "paths that differ, each as a ChangedShown",
    "removed": "paths that are gone, each as a RemovedShown",
    "alarms": "what nothing explains, each as an AlarmShown; a path may have several",
    "unread": "what was not seen, each as an UnreadShown; nothing is known of it",
    "edited": "of a baseline: templates and settings that differ from their package",
    "proved": "of a baseline: how many files are as their packages have them",
    "unowned": "of a baseline: how many files among the code belong to no package",
    "public_key": "of a baseline: the key to pin in the profile, in base64",
    "accepted": "of an acceptance: the paths that were taken",
    "notes": "what else to know",
}
INTEGRITY_PATH: Final[Mapping[str, str]] = {
    "schema": "always `zmward.integrity-path/1`",
    "path": "the path as the reports write it",
    "class": "code, template, generated, key, zimlet, system, data or foreign",
    "about": "what that means",
    "pattern": "the pattern of paths that gives the class",
    "looked": "whether zmward records what lies there",
    "package": "whose file it is, empty for nobody's",
    "version": "the version of that package",
    "as_shipped": "whether its content is the package's; null where nobody says so",
    "was": "what was recorded, null for nothing",
    "is": "what is there now, null for nothing",
    "why_not": "why it could not be looked at, empty where it could",
    "cause": "package, expected, seen or alarm; empty where nothing differs",
    "differs": "which properties differ",
    "alarms": "what nothing explains, each as an AlarmShown",
    "baseline": "number:digest of the baseline, empty where there is none",
    "writers": "the last who did something to it, each as a Writer, by auditd's log; "
    "null where there is none",
    "unmade": "lines of a rendered file that no values make of its template, and those "
    "that it lacks, without secrets",
}
HUNT: Final[Mapping[str, str]] = {
    "schema": "always `zmward.hunt/1`",
    "host": "the host",
    "when": "when it was looked at",
    "files": "how many files were looked at",
    "processes": "whether processes were looked at: on a running host only",
    "found": "what was found, each as a HitShown; alarms first",
    "unread": "what was not seen, each as a NotSeenShown; nothing is known of it",
    "notes": "what else to know",
    "saved": "the tar that keeps it, as SavedShown; null where nothing was kept",
}
DROPPED: Final[Mapping[str, str]] = {
    "path": "the path, as in a check",
    "when": "when it was seen, in UTC",
    "rules": "`program-dropped` and the rules of the hunt that its content breaks; or "
    "`program-vanished` or `folder-unwatched` alone",
    "owner": "whose file it is",
    "mode": "its mode, in octal digits",
    "size": "its size in bytes",
    "was": "whether something of that name stood there before",
    "excerpt": "what shows it, at most 200 characters",
    "writer": "who wrote it, as a Writer; null where auditd's log does not tell",
}
_CAUSE: Final = (
    "`package` (an upgrade brought it), `expected` (Zimbra writes it), `seen` (it "
    "does not matter) or `alarm`"
)
_SAME: Final[Mapping[str, str]] = {
    "path": "the path; bytes that cannot be printed as `\\xNN`, a backslash doubled",
    "class": "its class",
    "cause": _CAUSE,
    "package": "whose file it is, empty for nobody's",
}
STRUCTS: Final[Mapping[str, Mapping[str, str]]] = {
    "Writer": {
        "when": "when, by the kernel, in UTC",
        "deed": "`created` (also moved or linked there), `written` (opened for "
        "writing, or its mode or owner changed) or `removed`",
        "program": "the program's path",
        "command": "the process's own name for itself, at most 15 bytes",
        "process": "its number",
        "parent": "the number of the process above it",
        "user": "whose rights it had",
        "login": "who had logged in, empty for a service",
        "terminal": "on which terminal, empty for none",
    },
    "BaselineShown": {
        "number": "it grows by one with each baseline",
        "digest": "SHA-256 of the signed header; keep it elsewhere with the number",
        "when": "when it was made",
        "host": "of which host",
        "because": "`baseline` or `accept`",
        "paths": "how many paths it holds",
        "zmward": "the version that made it",
    },
    "AddedShown": {**_SAME, "is": "its properties"},
    "ChangedShown": {
        **_SAME,
        "was": "the properties that differ, as they were",
        "is": "the same, as they are",
    },
    "RemovedShown": {**_SAME, "was": "its properties"},
    "AlarmShown": {
        "path": "the path",
        "class": "its class",
        "rule": "the rule that was broken",
        "text": "what the rule says",
        "todo": "what to do next",
        "package": "whose file it is, empty for nobody's",
    },
    "HitShown": {
        "path": "the path, as in a check; or `process` and its number",
        "rule": "the rule that found it",
        "level": "an `alarm`, or something to `look` at",
        "text": "what the rule says",
        "todo": "what to do next",
        "excerpt": "what shows it, at most 200 characters; empty where the name does",
    },
    "NotSeenShown": {"path": "the place", "why": "why it was not seen"},
    "SavedShown": {
        "path": "the tar, mode 0600",
        "digest": "its SHA-256: write it down",
        "files": "how many files it holds, beside the note custody.json",
    },
    "UnreadShown": {"path": "the place", "why": "why it was not seen"},
}
