"""What each field of the JSON documents means, as rows for docs/reference/json.md."""

from collections.abc import Mapping
from typing import Final

from docs import (
    backups_fields,
    bans_fields,
    config_fields,
    firewall_fields,
    integrity_fields,
    log_fields,
    patches_fields,
    scan_fields,
)

REPORT: Final[Mapping[str, str]] = {
    "schema": "always `zmward.report/1`",
    "host": "the nodes that were seen, joined by commas",
    "machine": "a hash of the first node's machine id; empty where it is not known",
    "when": "when the newest of them was asked, by its own clock",
    "zmward": "the version that asked",
    "version": "the version of Zimbra, empty where it is not known",
    "hosts_seen": "the nodes that gave evidence",
    "hosts_missing": "servers of the directory that gave none",
    "counts": "how many controls came to each status, by its name in lower case",
    "score": "0 to 100, see [Severity and score](../concepts/severity-and-score.md)",
    "lapsed": "waivers past their end: control and last day",
    "profile_hash": "SHA-256 of the profile that judged; empty where not recorded",
    "evidence_hash": "SHA-256 of the evidence; empty where not recorded",
    "exposure": "what listens on each node; null where it was not looked at",
    "findings": "one for each control that was judged",
}
EVIDENCE: Final[Mapping[str, str]] = {
    "schema": "always `zmward.evidence/1`",
    "when": "when the host was asked, by its own clock",
    "zmward": "the version that asked",
    "answers": (
        "node → name of the question → Answer or Missing; what all nodes share "
        "stands under the node `directory`"
    ),
}
DRIFT: Final[Mapping[str, str]] = {
    "schema": "always `zmward.drift/1`",
    "host": "the nodes of the newer report",
    "was": "the time of the older report",
    "now": "the time of the newer report",
    "drift": "one for each control that stands otherwise than before",
}
PLAN: Final[Mapping[str, str]] = {
    "schema": "always `zmward.plan/1`",
    "host": "the node on which the plan is to be applied",
    "machine": "a hash of its machine id; empty where the evidence does not tell",
    "version": "its version of Zimbra, empty where it is not known",
    "when": "when the evidence was taken",
    "zmward": "the version that asked",
    "hosts_seen": "the nodes that gave evidence",
    "hosts_missing": "servers of the directory that gave none",
    "profile_hash": "SHA-256 of the profile; empty where not recorded",
    "evidence_hash": "SHA-256 of the evidence; empty where not recorded",
    "changes": "the changes in their order, each as a Change",
    "reloads": "services that zmward restarts itself, each once, in this order",
    "left": "what is left out, each as a Left",
    "signs": "failed controls that are signs of compromise, at which apply refuses",
    "foreseen": "what an audit will say afterwards, each as a Foreseen",
    "digest": "SHA-256 of all the rest, by which an edit by hand is noticed",
}
CHANGE: Final[Mapping[str, str]] = {
    "kind": (
        "`set-attr`, `set-localconfig`, `write-file`, `set-mode`, "
        "`set-parameter`, `set-crontab`, `set-unit`, `load-ruleset`, "
        "`install-package` or `act`"
    ),
    "id": "what the change touches; no two changes of a plan touch the same",
    "controls": "the controls that it serves",
    "target": "`global`, `server:NAME`, `cos:NAME`, `domain:NAME`, `account:NAME`, "
    "or a host's name",
    "before": "what is there now; null where nothing is set there",
    "after": "what will be there; null where it is taken away",
    "commands": "what an administrator would type, each as a list of words",
    "undo": "what would take it back; empty where what was installed stays",
    "titles": "the titles of those controls",
    "impact": "what users will notice",
    "affects": "whom the change can hurt, in words; empty where nobody",
    "effort": "`safe`, `window` or `decision`",
    "renders": "the sections of zmconfigd that render their files anew",
    "restarted": "the services that zmconfigd then restarts by itself",
    "restarts": "the services that zmward must restart",
    "reversible": "`reversible`, `compensated` or `irreversible`",
    "support": "`vendor`, `local` or `unsupported`",
    "reaches": "the nodes on which it works",
    "hurts": "who would be hurt as far as logs and directory tell, as Affected",
    "attribute": "of `set-attr`: the attribute",
    "key": "of `set-localconfig`: the key",
    "path": "of `write-file` and `set-mode`: the path",
    "validator": "of `write-file`: whose own check must accept it",
    "reloads": "of `write-file`: the units that read it",
    "parameter": "of `set-parameter`: the parameter of Postfix",
    "builtin": "of `set-parameter`: what Postfix does where main.cf does not say",
    "user": "of `set-crontab`: the user",
    "unit": "of `set-unit`: the systemd unit",
    "package": "of `install-package`: the package",
    "manager": "of `install-package`: `apt` or `dnf`",
    "action": "of `act`: an action of zmward's catalog",
    "arguments": "of `act`: its arguments",
}
RUN: Final[Mapping[str, str]] = {
    "schema": "always `zmward.run/1`",
    "verb": "`apply`, `confirm`, `verify` or `rollback`",
    "run": "the run's id; empty where an apply found nothing to be changed",
    "host": "how zmward reached the host",
    "sample": "whether it is the sample server of --demo",
    "state": "the run's state afterwards, in the words of the history",
    "changes": "of `apply` and `rollback`: what became of each change, as Outcome",
    "controls": "of `apply` and `verify`: how each control stands now, as Judged",
    "failing": "what the plan meant to repair and is not so, or could not follow",
    "unknown": "controls that could not be verified, each with the reason",
    "not_restarted": "services that the change waits for",
    "confirm_within": "seconds until all is taken back without `confirm`; 0: never",
    "lost": "of `apply`: files with hand-made lines, and where the old ones are kept",
}
HISTORY: Final[Mapping[str, str]] = {
    "schema": "always `zmward.history/1`",
    "host": "how zmward reached the host",
    "runs": "one for each run, the newest first, as Past",
}
VERDICT: Final[Mapping[str, str]] = {
    "schema": "always `zmward.verdict/1`",
    "verdict": "what becomes of the packet",
    "rule": "the rule that decides; null where none does, or nobody knows",
    "line": "on which line of the rules it stands (of JSON: which object)",
    "trail": "every rule that took the packet, in their order, each as Passed",
    "reason": "why, in words",
    "assumed": "matches that count packets, taken as for the first one ever",
}
OBSERVED: Final[Mapping[str, str]] = {
    "schema": "always `zmward.observed/1`",
    "host": "the node that was observed",
    "began": "when counting began",
    "seconds": "for how long it was observed",
    "asked": "for how long it was to be",
    "ended": "`time`, or why it ended before",
    "packets": "first packets that the policy would drop",
    "wanted": "what was asked for and is not let in, most often first, as Wanted",
    "open_before": "connections that were open already, as Between",
    "strays": "TCP packets of no connection that was seen, as Between",
    "invalid": "packets that belong to nothing",
    "untracked": "packets that are exempt from connection tracking",
    "uncounted": "packets that found no room, by the name of the set",
    "problems": "what keeps the policy from being loaded",
    "zmward": "the version that observed",
}
LIST: Final[Mapping[str, str]] = {
    "id": "the control's name, never used again for another one",
    "title": "the safe condition",
    "severity": "critical, high, medium or low",
    "tips": "the tips that it serves",
    "roles": "the Zimbra services that it concerns; empty means every node",
    "cure": "whether zmward knows the commands that repair it",
}
_AFTER_ALL: Final[Mapping[str, str]] = {
    "commands": "the very commands, each a list of words",
    "restarts": "the services that must restart before it works",
}
_AFTER: Final[Mapping[str, str]] = {"after": "the same afterwards", **_AFTER_ALL}
STRUCTS: Final[Mapping[str, Mapping[str, str]]] = {
    "Outcome": {
        "change": "the place of the change",
        "fate": (
            "`done`, or of a rollback `undone`, `as-before` (nothing left to undo), "
            "`kept` (another hand has changed it since), `stays` (a package) or "
            "`not-undone`"
        ),
        "note": "why, where that is not plain",
    },
    "Judged": {
        "control": "the control's id",
        "status": "as in a report",
        "reason": "why it is not known",
    },
    "Past": {
        "run": "the run's id",
        "when": "when it began, by the clock of the one who asked",
        "who": "who asked for it",
        "steps": "how many changes its plan has",
        "controls": "the controls that they serve",
        "state": (
            "`kept`, `unconfirmed`, `interrupted`, `rolled back`, `rolled back by its "
            "switch`, `rolled back in part`, `nothing done` or `damaged`; followed by "
            "`, old contents removed` once those have ended"
        ),
    },
    "Finding": {
        "control": "the control's id",
        "title": "the safe condition",
        "severity": "as the profile has it, else the control's own",
        "tips": "the tips that it serves",
        "status": "what it came to",
        "reason": "why it is not known, does not apply, or is waived in part",
        "layers": "how each layer of proof stands",
        "deviations": "what is wrong, one for each subject",
        "evidence": "pieces of answers, at most eight",
        "waiver": "who accepts it and until when; null where nobody does",
        "impact": "what the repair breaks",
        "why": "why it matters",
        "topic": "the part of the server that it belongs to",
        "locks_out": "whom the repair can lock out or silence; empty means nobody",
        "effort": (
            "what the repair takes: `safe` restarts nothing and affects nobody, "
            "`window` restarts a service, `decision` takes something from somebody, "
            "`none` means that zmward has none"
        ),
        "refs": "where to read on",
        "note": "traps and corrections",
    },
    "Layers": {
        "declared": "the directory or localconfig",
        "rendered": "the service's own configuration",
        "running": "the socket, process or loaded rule",
        "lasting": "what will be used at the next start",
    },
    "Deviation": {
        "subject": "the node, `global`, `cos:NAME`, `domain:NAME`, `account:NAME`, …",
        "found": "what is there",
        "wanted": "what should be there",
        "layer": "where it was seen",
        "cure": "the repair; null where zmward has none",
        "no_cure": "what is to be done by hand, where `cure` is null",
    },
    "SetAttr": {
        "kind": "always `set-attr`",
        "target": "the object of the directory",
        "attribute": "the attribute",
        "before": "the object's own values; null where none is set there",
        **_AFTER,
    },
    "SetLocalConfig": {
        "kind": "always `set-localconfig`",
        "target": "the node",
        "key": "the key of localconfig",
        "before": "its value; null where it is not in the file",
        **_AFTER,
    },
    "WriteFile": {
        "kind": "always `write-file`",
        "target": "the node",
        "path": "the file",
        "before": "the whole file; null where there is none",
        **_AFTER,
        "validator": "whose own check must accept it",
        "reloads": "the units that read it",
    },
    "FileText": {
        "text": "all of it",
        "mode": "its mode, as a number",
        "owner": "its owner, by name",
        "group": "its group, by name",
        "secret": "whether the text is shown to nobody: it is then `(secret)`",
    },
    "SetMode": {
        "kind": "always `set-mode`",
        "target": "the node",
        "path": "the file or folder",
        "before": "its mode and owners",
        **_AFTER,
    },
    "Mode": {
        "mode": "the mode, as a number",
        "owner": "the owner, by name",
        "group": "the group, by name",
    },
    "SetParameter": {
        "kind": "always `set-parameter`",
        "target": "the node",
        "parameter": "the parameter of Postfix",
        "before": "what main.cf says; null where it says nothing",
        **_AFTER,
        "builtin": "what Postfix does where main.cf does not say",
    },
    "LoadRuleset": {
        "kind": "always `load-ruleset`",
        "target": "the node",
        "before": "zmward's own rules that are loaded, as Rules; null for none",
        "after": "those that will be, as Rules",
    },
    "Rules": {
        "backend": "`nftables` or `iptables`",
        "texts": "one for `nft -f`, or three for `ipset restore`, "
        "`iptables-restore --noflush` and `ip6tables-restore --noflush`",
        "minimum": "the same, for a boot at which those cannot be loaded",
    },
    "SetCrontab": {
        "kind": "always `set-crontab`",
        "target": "the node",
        "user": "the user",
        "before": "the user's whole crontab; null where there is none",
        **_AFTER,
    },
    "SetUnit": {
        "kind": "always `set-unit`",
        "target": "the node",
        "unit": "the systemd unit",
        "before": "whether it starts at boot, and runs",
        **_AFTER,
    },
    "UnitState": {
        "enabled": "whether it starts at boot",
        "active": "whether it runs",
    },
    "InstallPackage": {
        "kind": "always `install-package`",
        "target": "the node",
        "package": "the package",
        "manager": "by which program",
        **_AFTER_ALL,
    },
    "Act": {
        "kind": "always `act`",
        "target": "the node",
        "action": "an action of zmward's catalog",
        "arguments": "its arguments",
        **_AFTER_ALL,
    },
    "Passed": {
        "table": "the table, with its family",
        "chain": "the chain",
        "rule": "the rule, as the rules have it",
        "line": "its line",
        "verdict": "what it does with the packet",
        "sure": "false where it may not have taken it",
    },
    "Wanted": {
        "protocol": "the protocol",
        "port": "the port that was asked for; 0 where there are none",
        "reason": "the policy has no opening, or its limit was passed",
        "packets": "how many first packets",
        "callers": "who asked, most often first, as Caller",
        "listening": "whether something listens there; null where nobody knows",
        "name": "what it probably is, by the catalog's name",
        "about": "what that is for",
        "program": "the program that listens",
        "allow": "the lines of the profile that let the callers in",
        "refuse": "the lines of the profile that close it on purpose",
    },
    "Caller": {
        "source": "the address",
        "packets": "its first packets",
        "bytes": "their bytes",
        "peer": "which node of the installation it is; empty where none",
    },
    "Between": {
        "source": "the far address",
        "source_port": "the far port",
        "port": "the node's own port",
        "packets": "packets that were seen of it",
        "inbound": "whether it was opened from outside",
        "name": "what the port probably is",
        "program": "the program behind it",
    },
    "Excerpt": {
        "source": "the name of the question",
        "excerpt": "a piece of its answer",
    },
    "Waiver": {
        "control": "the control whose failure is accepted",
        "reason": "why",
        "approver": "by whom",
        "until": "the last day, in UTC",
        "ticket": "where it was decided",
        "scope": "the subjects that it covers; empty means all",
    },
    "Exposure": {
        "nodes": "one for each node, seen or not",
        "zones": "the zones that have a column in any node's picture",
    },
    "Node": {
        "host": "the node",
        "sockets": "what listens there",
        "reason": "why there are no sockets to show",
        "rules_reason": "why the loaded rules are not known",
        "who": "who reaches what, as a Grid; null where the rules are not known",
    },
    "Socket": {
        "protocol": "tcp or udp",
        "address": "the address that it is bound to",
        "port": "the port",
        "program": "the program, where it is known",
        "reach": "how far the address reaches",
        "verdict": "what a packet from outside meets in the loaded rules",
    },
    "Answer": {
        "type": "always `answer`",
        "text": "the answer, secrets masked",
        "code": "the exit code; left out where it is 0",
        "error": "what the program said as an error; left out where empty",
    },
    "Missing": {
        "type": "always `missing`",
        "reason": "why there is no answer",
        "kind": "the sort of reason",
    },
    "Drift": {
        "control": "the control's id",
        "title": "its title",
        "severity": "its severity",
        "kind": "better, worse, changed, or judged in one of the reports only",
        "was": "the older status; null where it was not judged",
        "now": "the newer status; null where it is not judged",
        "appeared": "deviations that are new",
        "vanished": "deviations that are gone",
    },
    "StoredDeviation": {
        "subject": "as in the report",
        "found": "as in the report",
        "layer": "as in the report",
    },
    "Left": {
        "control": "a control that failed",
        "reason": "why the plan leaves it, in whole or in part",
    },
    "Foreseen": {
        "control": "the control",
        "title": "its title",
        "was": "its status now",
        "will": "its status after the plan",
        "reason": "what is left of the failure, or made by the plan",
    },
    "Affected": {
        "who": "which people or machines",
        "count": "how many; null where it is not known",
        "names": "the first of them, the busiest first",
        "days": "on how many days the log has lines; null for the directory",
        "more": "true where there are more than were counted",
    },
    **backups_fields.STRUCTS,
    **bans_fields.STRUCTS,
    **config_fields.STRUCTS,
    **firewall_fields.STRUCTS,
    **integrity_fields.STRUCTS,
    **log_fields.STRUCTS,
    **scan_fields.STRUCTS,
    **patches_fields.STRUCTS,
}
