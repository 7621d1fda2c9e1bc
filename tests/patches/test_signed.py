"""Catalogs from outside: only signed, newer and whole ones are taken."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import jsonschema
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.patches.made import advisory
from tests.patches.signing import KEY, NOW, OTHER, SITE, catalog, public, signature
from zmward.catalog.advisories import advisories
from zmward.engine.catalog import active, update
from zmward.errors import BadFile, Refused, Usage
from zmward.patches.signed import SignedCatalog, laid_over
from zmward.profile import Patches

Write = Callable[..., str]


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ZMWARD_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


def written(folder: Path, content: bytes, signed: bytes | None = None) -> str:
    path = folder / "catalog.json"
    path.write_bytes(content)
    path.with_name("catalog.json.sig").write_bytes(
        signature(content) if signed is None else signed
    )
    return str(path)


def everything(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_without_a_taken_catalog_the_shipped_one_counts() -> None:
    found = active(SITE)
    assert (found.advisories, found.serial, found.trouble) == (advisories(), 0, "")


def test_a_signed_newer_catalog_is_taken_and_counts(tmp_path: Path) -> None:
    taken = update(written(tmp_path, catalog()), SITE, NOW)
    assert (taken.serial, taken.added) == (7, ("CVE-2026-88888", "CVE-2026-88889"))
    found = active(SITE)
    assert (found.serial, found.trouble) == (7, "")
    rows = {row.id for row in found.advisories.rows}
    assert rows == {row.id for row in advisories().rows} | set(taken.added)
    assert found.advisories.generated == date(2026, 11, 30)


def test_a_short_catalog_makes_no_hole_vanish(tmp_path: Path) -> None:
    update(written(tmp_path, catalog(rows=(advisory(1),))), SITE, NOW)
    assert len(active(SITE).advisories.rows) == len(advisories().rows) + 1


def test_a_row_of_the_same_id_is_replaced_and_a_withdrawn_one_goes(
    tmp_path: Path,
) -> None:
    changed, gone = (row.id for row in advisories().rows[:2])
    rows = (advisory(1, id=changed, summary="told anew"),)
    update(written(tmp_path, catalog(rows=rows, withdrawn=(gone,))), SITE, NOW)
    found = {row.id: row for row in active(SITE).advisories.rows}
    assert found[changed].summary == "told anew"
    assert gone not in found


def test_newer_facts_of_zmward_itself_win() -> None:
    changed, gone = (row.id for row in advisories().rows[:2])
    rows = (advisory(1, id=changed, summary="told anew"), advisory(2))
    content = catalog(rows=rows, withdrawn=(gone,), generated=date(2026, 11, 1))
    opened_ = msgspec.json.decode(content, type=SignedCatalog)
    found = {row.id: row for row in laid_over(advisories(), opened_).rows}
    assert found[changed].summary != "told anew"
    assert {gone, "CVE-2026-2"} <= found.keys()


def test_a_row_of_the_catalog_before_is_not_lost_in_silence(tmp_path: Path) -> None:
    update(written(tmp_path, catalog(7)), SITE, NOW)
    rows = (advisory(88888),)
    with pytest.raises(Refused, match="lacks CVE-2026-88889"):
        update(written(tmp_path, catalog(8, rows=rows)), SITE, NOW)
    said = catalog(8, rows=rows, withdrawn=("CVE-2026-88889",))
    assert update(written(tmp_path, said), SITE, NOW).serial == 8


def test_a_catalog_lies_where_only_its_owner_writes(
    tmp_path: Path, state: Path
) -> None:
    update(written(tmp_path, catalog()), SITE, NOW)
    for path in (state, state / "catalog", *(state / "catalog").iterdir()):
        assert path.stat().st_mode & 0o077 == 0


ROWS = (advisory(88888), advisory(88889))
REFUSED = {
    "truncated": (catalog(8)[:-40], signature(catalog(8))),
    "forged": (catalog(8).replace(b"88888", b"99999"), signature(catalog(8))),
    "signed by another": (catalog(8), signature(catalog(8), OTHER)),
    "signature cut": (catalog(8), signature(catalog(8))[:-1]),
    "signature empty": (catalog(8), b""),
    "the same again": (catalog(7), None),
    "older serial": (catalog(6), None),
    "issued in the future": (
        catalog(8, issued=datetime(2026, 12, 3, tzinfo=UTC)),
        None,
    ),
    "facts of the future": (catalog(8, generated=date(2026, 12, 9)), None),
    "facts older than ours": (catalog(8, generated=date(2026, 11, 1)), None),
    "time without zone": (catalog(8, issued="2026-11-30T08:00:00"), None),
    "no advisory": (catalog(8, rows=()), None),
    "an id twice": (catalog(8, rows=(*ROWS, advisory(88888))), None),
    "a strange id": (catalog(8, rows=(*ROWS, advisory(1, id="<b>\x1b"))), None),
    "another schema": (catalog(8, schema="zmward.catalog/2"), None),
    "a hole of the future": (
        catalog(8, rows=(*ROWS, advisory(1, published=date(2062, 8, 13)))),
        None,
    ),
    "a vector that is none": (
        catalog(8, rows=(*ROWS, advisory(1, vector="CVSS:3.1/AV:N"))),
        None,
    ),
    "an unknown field": (catalog(8, more=1), None),
    "a serial of 0": (catalog(0), None),
    "a serial too large": (catalog(1 << 60), None),
    "no JSON": (b"\x00" * 100, None),
    "deep": (b"[" * 100_000, None),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_sound_is_refused_with_nothing_changed(
    name: str, tmp_path: Path, state: Path
) -> None:
    update(written(tmp_path, catalog(7)), SITE, NOW)
    before = everything(state)
    content, signed = REFUSED[name]
    with pytest.raises(Refused) as caught:
        update(written(tmp_path, content, signed), SITE, NOW)
    assert caught.value.code == 4
    assert everything(state) == before
    assert active(SITE).serial == 7


def test_a_signature_that_is_none_is_called_so(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no ed25519 signature"):
        update(written(tmp_path, catalog(), b"-----BEGIN"), SITE, NOW)


def test_the_very_next_serial_is_taken(tmp_path: Path) -> None:
    update(written(tmp_path, catalog(7)), SITE, NOW)
    assert update(written(tmp_path, catalog(8)), SITE, NOW).added == ()


def test_no_pinned_key_takes_nothing(tmp_path: Path, state: Path) -> None:
    with pytest.raises(Refused, match="pins no key"):
        update(written(tmp_path, catalog()), Patches(), NOW)
    assert not state.exists()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, len(catalog(9)) - 1), bit=st.integers(0, 7))
def test_one_wrong_bit_is_refused(place: int, bit: int, tmp_path: Path) -> None:
    content = bytearray(catalog(9))
    content[place] ^= 1 << bit
    path = written(tmp_path, bytes(content), signature(catalog(9)))
    with pytest.raises(Refused, match="not signed by a key"):
        update(path, SITE, NOW)


def test_a_second_pinned_key_is_as_good(tmp_path: Path) -> None:
    both = Patches(catalog_keys=(public(OTHER), public(KEY)))
    assert update(written(tmp_path, catalog()), both, NOW).serial == 7


def test_a_key_that_is_no_longer_pinned_takes_its_catalog_along(tmp_path: Path) -> None:
    update(written(tmp_path, catalog()), SITE, NOW)
    for site in (Patches(), Patches(catalog_keys=(public(OTHER),))):
        found = active(site)
        assert (found.advisories, found.serial) == (advisories(), 0)
        assert "is not used" in found.trouble


def test_a_removed_catalog_does_not_let_an_older_one_in(
    tmp_path: Path, state: Path
) -> None:
    update(written(tmp_path, catalog(7)), SITE, NOW)
    (state / "catalog/current").unlink()
    with pytest.raises(Refused, match="7 was taken"):
        update(written(tmp_path, catalog(7)), SITE, NOW)


def test_a_lost_number_does_not_let_an_older_one_in(
    tmp_path: Path, state: Path
) -> None:
    update(written(tmp_path, catalog(7)), SITE, NOW)
    (state / "catalog/serial").unlink()
    with pytest.raises(Refused, match="7 was taken"):
        update(written(tmp_path, catalog(6)), SITE, NOW)
    (state / "catalog/serial").write_text("many")
    with pytest.raises(Refused, match="is damaged"):
        update(written(tmp_path, catalog(9)), SITE, NOW)


def test_a_damaged_state_is_told_and_the_shipped_catalog_counts(
    tmp_path: Path, state: Path
) -> None:
    update(written(tmp_path, catalog()), SITE, NOW)
    for content in (b"", b"\xff" * 30, (state / "catalog/current").read_bytes()[:-9]):
        (state / "catalog/current").write_bytes(content)
        found = active(SITE)
        assert (found.serial, found.advisories) == (0, advisories())
        assert "is not used" in found.trouble


def test_a_folder_that_others_can_write_is_refused(tmp_path: Path, state: Path) -> None:
    (state / "catalog").mkdir(parents=True)
    (state / "catalog").chmod(0o777)
    with pytest.raises(Refused, match="Others may write"):
        update(written(tmp_path, catalog()), SITE, NOW)


def test_a_link_in_place_of_the_folder_is_refused(tmp_path: Path, state: Path) -> None:
    state.mkdir()
    (tmp_path / "elsewhere").mkdir()
    (state / "catalog").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refused, match="no folder of ours"):
        update(written(tmp_path, catalog()), SITE, NOW)


def test_a_user_without_root_names_another_folder(
    tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZMWARD_CATALOG", str(tmp_path / "own/catalog"))
    update(written(tmp_path, catalog()), SITE, NOW)
    assert (tmp_path / "own/catalog/current").exists()
    assert active(SITE).serial == 7
    assert not state.exists()


def test_a_missing_file_or_signature_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"nothing\.json"):
        update(str(tmp_path / "nothing.json"), SITE, NOW)
    path = written(tmp_path, catalog())
    Path(f"{path}.sig").unlink()
    with pytest.raises(BadFile, match=r"\.sig"):
        update(path, SITE, NOW)


@pytest.mark.parametrize(
    "url",
    [
        "http://mirror.example/catalog.json",
        "file:///etc/passwd",
        "https:///catalog.json",
        "https://user:word@mirror.example/c",
        "https://mirror.example:port/c",
        "https://mirror.example/a b",
        "https://mirror.example/\r\nHost: other",
    ],
)
def test_only_plain_https_is_an_address(url: str) -> None:
    with pytest.raises(Usage):
        update(url, SITE, NOW)


def test_the_catalog_keeps_the_written_schema() -> None:
    schema = Path("docs/reference/catalog.schema.json").read_text("utf-8")
    jsonschema.validate(json.loads(catalog()), json.loads(schema))
