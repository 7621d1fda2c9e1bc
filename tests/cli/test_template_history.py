"""A baseline and the history of the configuration together, as readiness asks them."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.integrity.site import SHIPPED, SIGNER, WISH, install, place, put
from zmward.cli.patches_place import Judged
from zmward.cli.template_history import (
    history_since,
    older_than,
    record,
    template_history,
)
from zmward.configuration.merged import FORMAT, VERSION
from zmward.configuration.overwritten import Record
from zmward.configuration.templates import template
from zmward.engine.configuration_store import Store
from zmward.engine.integrity_work import baseline
from zmward.evidence import Evidence
from zmward.profile import Integrity, Profile

HOST = "mail.example.test"
PATH = "/opt/zimbra/conf/nginx/templates/nginx.conf.web.template"
PINNED = Profile(integrity=Integrity(keys=(SIGNER.public,)))
DAYS = ("2026-11-29T00:00:00+00:00", "2026-12-01T11:00:00+00:00")
LATER = "2026-12-02T00:00:00+00:00"
TEXTS = ("server {}\n", "server { listen 1; }\n", "server { new }\n")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give an installation with a baseline, and a history of one template."""
    monkeypatch.setenv("ZMWARD_STATE", str(tmp_path / "state"))
    there = install(tmp_path / "root")
    baseline(place(there), WISH, SIGNER)
    (tmp_path / "state").chmod(0o700)
    store = Store(tmp_path / "state/config.git")
    store.make()
    before: dict[str, str] = {}
    for when, text in zip((*DAYS, LATER), TEXTS, strict=True):
        files = {FORMAT: VERSION, template(HOST, PATH): text}
        store.commit(files, before, when, "snapshot")
        before = files
    return there


def judged(
    site: Profile = PINNED, host: str | None = None, *, live: bool = True
) -> Judged:
    now = datetime(2026, 12, 3, tzinfo=UTC)
    return Judged(Evidence(LATER, {}), site, now, color=False, live=live, host=host)


def test_the_difference_is_from_the_text_that_the_baseline_recorded(
    root: Path,
) -> None:
    put(root, PATH[1:], TEXTS[2])
    found = record(judged(), str(root))
    assert [one.path for one in found.moved] == [PATH]
    said = template_history(HOST, found).told(PATH)
    assert said is not None
    assert said.by() == (
        f"{PATH}, from what baseline 1 recorded to {LATER}: -server {{}}; "
        "+server { new }"
    )
    assert SHIPPED[PATH[1:]] == TEXTS[0]


def test_without_a_baseline_the_snapshots_alone_are_compared(root: Path) -> None:
    assert root
    known = template_history(HOST, Record(why="none"))
    assert known.changed == (PATH,)
    said = known.told(PATH)
    assert said is not None
    assert said.by().startswith(f"{PATH}, from {DAYS[0]} to {LATER}: ")


def test_since_the_evidence_of_before_counts_the_snapshot_of_before(root: Path) -> None:
    assert root
    none = Record(why="none")
    said = history_since(HOST, none, "2026-12-01T12:00:00+00:00").told(PATH)
    assert said is not None
    assert said.by().startswith(f"{PATH}, from {DAYS[1]} to {LATER}: ")
    for when in ("2026-11-01T00:00:00+00:00", LATER):
        assert history_since(HOST, none, when).span == ""


def test_only_the_host_itself_and_a_pinned_key_tell(root: Path) -> None:
    for place_, words in (
        (judged(host="root@mail"), "lies on the host itself"),
        (judged(live=False), "lies on the host itself"),
        (judged(Profile()), "No key is pinned"),
    ):
        found = record(place_, str(root))
        assert words in found.why
        assert found.looked == {}


def test_without_any_baseline_no_key_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZMWARD_STATE", str(tmp_path / "none"))
    assert record(judged(Profile())).why == "this machine has no baseline"


def test_a_baseline_made_after_the_upgrade_does_not_count() -> None:
    digest = hashlib.sha256(b"x").hexdigest()
    found = Record(4, "2026-12-02T00:00:00+00:00", {PATH: digest})
    assert older_than(found, datetime(2026, 12, 3, tzinfo=UTC)) == found
    young = older_than(found, datetime(2026, 12, 1, tzinfo=UTC))
    assert "made after the evidence of before" in young.why
    assert young.looked == {}
