"""The JSON Schema of a report, from the very types that a report is made of."""

from typing import Any

import msgspec

from zmward.backups.rehearsal import Rehearsal
from zmward.backups.run import SCHEMA as BACKUP_RUN
from zmward.backups.run import BackupRun
from zmward.control import Status
from zmward.finding import SCHEMA, Report
from zmward.patches.signed import SCHEMA as CATALOG
from zmward.patches.signed import SignedCatalog
from zmward.reports import backups_text, check_json, patches_json, policy_json
from zmward.reports.backups_text import BackupsShown
from zmward.reports.check_json import CheckShown
from zmward.reports.config_document_json import SCHEMA as DOCUMENT
from zmward.reports.config_document_json import DocumentShown
from zmward.reports.config_json import DiffShown, LogShown, SnapshotShown
from zmward.reports.patches_json import PatchesShown
from zmward.reports.policy_json import PolicyShown
from zmward.sources.backup_drill import SCHEMA as DRILL

_SHOWN_WITH_A_CURE = {
    "commands": {
        "type": "array",
        "items": {"type": "array", "items": {"type": "string"}},
    },
    "restarts": {"type": "array", "items": {"type": "string"}},
}
_NUMBER = {"type": "integer", "minimum": 0}


def _counts() -> dict[str, Any]:
    names = [status.value.lower() for status in Status]
    return {
        "type": "object",
        "properties": dict.fromkeys(names, _NUMBER),
        "required": names,
    }


def _is_cure(definition: dict[str, Any]) -> bool:
    return "kind" in definition.get("properties", {})


def _closed(definition: dict[str, Any]) -> None:
    """Require every key: what zmward writes leaves none out."""
    if "properties" in definition:
        definition["required"] = list(definition["properties"])


def schema() -> dict[str, Any]:
    """Return the schema; a reader still ignores keys that it does not know."""
    (root,), definitions = msgspec.json.schema_components(
        (Report,), ref_template="#/$defs/{name}"
    )
    del root
    for definition in definitions.values():
        if _is_cure(definition):
            definition["properties"] |= _SHOWN_WITH_A_CURE
        _closed(definition)
    report = definitions.pop("Report")
    own = {
        "schema": {"const": SCHEMA},
        "counts": _counts(),
        "score": {**_NUMBER, "maximum": 100},
    }
    properties = {**own, **report["properties"]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": SCHEMA,
        "description": "What `zmward audit --json` writes.",
        "type": "object",
        "properties": properties,
        "required": sorted(properties),
        "$defs": definitions,
    }


def written(kind: type[msgspec.Struct], name: str, about: str) -> dict[str, Any]:
    """Return the schema of a document that is written as its type says."""
    (root,), definitions = msgspec.json.schema_components(
        (kind,), ref_template="#/$defs/{name}"
    )
    del root
    for definition in definitions.values():
        _closed(definition)
    document = definitions.pop(kind.__name__)
    document["properties"]["schema"] = {"const": name}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **document,
        "title": name,
        "description": about,
        "$defs": definitions,
    }


def policy() -> dict[str, Any]:
    """Return the schema of a node's whitelist."""
    about = "What `zmward firewall show --json` writes."
    return written(PolicyShown, policy_json.SCHEMA, about)


def check() -> dict[str, Any]:
    """Return the schema of a comparison of rules with a whitelist."""
    about = "What `zmward firewall check --json` writes."
    return written(CheckShown, check_json.SCHEMA, about)


def patches() -> dict[str, Any]:
    """Return the schema of the open holes and their due dates."""
    about = "What `zmward patches --json` writes."
    return written(PatchesShown, patches_json.SCHEMA, about)


def config_snapshot() -> dict[str, Any]:
    """Return the schema of a snapshot of the configuration."""
    about = "What `zmward config snapshot --json` writes."
    return written(SnapshotShown, "zmward.config-snapshot/1", about)


def config_diff() -> dict[str, Any]:
    """Return the schema of a difference of two snapshots."""
    about = "What `zmward config diff --json` writes."
    return written(DiffShown, "zmward.config-diff/1", about)


def backups() -> dict[str, Any]:
    """Return the schema of how the backups stand."""
    about = "What `zmward backup check --json` writes."
    return written(BackupsShown, backups_text.SCHEMA, about)


def config_log() -> dict[str, Any]:
    """Return the schema of the configuration's history."""
    about = "What `zmward config log --json` writes."
    return written(LogShown, "zmward.config-log/1", about)


def config_document() -> dict[str, Any]:
    """Return the schema of the site's page."""
    about = "What `zmward config document --json` writes."
    return written(DocumentShown, DOCUMENT, about)


def drill() -> dict[str, Any]:
    """Return the schema of a rehearsed restore."""
    about = "What `zmward backup drill --json` writes."
    return written(Rehearsal, DRILL, about)


def backup_run() -> dict[str, Any]:
    """Return the schema of a backup run."""
    about = "What `zmward backup run --json` writes."
    return written(BackupRun, BACKUP_RUN, about)


def catalog() -> dict[str, Any]:
    """Return the schema of a catalog of advisories, as somebody signs it."""
    (root,), definitions = msgspec.json.schema_components(
        (SignedCatalog,), ref_template="#/$defs/{name}"
    )
    del root
    document = definitions.pop(SignedCatalog.__name__)
    document["properties"]["schema"] = {"const": CATALOG}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **document,
        "title": CATALOG,
        "description": "What `zmward patches update` reads.",
        "$defs": definitions,
    }


def text(found: dict[str, Any] | None = None) -> str:
    """Return a schema, the report's if no other is given, as an indented JSON file."""
    encoded = msgspec.json.encode(found or schema(), order="sorted")
    return msgspec.json.format(encoded).decode() + "\n"
