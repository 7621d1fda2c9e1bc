"""The VEX export, held against the official schema and the profile's own rules."""

import json
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.patches import made as of
from tests.patches.cases import Case, cases, facts_of, moment
from zmward.patches.ledger import ledger
from zmward.patches.overview import Hole, overview
from zmward.patches.standing import OnNode, Standing
from zmward.profile import Patches
from zmward.reports import patches_vex

SCHEMA = json.loads((Path(__file__).parent / "csaf/csaf_json_schema.json").read_text())
WHEN = "2026-11-21T12:00:00+00:00"
ON_MORE = of.hole(
    of.advisory(66666),
    Standing.APPLIES,
    nodes=tuple(
        OnNode(f"node{n}.example.com", standing, f"reason {n}", "", "")
        for n, standing in enumerate(Standing)
    ),
)


def written(holes: tuple[Hole, ...] = (*of.ALL, ON_MORE), **values: Any) -> Any:
    return json.loads(patches_vex.render(of.made(holes, **values), WHEN, "0.1.0"))


def products(branches: list[Mapping[str, Any]]) -> Iterator[str]:
    for branch in branches:
        yield from products(branch.get("branches", []))
        if "product" in branch:
            yield branch["product"]["product_id"]


def affected(found: Mapping[str, Any], key: str) -> set[str]:
    return set(chain.from_iterable(one["product_ids"] for one in found.get(key, ())))


def by_id(document: Any) -> dict[str, Any]:
    return {
        one.get("cve") or one["ids"][0]["text"]: one
        for one in document["vulnerabilities"]
    }


@pytest.mark.parametrize(
    "host", ["mail.example.com", of.EVIL, "", "a.example, b.example"]
)
def test_the_document_validates_against_the_official_schema(host: str) -> None:
    validator = jsonschema.Draft202012Validator(
        SCHEMA, format_checker=jsonschema.FormatChecker()
    )
    assert [error.message for error in validator.iter_errors(written(host=host))] == []


def test_a_score_without_its_vector_is_a_note() -> None:
    found = by_id(written())
    notes = {one["title"]: one["text"] for one in found["CVE-2026-73570"]["notes"][1:]}
    assert notes["CVSS"] == "CVSS base score 8.9 (recalled), vector not known."
    assert not any("scores" in one for one in found.values())
    titles = [one.get("title") for one in found["CVE-2026-93647"]["notes"]]
    assert "CVSS" not in titles


VECTOR = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"


@pytest.mark.parametrize(
    ("vector", "score", "word"),
    [
        (VECTOR, 9.8, "CRITICAL"),
        ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N", 5.3, "MEDIUM"),
        (VECTOR.replace("C:H/I:H/A:H", "C:N/I:N/A:N"), 0.0, "NONE"),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 9.3, ""),
        ("AV:N/AC:L/Au:N/C:P/I:N/A:N", 5.0, ""),
    ],
)
def test_a_vector_of_version_3_is_a_score_of_the_standards_own(
    vector: str, score: float, word: str
) -> None:
    row = of.hole(of.advisory(77777, vector=vector, cvss=score), Standing.APPLIES)
    found = by_id(written((row,)))["CVE-2026-77777"]
    assert any(vector in note["text"] for note in found["notes"])
    if not word:
        assert "scores" not in found
        return
    (told,) = found["scores"]
    assert told["products"] == found["product_status"]["known_affected"]
    assert told["cvss_v3"] == {
        "version": vector[5:8],
        "vectorString": vector,
        "baseScore": score,
        "baseSeverity": word,
    }


def test_a_vector_alone_rates_a_hole() -> None:
    rows = of.made((of.hole(of.advisory(77777, vector=VECTOR), Standing.APPLIES),)).rows
    assert (rows[0].rated.rating, rows[0].rated.basis) == ("high", "cvss")


def test_known_use_is_told_with_the_day_of_its_listing() -> None:
    (told,) = by_id(written())["CVE-2026-73570"]["threats"]
    assert told["category"] == "exploit_status"
    assert told["date"] == "2026-08-21T00:00:00Z"


def test_the_schema_can_say_no() -> None:
    document = written()
    document["document"]["category"] = ""
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(document)


def test_every_product_is_defined_once_and_every_status_names_one() -> None:
    document = written()
    defined = list(products(document["product_tree"]["branches"]))
    assert len(defined) == len(set(defined))
    used = [
        product
        for one in document["vulnerabilities"]
        for group in one["product_status"].values()
        for product in group
    ]
    assert set(used) <= set(defined)


def test_no_product_has_two_statuses_for_one_hole() -> None:
    for one in written()["vulnerabilities"]:
        told = list(chain.from_iterable(one["product_status"].values()))
        assert len(told) == len(set(told)) > 0


def test_what_is_affected_has_an_action_and_what_is_not_a_justification() -> None:
    for one in written()["vulnerabilities"]:
        status = one["product_status"]
        assert set(status.get("known_affected", ())) <= affected(one, "remediations")
        spared = set(status.get("known_not_affected", ()))
        assert spared <= affected(one, "flags")
        impact = [t for t in one.get("threats", ()) if t["category"] == "impact"]
        assert spared <= affected({"threats": impact}, "threats")
        assert one["notes"]


def test_each_standing_becomes_its_status() -> None:
    statuses = by_id(written())["CVE-2026-66666"]["product_status"]
    assert statuses == {
        "known_affected": ["node0.example.com/store"],
        "under_investigation": ["node1.example.com/store"],
        "fixed": ["node2.example.com/store"],
        "known_not_affected": ["node3.example.com/store"],
    }


def test_the_justification_tells_an_absent_part_from_an_unmet_condition() -> None:
    found = by_id(written())
    labels = {
        name: one["flags"][0]["label"] for name, one in found.items() if "flags" in one
    }
    assert labels["CVE-2026-45454"] == "component_not_present"
    assert labels["CVE-2026-33333"] == "component_not_present"
    assert labels["CVE-2026-44444"] == "vulnerable_code_not_in_execute_path"


def test_what_is_no_cve_has_an_id_of_ours() -> None:
    found = [one for one in written()["vulnerabilities"] if "cve" not in one]
    assert [one["ids"][0]["system_name"] for one in found] == ["zmward's catalog"]


def test_known_packages_are_named_as_scanners_name_them() -> None:
    text = json.dumps(written())
    assert "pkg:deb/ubuntu/zimbra-patch@10.1.16.1773100000-1.u22" in text


def test_fixes_and_mitigations_are_told() -> None:
    kinds = [r["category"] for r in by_id(written())["CVE-2026-73570"]["remediations"]]
    assert kinds == ["vendor_fix", "mitigation"]
    none = by_id(written())["CVE-2026-66666"]["remediations"]
    assert [r["category"] for r in none] == ["none_available"]


@pytest.mark.parametrize("case", cases()[::9], ids=lambda case: f"{case['id']:03}")
def test_installed_states_of_the_table_validate(case: Case) -> None:
    site = Patches()
    when = moment(case)
    found = ledger(overview(facts_of(case)), site, when, host="mail", when="")
    document = json.loads(patches_vex.render(found, WHEN, "0.1.0"))
    assert jsonschema.Draft202012Validator(SCHEMA).is_valid(document)
