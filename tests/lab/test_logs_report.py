"""The report on logs of real nodes, read over ssh."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from lab.network import INTERNET_IPV4, NODE_IPV4
from lab.node import Lab
from lab.record import zmward
from lab.tree.identity import TODAY

pytestmark = pytest.mark.lab


def report(lab: Lab, *more: str) -> dict[str, Any]:
    """Return the report on what the state was made with, not on today's tests."""
    end = ("--now", (TODAY - timedelta(days=1)).isoformat())
    said = zmward(lab, "logs", "report", "--json", "--quiet", *end, *more)
    found: dict[str, Any] = json.loads(said)
    return found


def test_the_guesser_is_found_and_the_proxy_is_named(lab_careless: Lab) -> None:
    found = report(lab_careless, "--with-lines")
    verdicts = {one["address"]: one["verdict"] for one in found["sources"]}
    assert verdicts[INTERNET_IPV4] == "spraying"
    assert found["origin_ip"]["verdict"] == "bad"
    assert found["origin_ip"]["hiding"] == [NODE_IPV4]
    assert found["unparsed"] == 0
    assert found["notes"] == []
    about = f"source {INTERNET_IPV4}"
    lines = [one["line"] for one in found["evidence"] if one["about"] == about]
    assert len(lines) == 3
    assert all(INTERNET_IPV4 in line for line in lines)


def test_a_node_that_trusts_its_proxy_shows_its_clients(lab_hardened: Lab) -> None:
    found = report(lab_hardened)
    assert found["origin_ip"]["verdict"] == "ok"
    assert {one["verdict"] for one in found["origin_ip"]["protocols"]} == {"ok"}
    assert found["origin_ip"]["hiding"] == []


def test_the_page_of_a_node_names_it(lab_careless: Lab, tmp_path: Path) -> None:
    page = tmp_path / "logs.html"
    zmward(lab_careless, "logs", "report", "--format", "html", "--output", str(page))
    assert "<h1>mail.example.test</h1>" in page.read_text("utf-8")
