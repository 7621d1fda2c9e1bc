"""What each field of the documents on open holes means."""

from collections.abc import Mapping
from typing import Final

PATCHES: Final[Mapping[str, str]] = {
    "schema": "always `zmward.patches/1`",
    "host": "the nodes that were seen, joined by commas",
    "when": "when the newest of them was asked",
    "judged": "the day, at the site, for which days late are counted",
    "hosts_missing": "servers of the directory that gave no evidence",
    "catalog": "the advisories that judged, as a CatalogShown",
    "installed": "each component of each node",
    "counts": "how many advisories came to each status",
    "overdue": "how many open holes should have been closed before that day",
    "steps": "moves to one build, the one that closes most first",
    "windows": "the next maintenance windows",
    "later": "the ids that were published after the day that is judged",
    "advisories": "every advisory, in the order in which to close them",
}
READINESS: Final[Mapping[str, str]] = {
    "schema": "always `zmward.readiness/1`",
    "host": "the nodes that were seen, joined by commas",
    "when": "when the newest of them was asked",
    "counts": "how many findings are `bad`, `unknown` and `well`",
    "found": "what was found, what is bad first",
}
STRUCTS: Final[Mapping[str, Mapping[str, str]]] = {
    "CatalogShown": {
        "generated": "the day of its facts",
        "serial": "the serial number of a signed catalog; 0 for the one in zmward",
        "age_days": "how old it is; below 0 where it is younger than the judged day",
        "old": "whether it is older than `catalog-days` of the profile",
        "trouble": "why a taken catalog is not used; empty if nothing is wrong",
    },
    "InstalledShown": {
        "node": "the node",
        "component": "`store`, `mta`, `proxy` or `ldap`",
        "version": "its level; several, joined by `or`, where that is in doubt",
        "package": "the package that shows it",
        "doubt": "what makes it doubtful",
    },
    "MitigationShown": {
        "text": "what helps until the patch is in",
        "control": "the control that sees and can repair it; empty where none does",
    },
    "AdvisoryShown": {
        "id": "its id, a CVE's where it has one",
        "status": "how it stands on the site: that of the worst node",
        "reason": "why",
        "exploited": "whether attackers are known to use it",
        "rating": "how bad it is",
        "basis": "whose rating that is; `nobody` is treated as Medium",
        "cvss": "its CVSS base score; null where none is known",
        "due": "by when it must be closed; null where it is not open, or not dated",
        "due_at": "the hour of that day, where one is meant",
        "known_since": "the later of publication and release of the fix",
        "overdue_days": "how many days late that is; null where nothing is due",
        "mitigated": "whether something is known to help until the patch is in",
        "summary": "what it is",
        "access": "who can use it",
        "condition_met": "whether its condition surely holds; null where not known",
        "fixed_in": "the builds that close it, one for each line",
        "mitigations": "what helps until then",
        "remedy": "the build to go to, proven or not; empty where none is out",
        "advice": "what to do where no build is sure to close it",
        "nodes": "how it stands on each node that has the component",
    },
    "OnNode": {
        "node": "the node",
        "standing": "how the hole stands there",
        "reason": "why",
        "installed": "the level of the component; empty where not known",
        "fix": "the build of its line that surely closes it; empty where not known",
        "met": "whether the hole's condition holds there; null where not known",
        "undone": "whether a setting takes the installed fix back",
        "latest": "whether no newer build of a line that gets fixes is known",
        "stated": "whether a person's word in the profile settles it",
    },
    "Step": {
        "line": "the line of releases that the nodes are on",
        "version": "the build to move to",
        "nodes": "the nodes",
        "closes": "the ids that it surely closes",
        "leaves": "the ids that stay open",
        "perhaps": "the ids of which no record proves that the build closes them",
    },
    "Ready": {
        "subject": "what it is about",
        "state": "`bad`, `unknown` or `well`",
        "text": "what was seen, or why it is not known",
        "step": "what to do next",
    },
}
