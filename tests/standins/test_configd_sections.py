"""The rows of zmconfigd's sections are sound, and the shipped program is theirs."""

import json
from pathlib import Path

import pytest
from lab.zimbra.configd import program
from lab.zimbra.configd.sections import Parameter, load
from tests.standins.configd_twin import CATALOG

SHIPPED = Path(__file__).parents[2] / "lab/rootfs/opt/zimbra"
# What the daemon itself computes, and wiring that is dead in the real one too.
NO_ATTRIBUTES = {
    "zimbraMtaAuthURLs",
    "zimbraMtaSmtpMandatoryTlsProtocols",
    "zimbraPostconfProtocol",
    "zimbraProxyLookupTargets",
    "zimbraProxyMemcachedServers",
}


def test_the_shipped_program_says_what_the_sections_do() -> None:
    assert (SHIPPED / "conf/zmconfigd.cf").read_text() == program.text(load())


def test_every_watched_attribute_exists() -> None:
    known = set(json.loads(CATALOG.read_text()))
    for section in load():
        operands = [one.operand for one in section.parameters if one.kind == "VAR"]
        named = {*section.variables, *operands} - NO_ATTRIBUTES
        assert named <= known, section.name


def test_every_template_is_shipped() -> None:
    for section in load():
        for one in section.rewrites:
            assert (SHIPPED / one.template).is_file(), one.template
        for parameter in section.parameters:
            if parameter.kind == "FILE":
                assert (SHIPPED / parameter.operand).is_file(), parameter.operand


def test_a_condition_is_no_input() -> None:
    rows = {one.name: one for section in load() for one in section.parameters}
    assert rows["header_checks"] == Parameter(
        "header_checks",
        "VAR",
        "zimbraMtaHeaderChecks",
        wanted=False,
        condition=("VAR", "zimbraMtaBlockedExtensionWarnRecipient"),
    )


def test_an_unknown_entry_of_a_section_is_refused(tmp_path: Path) -> None:
    rows = tmp_path / "sections.toml"
    rows.write_text("[mta]\nwatch = []\n")
    with pytest.raises(ValueError, match="unknown entries"):
        load(rows)
