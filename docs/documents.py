"""Writes docs/reference/json.md: every JSON document, from the types in the code."""

from collections.abc import Iterator, Mapping
from typing import Any, get_args

import msgspec
from msgspec import inspect

from docs.backups_fields import BACKUP_RUN, BACKUPS, DRILL
from docs.bans_fields import BANS
from docs.config_fields import (
    CONFIG_DIFF,
    CONFIG_DOCUMENT,
    CONFIG_LOG,
    CONFIG_SNAPSHOT,
)
from docs.fields import (
    CHANGE,
    DRIFT,
    EVIDENCE,
    HISTORY,
    LIST,
    OBSERVED,
    PLAN,
    REPORT,
    RUN,
    STRUCTS,
    VERDICT,
)
from docs.firewall_fields import CHECK, POLICY
from docs.integrity_fields import DROPPED, HUNT, INTEGRITY, INTEGRITY_PATH
from docs.log_fields import LOGS
from docs.patches_fields import PATCHES, READINESS
from docs.scan_fields import SCAN
from zmward.affected import Affected
from zmward.backups.listing import Found
from zmward.backups.rehearsal import Estimate, Part, Rehearsal
from zmward.backups.run import BackupRun, Piece
from zmward.bans.wanted import Reason
from zmward.change import Change, FileText, Mode, UnitState
from zmward.configuration.authors import Candidate
from zmward.configuration.compare import Difference
from zmward.configuration.history import Changed, Told
from zmward.deviation import Deviation, Excerpt
from zmward.drift import Drift, StoredDeviation
from zmward.engine.history import Past
from zmward.evidence import Answer, Evidence, Missing
from zmward.exposure import Exposure, Node, Socket
from zmward.finding import Finding, Layers, Report
from zmward.firewall.grid import Grid, Row, Shut
from zmward.firewall.observed import Between, Caller, Observed, Wanted
from zmward.firewall.openings import Outbound
from zmward.firewall.verdict import Passed, Verdict
from zmward.integrity.watching import Dropped
from zmward.integrity.writers import Writer
from zmward.logs import report as logs
from zmward.logs import seen
from zmward.patches.ledger import Around
from zmward.patches.overview import Step
from zmward.plan import Foreseen, Left
from zmward.profile import Waiver
from zmward.reports import bans_json as bans
from zmward.reports import config_document_json as site
from zmward.reports import hunt_text, integrity_explained, integrity_json
from zmward.reports.backups_text import BackupsShown, CopyShown
from zmward.reports.check_json import CheckShown, DifferenceShown
from zmward.reports.config_json import DiffShown, LogShown, SnapshotShown
from zmward.reports.patches_json import (
    AdvisoryShown,
    CatalogShown,
    InstalledShown,
    MitigationShown,
    NodeShown,
    OnNodeShown,
    PatchesShown,
)
from zmward.reports.policy_json import OpeningShown, PolicyShown, ProblemShown
from zmward.reports.readiness_text import ReadinessShown, ReadyShown
from zmward.reports.run_words import Judged, Outcome, RunReport
from zmward.reports.scan_json import PortShown

# Fields that the written document has beyond those of its type.
_ADDED: Mapping[str, str] = {
    "schema": "text",
    "counts": "object of numbers",
    "score": "number",
    "kind": "text",
    "type": "text",
    "commands": "list of lists of texts",
    "restarts": "list of texts",
    "was": "time",
    "now": "time",
    "drift": "list of Drift",
    "host": "text",
}
_LIST_TYPES = {"tips": "list of texts", "roles": "list of texts", "cure": "true, false"}
_SIMPLE = {
    inspect.StrType: "text",
    inspect.IntType: "number",
    inspect.FloatType: "number",
    inspect.BoolType: "true, false",
    inspect.NoneType: "null",
    inspect.DateType: "date",
    inspect.AnyType: "any",
    inspect.TupleType: "list",
}


def _values(kind: inspect.EnumType | inspect.LiteralType) -> tuple[str, ...]:
    if isinstance(kind, inspect.LiteralType):
        return tuple(str(value) for value in kind.values)
    return tuple(str(one.value) for one in kind.cls)


def _words(kind: inspect.Type) -> str:
    """Return a type in words."""
    match kind:
        case inspect.StructType(cls=cls):
            return str(cls.__name__)
        case inspect.EnumType() | inspect.LiteralType():
            return ", ".join(f"`{value}`" for value in _values(kind))
        case inspect.UnionType(types=types):
            return ", ".join(_words(one) for one in types)
        case inspect.VarTupleType(item_type=item):
            inner = _words(item)
            return f"list of {'texts' if inner == 'text' else inner}"
        case inspect.DictType(value_type=value):
            return f"object of {_words(value)}"
    return _SIMPLE[type(kind)]


def _types(struct: type[Any]) -> dict[str, str]:
    found = inspect.type_info(struct)
    if not isinstance(found, inspect.StructType):
        raise TypeError(f"{struct} is no struct")
    return {field.encode_name: _words(field.type) for field in found.fields}


def table(fields: Mapping[str, str], types: Mapping[str, str]) -> Iterator[str]:
    """Yield the rows of one object; a type's field without words is a mistake."""
    unsaid = types.keys() - fields.keys()
    if unsaid:
        raise KeyError(f"docs/fields.py does not say what these are: {sorted(unsaid)}")
    yield "| field | type | meaning |"
    yield "|---|---|---|"
    for name, meaning in fields.items():
        kind = types.get(name) or _ADDED[name]
        yield f"| `{name}` | {kind} | {meaning} |"
    yield ""


def _structs(*structs: type[msgspec.Struct]) -> Iterator[str]:
    for struct in structs:
        name = struct.__name__
        yield f"### {name}\n"
        yield from table(STRUCTS[name], _types(struct))


def _report() -> Iterator[str]:
    yield "## Report\n"
    yield "`zmward audit --json` writes it; `zmward diff` reads it.\n"
    yield from table(REPORT, _types(Report))
    yield from _structs(Finding, Layers, Deviation, *get_args(Change))
    yield from _structs(FileText, Mode, UnitState)
    yield from _structs(Excerpt, Waiver, Exposure, Node, Socket)


def _evidence() -> Iterator[str]:
    yield "## Evidence\n"
    yield "`zmward collect` writes it; `zmward audit --evidence` reads it.\n"
    types = {**_types(Evidence), "answers": "object of objects of Answer, Missing"}
    yield from table(EVIDENCE, types)
    yield from _structs(Answer, Missing)


_PLAN_TYPES = {
    **dict.fromkeys(PLAN, "text"),
    **dict.fromkeys(("hosts_seen", "hosts_missing", "reloads"), "list of texts"),
    "changes": "list of Change",
    "left": "list of Left",
    "foreseen": "list of Foreseen",
}
_LISTS = ("controls", "titles", "impact", "affects", "renders", "restarted")
_CHANGE_TYPES = {
    **dict.fromkeys(CHANGE, "text"),
    **dict.fromkeys((*_LISTS, "restarts", "reaches", "reloads"), "list of texts"),
    **dict.fromkeys(("before", "after"), "list of texts, text, object, null"),
    **dict.fromkeys(("commands", "undo"), "list of lists of texts"),
    "arguments": "list of texts",
    "hurts": "list of Affected",
}


def _plan() -> Iterator[str]:
    yield "## Plan\n"
    yield "`zmward plan --json` writes it; `zmward plan --output FILE` too.\n"
    yield from table(PLAN, _PLAN_TYPES)
    yield "### Change\n"
    yield from table(CHANGE, _CHANGE_TYPES)
    yield from _structs(Affected, Left, Foreseen)


def _run() -> Iterator[str]:
    yield "## Run\n"
    yield (
        "`zmward apply`, `confirm`, `verify` and `rollback` write it with --json, "
        "once the run has come to its end; a refusal or a failure is the exit code "
        "and a sentence on standard error, and `zmward history --json` tells what "
        "became of it.\n"
    )
    yield from table(RUN, _types(RunReport))
    yield from _structs(Outcome, Judged)


def _history() -> Iterator[str]:
    yield "## History\n"
    yield "`zmward history --json` writes it.\n"
    yield from table(HISTORY, {"runs": "list of Past"})
    yield from _structs(Past)


def _drift() -> Iterator[str]:
    yield "## Drift\n"
    yield "`zmward diff OLD NEW --json` writes it.\n"
    yield from table(DRIFT, {})
    yield from _structs(Drift, StoredDeviation)


def _verdict() -> Iterator[str]:
    yield "## Verdict\n"
    yield "`zmward firewall explain --json` writes it.\n"
    yield from table(VERDICT, _types(Verdict))
    yield from _structs(Passed)


def _policy() -> Iterator[str]:
    yield "## Policy\n"
    yield (
        "`zmward firewall show --json` writes it; it is also described by a "
        "[JSON Schema](policy.schema.json).\n"
    )
    yield from table(POLICY, _types(PolicyShown))
    yield from _structs(OpeningShown, Shut, Outbound, ProblemShown, Grid, Row)


def _check() -> Iterator[str]:
    yield "## Check\n"
    yield (
        "`zmward firewall check --json` writes it; it is also described by a "
        "[JSON Schema](check.schema.json).\n"
    )
    yield from table(CHECK, _types(CheckShown))
    yield from _structs(DifferenceShown)


def _observed() -> Iterator[str]:
    yield "## Observed\n"
    yield "`zmward firewall observe --json` writes it, and `--output FILE` keeps it.\n"
    yield from table(OBSERVED, _types(Observed))
    yield from _structs(Wanted, Caller, Between)


_SCAN_TYPES = {
    **dict.fromkeys(("host", "when", "zmward"), "text"),
    "ports": "list of PortShown",
    "silent": "list of texts",
    "findings": "list of Finding",
    "seen": "list of objects",
}


def _scan() -> Iterator[str]:
    yield "## Scan\n"
    yield "`zmward scan --json` writes it; `zmward audit --with-scan` reads it.\n"
    yield from table(SCAN, _SCAN_TYPES)
    yield from _structs(PortShown)


def _patches() -> Iterator[str]:
    yield "## Patches\n"
    yield (
        "`zmward patches --json` writes it; it is also described by a "
        "[JSON Schema](patches.schema.json).\n"
    )
    yield from table(PATCHES, _types(PatchesShown))
    yield from _structs(AdvisoryShown, MitigationShown, OnNodeShown)
    yield from _structs(CatalogShown, InstalledShown, NodeShown, Around, Step)
    yield "## Readiness\n"
    yield "`zmward patches readiness --json` writes it.\n"
    yield from table(READINESS, _types(ReadinessShown))
    yield from _structs(ReadyShown)
    yield "## Catalog\n"
    yield (
        "`zmward patches update` reads it, with its signature beside it; its own "
        "[JSON Schema](catalog.schema.json) says what it may hold.\n"
    )


def _logs() -> Iterator[str]:
    yield "## Logs\n"
    yield "`zmward logs report --json` writes it.\n"
    yield from table(LOGS, _types(logs.LogReport))
    yield from _structs(seen.SourceSeen, seen.NetworkSeen, seen.AccountSeen)
    yield from _structs(seen.WinSeen, seen.SessionSeen, seen.LoginSeen)
    yield from _structs(seen.SendingSeen, seen.RecipientsSeen, seen.FloodSeen)
    yield from _structs(seen.DomainSeen, seen.OriginIp, seen.Shown)
    yield from _structs(seen.SignSeen, seen.LineSeen)


def _bans() -> Iterator[str]:
    yield "## Bans\n"
    yield "`zmward logs bans --json` writes it.\n"
    yield from table(BANS, _types(bans.BansShown))
    yield from _structs(bans.JailShown, bans.SparedShown, Reason)
    yield from _structs(bans.Simulated, bans.VictimShown)


def _config() -> Iterator[str]:
    yield "## Snapshot of the configuration\n"
    yield (
        "`zmward config snapshot --json` writes it; it is also described by a "
        "[JSON Schema](config-snapshot.schema.json).\n"
    )
    yield from table(CONFIG_SNAPSHOT, _types(SnapshotShown))
    yield from _structs(Difference)
    yield "## Difference of two snapshots\n"
    yield (
        "`zmward config diff --json` writes it; it is also described by a "
        "[JSON Schema](config-diff.schema.json).\n"
    )
    yield from table(CONFIG_DIFF, _types(DiffShown))
    yield "## History of the configuration\n"
    yield (
        "`zmward config log --json` writes it; it is also described by a "
        "[JSON Schema](config-log.schema.json).\n"
    )
    yield from table(CONFIG_LOG, _types(LogShown))
    yield from _structs(Told, Changed, Candidate)
    yield "## Page of the site\n"
    yield (
        "`zmward config document --json` writes it; it is also described by a "
        "[JSON Schema](config-document.schema.json).\n"
    )
    yield from table(CONFIG_DOCUMENT, _types(site.DocumentShown))
    yield from _structs(site.SectionShown, site.TableShown, site.TextShown)
    yield from _structs(site.CommandsShown, site.ListenersShown)


def _backups() -> Iterator[str]:
    yield "## Backups\n"
    yield (
        "`zmward backup check --json` writes it; it is also described by a "
        "[JSON Schema](backups.schema.json).\n"
    )
    yield from table(BACKUPS, _types(BackupsShown))
    yield from _structs(CopyShown, Found)
    yield "## Drill\n"
    yield (
        "`zmward backup drill --json` writes it, and a drill of all parts is kept so; "
        "it is also described by a [JSON Schema](drill.schema.json).\n"
    )
    yield from table(DRILL, _types(Rehearsal))
    yield from _structs(Part, Estimate)
    yield "## Backup run\n"
    yield (
        "`zmward backup run --json` writes it, and stores it as the last piece of the "
        "run; it is also described by a [JSON Schema](backup-run.schema.json).\n"
    )
    yield from table(BACKUP_RUN, _types(BackupRun))
    yield from _structs(Piece)


def _integrity() -> Iterator[str]:
    yield "## Integrity\n"
    yield "`zmward integrity baseline`, `check` and `accept` write it with --json.\n"
    yield from table(INTEGRITY, _types(integrity_json.IntegrityShown))
    yield from _structs(integrity_json.BaselineShown, integrity_json.AddedShown)
    yield from _structs(integrity_json.ChangedShown, integrity_json.RemovedShown)
    yield from _structs(integrity_json.AlarmShown, integrity_json.UnreadShown)
    yield "## Integrity of one path\n"
    yield "`zmward integrity explain PATH --json` writes it.\n"
    yield from table(INTEGRITY_PATH, _types(integrity_explained.PathShown))
    yield from _structs(Writer)
    yield "## Hunt\n"
    yield "`zmward integrity hunt --json` writes it.\n"
    yield from table(HUNT, _types(hunt_text.HuntShown))
    yield from _structs(hunt_text.HitShown, hunt_text.NotSeenShown)
    yield from _structs(hunt_text.SavedShown)
    yield "## Dropped\n"
    yield (
        "`zmward integrity watch --json` writes one a line; `--webhook` sends them as "
        "`found` of an object whose schema is `zmward.dropped/1`, with the `host`, and "
        "with how many `more` there are that only the system's log names.\n"
    )
    yield from table(DROPPED, _types(Dropped))


def _list() -> Iterator[str]:
    yield "## The list of controls\n"
    yield "`zmward list --json` writes a bare array of these.\n"
    yield from table(LIST, {**dict.fromkeys(LIST, "text"), **_LIST_TYPES})


def page(made: str) -> str:
    """Return the reference of all JSON documents; `made` says who wrote the page."""
    head = (
        f"# JSON\n\n{made}\n\n"
        "Each document names its schema.\n"
        "Within a schema number, fields are added, never renamed or given another "
        "type; so ignore fields that you do not know.\n"
        "Times are ISO 8601 in UTC, dates are `YYYY-MM-DD`.\n"
        "The report is also described by a [JSON Schema](report.schema.json).\n"
    )
    parts = (head, *_report(), *_evidence(), *_drift(), *_plan(), *_run())
    parts = (*parts, *_history(), *_verdict(), *_policy(), *_check())
    parts = (*parts, *_observed(), *_scan(), *_patches(), *_logs(), *_bans())
    parts = (*parts, *_integrity(), *_config(), *_backups(), *_list())
    return "\n".join(parts).rstrip() + "\n"
