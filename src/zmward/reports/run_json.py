"""A run as JSON: the schema `zmward.run/1` of docs/reference/json.md."""

from typing import Any, Final

import msgspec

from zmward.reports.run_words import RunReport

SCHEMA: Final = "zmward.run/1"


def document(report: RunReport) -> dict[str, Any]:
    """Return the report as plain values."""
    return {"schema": SCHEMA, **msgspec.to_builtins(report)}


def render(report: RunReport) -> str:
    """Return the report as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(document(report))).decode() + "\n"
