"""A report as JSON: the schema `zmward.report/1` of docs/reference/json.md."""

from typing import Any

import msgspec

from zmward.change import Change
from zmward.control import Status
from zmward.errors import BadFile
from zmward.finding import SCHEMA, Finding, Report
from zmward.reports.score import score


class _Head(msgspec.Struct):
    schema: str


def counts(report: Report) -> dict[str, int]:
    """Return how many controls came to each status."""
    found = dict.fromkeys((status.value.lower() for status in Status), 0)
    for finding in report.findings:
        found[finding.status.value.lower()] += 1
    return found


def _cure(cure: Change | None) -> dict[str, Any] | None:
    if cure is None:
        return None
    document: dict[str, Any] = msgspec.to_builtins(cure)
    return {**document, "commands": cure.commands(), "restarts": cure.restarts()}


def _finding(finding: Finding) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(finding)
    deviations = zip(document["deviations"], finding.deviations, strict=True)
    document["deviations"] = [
        {**row, "cure": _cure(deviation.cure)} for row, deviation in deviations
    ]
    return document


def document(report: Report) -> dict[str, Any]:
    """Return the report as plain values, in the order of the contract."""
    return {
        "schema": SCHEMA,
        "host": report.host,
        "machine": report.machine,
        "when": report.when,
        "zmward": report.zmward,
        "version": report.version,
        "hosts_seen": report.hosts_seen,
        "hosts_missing": report.hosts_missing,
        "counts": counts(report),
        "score": score(report),
        "lapsed": report.lapsed,
        "profile_hash": report.profile_hash,
        "evidence_hash": report.evidence_hash,
        "exposure": msgspec.to_builtins(report.exposure),
        "findings": [_finding(finding) for finding in report.findings],
    }


def read(content: bytes, name: str) -> Report:
    """Return the report that a JSON file holds; fields of a newer zmward are ignored.

    `name` is the file's name for error messages.
    """
    try:
        schema = msgspec.json.decode(content, type=_Head).schema
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BadFile(
            f"{name} is not a whole zmward report: {error}. "
            "Make it again with `zmward audit --json`."
        ) from error
    if schema != SCHEMA:
        raise BadFile(f"{name} has the schema {schema!r}; this zmward reads {SCHEMA}.")
    try:
        return msgspec.json.decode(content, type=Report)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BadFile(f"{name} is not a whole zmward report: {error}.") from error


def render(report: Report) -> str:
    """Return the report as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(document(report))).decode() + "\n"
