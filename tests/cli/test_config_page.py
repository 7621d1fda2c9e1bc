"""The site's page in a folder where others work: their text, links and swaps."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.cli.test_config import later
from zmward.cli import config_document
from zmward.cli.main import dispatch
from zmward.demo.sample import recorded
from zmward.evidence import Evidence, encode
from zmward.reports import schema


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ZMWARD_STATE", str(tmp_path / "state"))
    place = tmp_path / "wiki"
    place.mkdir()
    return place


def _document(page: Path, evidence: Evidence) -> int:
    path = page.parents[1] / "evidence.json"
    path.write_bytes(encode(evidence))
    words = ("--evidence", str(path), "--output", str(page))
    return dispatch(["config", "document", *words])


def _meanwhile(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Let something happen while the servers are asked."""
    asked = config_document._found  # where a live host takes minutes

    def found(options: dict[str, Any]) -> Any:
        made = asked(options)
        act()
        return made

    monkeypatch.setattr(config_document, "_found", found)


def test_what_is_written_while_the_servers_are_asked_stays(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = folder / "site.md"
    assert _document(page, recorded()) == 0

    def edit() -> None:
        page.write_bytes(page.read_bytes() + b"Call the team at any hour.\n")

    _meanwhile(monkeypatch, edit)
    assert _document(page, later()) == 0
    assert page.read_bytes().endswith(b"Call the team at any hour.\n")


def test_a_page_that_came_while_the_servers_were_asked_stays(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = folder / "site.md"
    _meanwhile(monkeypatch, lambda: page.write_text("Ours alone.\n"))
    assert _document(page, recorded()) != 0
    assert page.read_text() == "Ours alone.\n"


def test_a_link_is_not_followed_and_stays(folder: Path) -> None:
    page, other = folder / "site.md", folder / "other.md"
    assert _document(other, recorded()) == 0
    was = other.read_bytes()
    page.symlink_to(other)
    assert _document(page, later()) == 2
    assert page.is_symlink()
    assert other.read_bytes() == was


def test_a_pipe_holds_nobody_up(folder: Path) -> None:
    os.mkfifo(folder / "site.md")
    assert _document(folder / "site.md", recorded()) == 2


def test_a_folder_that_is_swapped_leads_nowhere(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, other = folder / "site.md", folder.parent / "other"
    other.mkdir()
    assert _document(page, recorded()) == 0

    def swap() -> None:
        folder.rename(folder.parent / "moved")
        folder.symlink_to(other)

    _meanwhile(monkeypatch, swap)
    _document(page, later())
    assert not list(other.iterdir())


def test_no_copy_is_left_behind(folder: Path) -> None:
    page = folder / "site.md"
    assert _document(page, recorded()) == 0
    assert _document(page, later()) == 0
    assert [path.name for path in folder.iterdir()] == ["site.md"]


def _printed(
    capsys: pytest.CaptureFixture[str], folder: Path, evidence: Evidence, *words: str
) -> dict[str, Any]:
    path = folder.parent / "evidence.json"
    path.write_bytes(encode(evidence))
    capsys.readouterr()
    asked = ("config", "document", "--evidence", str(path), "--json", *words)
    assert dispatch(list(asked)) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    jsonschema.validate(found, schema.config_document())
    return found


def test_the_page_is_json_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = _printed(capsys, folder, recorded())
    assert found["page"] is None
    assert found["when"] == recorded().when
    sections = {one["name"]: one for one in found["sections"]}
    assert list(sections)[:2] == ["about", "nodes"]
    (nodes,) = sections["nodes"]["parts"]
    assert nodes["type"] == "table"
    assert {len(row) for row in nodes["rows"]} == {len(nodes["heads"])}
    kinds = {part["type"] for one in found["sections"] for part in one["parts"]}
    assert kinds == {"table", "text", "commands", "listeners"}


def test_json_tells_of_the_page_that_was_written(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = folder / "site.md"
    assert _document(page, recorded()) == 0
    left = re.sub(
        r"<!-- zmward:begin waivers -->.*<!-- zmward:end waivers -->\n",
        "Call the team at any hour.\n",
        page.read_text(),
        flags=re.DOTALL,
    )
    page.write_text(left)
    found = _printed(capsys, folder, later(), "--output", str(page), "--quiet")
    assert (found["page"], found["left_out"]) == (str(page), ["waivers"])
    assert "Call the team at any hour." in page.read_text()
    assert page.read_text() != left


def test_two_forms_at_once_are_refused(folder: Path) -> None:
    path = folder.parent / "evidence.json"
    path.write_bytes(encode(recorded()))
    words = ("--evidence", str(path), "--json", "--format", "html")
    assert dispatch(["config", "document", *words]) == 2


def _record(folder: Path) -> Path:
    return folder.parent / "state/document/written.json"


def test_a_page_of_the_server_itself_is_remembered(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config_document, "looked_at", lambda _: recorded())
    page = folder / "site.md"
    assert dispatch(["config", "document", "--output", str(page)]) == 0
    kept = json.loads(_record(folder).read_bytes())
    assert (kept["path"], kept["when"]) == (str(page), recorded().when)
    assert kept["left_out"] == []
    assert _record(folder).stat().st_mode & 0o777 == 0o600


def test_a_page_that_could_not_be_remembered_is_written_all_the_same(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(config_document, "looked_at", lambda _: recorded())
    (folder.parent / "state").mkdir()
    (folder.parent / "state/document").symlink_to(folder)
    page = folder / "site.md"
    assert dispatch(["config", "document", "--output", str(page)]) == 0
    assert page.exists()
    assert "the page is written; " in capsys.readouterr().err
    assert [path.name for path in folder.iterdir()] == ["site.md"]


def test_a_page_of_recorded_evidence_is_no_proof_for_this_machine(
    folder: Path,
) -> None:
    assert _document(folder / "site.md", recorded()) == 0
    assert not _record(folder).exists()
