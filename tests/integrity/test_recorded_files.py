"""Templates and generated files held against the baseline, before an upgrade."""

from pathlib import Path

import pytest

from tests.integrity.site import OTHER, SHIPPED, SIGNER, WISH, package, place, put
from zmward.configuration.overwritten import Moved, Record
from zmward.engine.integrity_work import Wish, baseline
from zmward.engine.recorded_files import recorded_files

TEMPLATE = "opt/zimbra/conf/nginx/templates/nginx.conf.web.template"
GENERATED = "opt/zimbra/conf/main.cf"


@pytest.fixture
def known(root: Path) -> Path:
    baseline(place(root), WISH, SIGNER)
    return root


def seen(root: Path) -> Record:
    return recorded_files(place(root), WISH)


def test_an_untouched_installation_is_as_recorded(known: Path) -> None:
    found = seen(known)
    assert (found.number, found.why, found.moved, found.unread) == (1, "", (), ())
    assert {f"/{TEMPLATE}", f"/{GENERATED}"} <= set(found.looked)
    # Code, keys and compiled pages are for `integrity check`.
    names = {path.rpartition("/")[2] for path in found.looked}
    assert not names & {"zmcontrol", "ca.key", "localconfig.xml", "login_jsp.class"}


def test_each_change_is_named_with_what_became_of_it(known: Path) -> None:
    put(known, TEMPLATE, "server { listen 1; }\n")
    put(known, GENERATED, "x = z\n")
    (known / "opt/zimbra/conf/nginx/includes/nginx.conf.web").unlink()
    assert seen(known).moved == (
        Moved(f"/{GENERATED}", "other"),
        Moved("/opt/zimbra/conf/nginx/includes/nginx.conf.web", "gone"),
        Moved(f"/{TEMPLATE}", "other"),
    )


def test_what_an_upgraded_package_wrote_is_shipped(known: Path) -> None:
    newer = {**SHIPPED, TEMPLATE: "server { new }\n"}
    put(known, TEMPLATE, newer[TEMPLATE])
    package(known, newer, "10.1.1")
    assert seen(known).moved == (Moved(f"/{TEMPLATE}", "shipped"),)


def test_a_link_in_the_place_of_a_file_is_not_followed(known: Path) -> None:
    there = known / GENERATED
    there.unlink()
    there.symlink_to("/etc/passwd")
    assert seen(known).moved == (Moved(f"/{GENERATED}", "other"),)


def test_where_no_baseline_counts_the_reason_is_told(root: Path) -> None:
    assert "There is no baseline" in seen(root).why
    baseline(place(root), WISH, SIGNER)
    forged = recorded_files(place(root), Wish(WISH.now, "0", (OTHER.public,)))
    assert "not signed by a key that you have pinned" in forged.why
    assert forged.looked == {}
    (root / "etc/machine-id").write_text("another\n")
    assert "another machine" in seen(root).why
