"""What helps until the patch is in, levels that differ, and exit codes."""

from datetime import date, time

import pytest
from msgspec.structs import replace

from tests.patches import made as of
from tests.patches.cases import cases, facts_of, moment
from zmward.cli.patches import exit_code
from zmward.engine.catalog import active
from zmward.engine.holes import holes
from zmward.evidence import Answer, Evidence
from zmward.patches.ledger import Ledger, Owed
from zmward.patches.overview import Level, Node, Overview
from zmward.patches.readiness import path
from zmward.profile import Patches, Profile
from zmward.reports import patches_text
from zmward.reports.html import patches_page

SEEN = (
    "755 root root 4096 1 directory|/\n{mode} root root 90000 1 regular file|{path}\n"
)
PROGRAM = "/opt/zimbra/libexec/postjournal"


def journal(mode: str) -> Owed:
    """Return CVE-2024-45519 on an unpatched MTA whose program has a mode."""
    case = next(case for case in cases() if case["id"] == 182)
    whole = facts_of(case).evidence
    answer = Answer(SEEN.format(mode=mode, path=PROGRAM))
    answers = {
        host: {**found, "file-modes": answer} if host in whole.hosts else found
        for host, found in whole.answers.items()
    }
    evidence = Evidence(whole.when, answers)
    site = Profile(patches=Patches(time_zone="Europe/Vienna"))
    found = holes(evidence, site, moment(case), active(site.patches))
    return next(row for row in found.open if row.id == "CVE-2024-45519")


def test_a_passing_control_gives_time_until_the_evening() -> None:
    closed = journal("644")
    assert closed.mitigated
    assert closed.due is not None
    assert (closed.due.day, closed.due.at) == (date(2024, 10, 2), time(17))


def test_a_failing_control_gives_no_time() -> None:
    opened = journal("755")
    assert not opened.mitigated
    assert opened.due is not None
    assert opened.due.at is None


def levels(*texts: str) -> list[str]:
    shown = tuple(Level(f"part{n}", (text,)) for n, text in enumerate(texts))
    node = Node("mail.example.com", shown, line="10.1")
    found = path(Overview(date(2026, 11, 21), (node,), (), ()))
    return [f"{one.subject} {one.state}" for one in found]


def test_parts_of_several_levels_are_bad_before_an_upgrade() -> None:
    assert levels("10.1.15", "10.1.16") == ["same level bad"]
    assert levels("10.1.16", "10.1.16") == []


OLD = Patches(catalog_days=1)
LATER = of.NOW.replace(month=12)


@pytest.mark.parametrize(
    ("ledger", "code"),
    [
        (of.made((of.FIXED, of.ABSENT)), 0),
        (of.made((of.FIXED, of.MEDIUM)), 1),
        (of.made((of.FIXED,), site=OLD, now=LATER), 1),
        (of.made((of.FIXED,), trouble="it is not used"), 1),
        (of.made((of.MEDIUM, of.UNKNOWN)), 3),
        (of.made((of.FIXED,), hosts_missing=("other",)), 3),
    ],
)
def test_the_exit_code_says_the_worst(ledger: Ledger, code: int) -> None:
    assert exit_code(ledger) == code


def test_a_site_of_which_nothing_is_known_is_not_clean() -> None:
    nobody = replace(of.made(()), overview=Overview(date(2026, 11, 21), (), (), ()))
    assert exit_code(nobody) == 3
    for one in (nobody, replace(nobody, rows=of.made((of.ABSENT,)).rows)):
        assert exit_code(one) == 3
        text = patches_text.render(one)
        assert "? nothing was judged" in text
        assert "✓" not in text
        assert "nothing was judged" in patches_page.render(one)
        assert "no known hole" not in patches_page.render(one)
