"""The advisories that count: of the day that is judged, and in every verb the same."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.patches.cases import cases, facts_of
from tests.patches.made import advisory
from tests.patches.signing import KEY, NOW, SITE, catalog, public
from tests.patches.test_signed import written
from zmward.catalog.advisories import Active, Advisories, advisories
from zmward.cli.main import main
from zmward.engine.catalog import folder, update
from zmward.evidence import Answer, Evidence, encode
from zmward.facts import Facts
from zmward.patches.ledger import ledger
from zmward.patches.overview import overview
from zmward.profile import Patches, Profile
from zmward.reports import patches_text

ONLY = "zimbra-without-exploited-holes,advisories-recent"
# 10.1.20 on every part: a new hole is told to be open there.
STATE = next(case for case in cases() if case["id"] == 197)
ATTACKED = advisory(
    88888,
    exploited=True,
    published="2026-11-29",
    fixes=({"line": "10.1", "since": "10.1.22", "surely": "10.1.22"},),
    affected=({"line": "10.1", "before": "10.1.22"},),
)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZMWARD_CATALOG", str(tmp_path / "catalog"))


def audited(where: Path, *options: str) -> dict[str, Any]:
    """Return what `zmward audit` says of 10.1.20, by control."""
    whole = facts_of(STATE).evidence
    answers = {
        host: {name: one for name, one in found.items() if isinstance(one, Answer)}
        for host, found in whole.answers.items()
    }
    evidence = encode(Evidence(whole.when, answers))
    (where / "evidence.json").write_bytes(evidence)
    profile = where / "profile.toml"
    profile.write_text(f'[patches]\ncatalog-keys = ["{public(KEY)}"]\n')
    names = ("--evidence", str(where / "evidence.json"), "--profile", str(profile))
    run = CliRunner().invoke(
        main, ["audit", "--json", *names, "--only", ONLY, *options]
    )
    findings = json.loads(run.stdout)["findings"]
    return {one["control"]: one for one in findings}


def open_ones(found: dict[str, Any]) -> str:
    finding = found["zimbra-without-exploited-holes"]
    return " ".join(one["found"] for one in finding["deviations"])


def test_an_audit_judges_by_the_catalog_that_was_taken(tmp_path: Path) -> None:
    assert ATTACKED.id not in open_ones(audited(tmp_path))
    update(written(tmp_path, catalog(rows=(ATTACKED,))), SITE, NOW)
    found = audited(tmp_path, "--now", "2026-12-01")
    assert ATTACKED.id in open_ones(found)
    assert found["advisories-recent"]["status"] == "PASS"


def test_a_forged_catalog_judges_nothing_and_is_told(tmp_path: Path) -> None:
    update(written(tmp_path, catalog(rows=(ATTACKED,))), SITE, NOW)
    kept = folder() / "current"
    kept.write_bytes(kept.read_bytes().replace(b"CVE-2026-88888", b"CVE-2026-88887"))
    found = audited(tmp_path, "--now", "2026-12-01")
    assert ATTACKED.id not in open_ones(found)
    assert found["advisories-recent"]["status"] == "UNKNOWN"
    assert "is not used" in found["advisories-recent"]["reason"]


def test_an_old_catalog_is_a_finding(tmp_path: Path) -> None:
    found = audited(tmp_path, "--now", "2027-03-01")["advisories-recent"]
    assert found["status"] == "FAIL"
    assert "100 days old" in found["deviations"][0]["found"]


def test_what_was_published_later_is_not_judged_yet() -> None:
    early = facts_of({**STATE, "now": date(2026, 8, 1)})
    found = overview(early)
    later = {
        row.id
        for row in advisories().rows
        if row.published and row.published > date(2026, 8, 1)
    }
    assert set(found.later) == later
    assert len(later) > 5
    assert not later & {hole.advisory.id for hole in found.holes}
    when = early.evidence.when
    shown = ledger(found, Patches(), early.now, host="mail", when=when)
    text = patches_text.render(shown)
    assert f"{len(later)} holes were published after the day that is judged" in text


def test_the_day_is_that_of_the_site() -> None:
    one = advisory(1, published=date(2026, 11, 22))
    noon = datetime(2026, 11, 21, 18, tzinfo=UTC)
    known = Active(Advisories(NOW.date(), (one,)))
    for zone, count in (("UTC", 0), ("Pacific/Auckland", 1)):
        site = Profile(patches=Patches(time_zone=zone))
        facts = Facts(facts_of(STATE).evidence, site, noon, known)
        assert len(overview(facts).holes) == count
