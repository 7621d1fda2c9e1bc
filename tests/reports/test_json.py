"""The JSON report: the contract, its schema, and the way back."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.reports.samples import HOSTILE, hostile, report, waived
from zmward.errors import BadFile
from zmward.reports.json import read, render
from zmward.reports.schema import schema, text

EXPORTED = Path(__file__).parents[2] / "docs" / "reference" / "report.schema.json"
REPORT = {
    "schema": str,
    "host": str,
    "when": str,
    "hosts_seen": list,
    "hosts_missing": list,
    "counts": dict,
    "findings": list,
}
FINDING = {
    "control": str,
    "title": str,
    "severity": str,
    "tips": list,
    "status": str,
    "reason": str,
    "layers": dict,
    "deviations": list,
    "evidence": list,
    "waiver": (dict, type(None)),
    "impact": str,
}
DEVIATION = {
    "subject": str,
    "found": str,
    "wanted": str,
    "layer": str,
    "cure": (dict, type(None)),
}
COUNTS = {"pass", "fail", "unknown", "not_applicable", "waived"}
STATUSES = {"PASS", "FAIL", "UNKNOWN", "NOT_APPLICABLE", "WAIVED"}
LAYERS = {"declared", "rendered", "running", "lasting"}


def holds(row: dict[str, Any], contract: dict[str, Any]) -> None:
    for key, kind in contract.items():
        assert isinstance(row[key], kind), key


def test_every_key_of_the_contract_is_there() -> None:
    document = json.loads(render(report()))
    holds(document, REPORT)
    assert document["schema"] == "zmward.report/1"
    assert set(document["counts"]) == COUNTS
    for finding in document["findings"]:
        holds(finding, FINDING)
        assert finding["status"] in STATUSES
        assert set(finding["layers"]) == LAYERS
        assert set(finding["layers"].values()) <= {"ok", "bad", "unknown", "n/a"}
        for deviation in finding["deviations"]:
            holds(deviation, DEVIATION)
        for excerpt in finding["evidence"]:
            holds(excerpt, {"source": str, "excerpt": str})


def test_a_report_comes_back_as_it_was() -> None:
    whole = report()
    assert read(render(whole).encode(), "report.json") == whole
    one = report(waived())
    assert read(render(one).encode(), "report.json") == one


@pytest.mark.parametrize("words", [w for w in HOSTILE if w.isascii()])
def test_hostile_words_survive_as_they_are(words: str) -> None:
    assert read(render(hostile(words)).encode(), "report.json") == hostile(words)


def test_fields_of_a_newer_zmward_are_ignored() -> None:
    document = json.loads(render(report()))
    document["new"] = {"a": 1}
    document["findings"][0]["new"] = [1]
    assert read(json.dumps(document).encode(), "report.json") == report()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a whole zmward report"),
        (b"{", "not a whole zmward report"),
        (b'{"schema": "zmward.report/2"}', "zmward.report/2"),
        (b'{"schema": "zmward.report/1"}', "not a whole zmward report"),
    ],
)
def test_what_is_no_report_is_named(content: bytes, words: str) -> None:
    with pytest.raises(BadFile, match=words):
        read(content, "report.json")


def test_what_is_written_fits_the_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    for one in (report(), report(waived()), hostile("x")):
        document = json.loads(render(one))
        jsonschema.validate(document, schema(), jsonschema.Draft202012Validator)


def test_the_schema_refuses_what_lacks_a_key() -> None:
    for key in REPORT:
        document = json.loads(render(report()))
        del document[key]
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(document, schema())


def test_the_exported_schema_is_this_one() -> None:
    assert EXPORTED.read_text("utf-8") == text(), "run `make docs`"
