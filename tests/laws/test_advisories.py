"""The laws that every row of the catalog of holes obeys."""

import re
from collections.abc import Iterator

from tests.laws.every import every
from zmward.catalog.advisories import Advisory, advisories
from zmward.catalog.attributes import attributes
from zmward.catalog.conditions import (
    AllOf,
    AnyOf,
    Attribute,
    Condition,
    LocalKey,
    Not,
)
from zmward.catalog.localconfig import keys
from zmward.catalog.overrides import OVERRIDES
from zmward.catalog.releases import releases
from zmward.controls.registry import controls
from zmward.patches.standing import Standing, verdict
from zmward.patches.version import known, newest

ROWS = advisories().rows
each = every({row.id: row for row in ROWS})
# Ids that public lists give to Zimbra and that are other products' or nobody's.
FOREIGN = {
    *("CVE-2024-22661", "CVE-2024-32476", "CVE-2024-37865", "CVE-2024-45774"),
    *("CVE-2024-45775", "CVE-2024-45776", "CVE-2023-40110", "CVE-2021-32458"),
    *("CVE-2020-29227", "CVE-2024-36991", "CVE-2024-23797", "CVE-2025-65401"),
    *("CVE-2026-72811", "CVE-2026-69104", "CVE-2018-12580", "CVE-2017-7679"),
    "CVE-2016-0772",
}
# Its compiled default is not known, so its absence is unknown.
WITHOUT_DEFAULT = {"snmp_notify"}


def _parts(condition: Condition | None) -> Iterator[Condition]:
    match condition:
        case None:
            return
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from _parts(part)
        case Not(part):
            yield from _parts(part)
        case _:
            yield condition


def _versions() -> tuple[str, ...]:
    return tuple(build.version for build in releases().builds)


def test_ids_are_there_once_and_none_is_foreign() -> None:
    ids = [row.id for row in ROWS]
    assert len(ids) == len(set(ids))
    assert not FOREIGN & set(ids)


@each
def test_a_row_says_where_it_comes_from(row: Advisory) -> None:
    assert re.fullmatch(r"CVE-\d{4}-\d{4,7}", row.id)
    assert row.source
    assert row.summary
    assert row.cvss is None or 0 <= row.cvss <= 10  # the scale's ends
    assert row.published is None or row.published <= advisories().generated


@each
def test_fixes_are_builds_of_their_lines(row: Advisory) -> None:
    for fix in row.fixes:
        assert fix.surely or fix.still_open
        for text in (fix.since, fix.surely, fix.still_open):
            assert not text or known(text).within(fix.line)
        assert not fix.since or known(fix.since) < known(fix.surely)
    assert row.fixes or not row.proven


@each
def test_only_a_fix_that_was_read_makes_a_build_good(row: Advisory) -> None:
    good = {
        version
        for version in _versions()
        if verdict(row, known(version)).standing is Standing.FIXED
    }
    assert row.proven or not good
    assert not row.inferred or not good


@each
def test_a_fix_that_is_only_remembered_is_never_read(row: Advisory) -> None:
    """Of the marks, C means recall: nothing that is only recalled decides a PASS."""
    assert row.confidence != "C" or not row.proven
    assert "recall" not in row.source.lower() or not row.proven


@each
def test_a_newer_build_of_a_line_is_never_worse(row: Advisory) -> None:
    order = {Standing.APPLIES: 0, Standing.UNKNOWN: 1}
    for line in releases().lines:
        builds = sorted(known(v) for v in _versions() if known(v).line == line.line)
        ranks = [order.get(verdict(row, one).standing, 2) for one in builds]
        assert ranks == sorted(ranks)


@each
def test_what_applies_is_within_the_affected_builds(row: Advisory) -> None:
    """Two readings of one record, its range and its fix, say the same."""
    for version in _versions():
        build = known(version)
        if verdict(row, build).standing is not Standing.APPLIES or not row.affected:
            continue
        named = any(
            (not part.line or build.within(part.line))
            and (not part.first or build >= known(part.first))
            and (not part.last or build <= known(part.last))
            and (not part.before or build < known(part.before))
            for part in row.affected
        )
        assert named or row.unfixed or _lists_other_lines(row, build.line)


def _lists_other_lines(row: Advisory, line: str) -> bool:
    """Say whether the record's range leaves out a line that its fixes name."""
    return line in {fix.line for fix in row.fixes}


@each
def test_conditions_name_what_exists(row: Advisory) -> None:
    for part in (*_parts(row.condition), *_parts(row.undone_by)):
        if isinstance(part, Attribute):
            assert set(part.values) <= set(attributes())
            if "account" in part.kinds:
                assert set(part.values) <= set(OVERRIDES)
        if isinstance(part, LocalKey) and part.key not in WITHOUT_DEFAULT:
            assert part.key in keys()
            assert part.unset == (keys()[part.key].default in part.values)


@each
def test_mitigations_name_controls_that_exist(row: Advisory) -> None:
    for one in row.mitigations:
        assert one.text.endswith(".")
        assert not one.control or one.control in controls()


def test_a_supported_line_has_a_newest_build() -> None:
    for line in releases().lines:
        assert not line.supported or newest(line.line) is not None
