"""The documents of the firewall's verbs, and their schemas."""

from pathlib import Path

import jsonschema
import msgspec
import pytest

from tests.firewall.site import NODE, single
from tests.firewall.test_render import PROFILE, SITE
from zmward.firewall.checked import check as compared
from zmward.firewall.grid import places, planned, shut
from zmward.firewall.rules import Ruleset
from zmward.reports import check_json, policy_json
from zmward.reports.schema import check, policy, text

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
FACTS = single(profile=PROFILE)


def documents() -> dict[str, object]:
    grid = planned(SITE, places(FACTS, NODE))
    own = policy_json.document(SITE, grid, shut(FACTS, NODE, SITE), "2026-11-21")
    found = compared(FACTS, SITE, Ruleset({}))
    return {
        "policy": msgspec.json.decode(policy_json.render(own)),
        "check": msgspec.json.decode(
            check_json.render(check_json.document(found, "2026-11-21", "x", ""))
        ),
    }


@pytest.mark.parametrize(("name", "schema"), [("policy", policy()), ("check", check())])
class TestEachSchema:
    def test_what_is_written_fits(self, name: str, schema: dict[str, object]) -> None:
        jsonschema.Draft202012Validator.check_schema(schema)
        document = documents()[name]
        jsonschema.validate(document, schema, jsonschema.Draft202012Validator)

    def test_a_document_that_lacks_a_key_does_not_fit(
        self, name: str, schema: dict[str, object]
    ) -> None:
        document = documents()[name]
        assert isinstance(document, dict)
        for key in document:
            rest = {k: v for k, v in document.items() if k != key}
            with pytest.raises(jsonschema.ValidationError):
                jsonschema.validate(rest, schema)

    def test_the_exported_file_is_this_one(
        self, name: str, schema: dict[str, object]
    ) -> None:
        exported = (REFERENCE / f"{name}.schema.json").read_text("utf-8")
        assert exported == text(schema)
