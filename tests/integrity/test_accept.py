"""Accepting takes the packages' own changes by itself, and nothing else unasked."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integrity.site import (
    SHIPPED,
    SIGNER,
    WEB,
    WISH,
    install,
    package,
    place,
    put,
)
from zmward.engine.integrity import Place
from zmward.engine.integrity_work import Accepted, accept, baseline, check, proposed
from zmward.integrity.checked import renewed

STORE = "opt/zimbra/lib/jars/zimbrastore.jar"
SHELL = f"{WEB}/zimbra/public/x.jsp"


def taking(root: Path, *paths: str) -> Accepted:
    what = proposed(place(root), WISH, paths)
    accept(place(root), WISH, SIGNER, what)
    return what


@pytest.fixture
def upgraded(root: Path) -> Path:
    """Give an installation that was upgraded, and broken into."""
    baseline(place(root), WISH, SIGNER)
    put(root, STORE, "PK store 2")
    package(root, {**SHIPPED, STORE: "PK store 2"}, "10.1.1")
    put(root, SHELL, "<% %>")
    put(root, "opt/zimbra/conf/main.cf", "x = z\n")
    return root


def alarms(root: Path) -> set[str]:
    return {one.path for one in check(place(root), WISH).alarms}


def test_an_upgrade_is_taken_and_a_shell_is_not(upgraded: Path) -> None:
    what = taking(upgraded)
    assert what.own == (f"/{STORE}",)
    assert set(what.rest) == {f"/{SHELL}", "/opt/zimbra/conf/main.cf"}
    found = check(place(upgraded), WISH)
    assert found.header.because == "accept"
    assert {one.path for one in found.judged} == set(what.rest)
    assert alarms(upgraded) == {f"/{SHELL}"}


def test_after_an_upgrade_that_was_taken_its_version_is_the_old_one(
    upgraded: Path,
) -> None:
    taking(upgraded)
    put(upgraded, STORE, "PK forged")
    package(upgraded, {**SHIPPED, STORE: "PK forged"}, "10.1.1")
    assert f"/{STORE}" in alarms(upgraded)


def test_what_is_not_taken_by_an_upgrade_stays_an_alarm(upgraded: Path) -> None:
    login = f"{WEB}/zimbra/public/login.jsp"
    put(upgraded, login, "<% evil %>")
    taking(upgraded)
    taking(upgraded)
    assert alarms(upgraded) == {f"/{SHELL}", f"/{login}"}


def test_a_named_path_is_taken_and_no_neighbour(upgraded: Path) -> None:
    put(upgraded, f"{SHELL}x", "<% %>")
    assert set(taking(upgraded, f"/{SHELL}").rest) == {
        f"/{SHELL}x",
        "/opt/zimbra/conf/main.cf",
    }
    assert f"/{SHELL}" not in alarms(upgraded)


def test_a_named_folder_takes_what_lies_in_it(upgraded: Path) -> None:
    assert taking(upgraded, "/opt/zimbra").rest == ()
    assert check(place(upgraded), WISH).judged == ()


def test_what_is_gone_can_be_taken(upgraded: Path) -> None:
    (upgraded / "opt/zimbra/bin/zmcontrol").unlink()
    assert "/opt/zimbra/bin/zmcontrol" in alarms(upgraded)
    taking(upgraded, "/opt/zimbra/bin")
    assert "/opt/zimbra/bin/zmcontrol" not in alarms(upgraded)


def test_a_suspect_is_an_alarm_until_it_is_named(root: Path) -> None:
    put(root, STORE, "PK patched by the site")
    baseline(place(root), WISH, SIGNER)
    taking(root)
    assert alarms(root) == {f"/{STORE}"}
    taking(root, f"/{STORE}")
    assert alarms(root) == set()


def test_a_place_that_could_not_be_read_keeps_its_record(upgraded: Path) -> None:
    folder = upgraded / "opt/zimbra/lib/jars"
    aside = folder.rename(upgraded / "aside")
    folder.symlink_to(aside)
    what = proposed(place(upgraded), WISH, ())
    # A link in the place of a folder is seen, and what lay below is gone.
    assert {"/opt/zimbra/lib/jars", f"/{STORE}"} <= set(what.rest)


def test_what_was_not_seen_stays_as_it_was_recorded() -> None:
    recorded = {path: path.encode() for path in ("/a", "/b/c", "/b/d", "/e")}
    there = {"/a": b"new", "/f": b"added"}
    missed = (("/b", "Permission denied"), ("/a", "it changes while it is read"))
    lines = renewed(recorded, there, (), missed)
    # What is gone was seen to be gone; what lies in a closed folder was not.
    assert lines == (b"/a", b"/b/c", b"/b/d", b"added")


CHANGES = {
    "code": (f"{WEB}/zimbra/index.html", "<html>2"),
    "shell": (SHELL, "<% %>"),
    "template": ("opt/zimbra/conf/nginx/templates/nginx.conf.web.template", "edited"),
    "generated": ("opt/zimbra/conf/main.cf", "x = z\n"),
    "key": ("opt/zimbra/ssl/zimbra/ca/ca.key", "KEY2"),
    "system": ("etc/crontab", "* * * * * root x\n"),
    "zimlet": ("opt/zimbra/zimlets-deployed/com_zimbra_url/url.js", "y"),
}
UPGRADES = {
    STORE: "PK store 2",
    "opt/zimbra/libexec/zmfixperms": "#!/bin/sh\n# 2\n",
    "opt/zimbra/lib/jars/new.jar": "PK new",
}


@settings(max_examples=25, suppress_health_check=list(HealthCheck), deadline=None)
@given(
    st.sets(st.sampled_from(sorted(CHANGES))),
    st.sets(st.sampled_from(sorted(UPGRADES))),
    st.sets(st.sampled_from(sorted(CHANGES))),
)
def test_exactly_what_is_the_packages_or_named_is_taken(
    changed: set[str], upgrades: set[str], named: set[str]
) -> None:
    with tempfile.TemporaryDirectory() as room, pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZMWARD_STATE", f"{room}/state")
        root = install(Path(room) / "root")
        baseline(place(root), WISH, SIGNER)
        for name in changed:
            put(root, *CHANGES[name])
        for path in upgrades:
            put(root, path, UPGRADES[path])
        brought = {path: UPGRADES[path] for path in upgrades}
        package(root, {**SHIPPED, **brought}, "10.1.1")
        what = taking(root, *(f"/{CHANGES[name][0]}" for name in named))
        assert set(what.own) == {
            *(f"/{path}" for path in upgrades),
            *(f"/{CHANGES[name][0]}" for name in changed & named),
        }
        left = {f"/{CHANGES[name][0]}" for name in changed - named}
        assert {one.path for one in check(place(root), WISH).judged} == left


def test_what_is_put_back_between_two_looks_is_not_taken(
    upgraded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The package's own content is put there just before it is compared.
    put(upgraded, STORE, "PK evil!")
    plain = Place.agreeing

    def late(self: Place, *asked: Any) -> frozenset[str]:
        put(upgraded, STORE, "PK store 2")
        return plain(self, *asked)

    monkeypatch.setattr(Place, "agreeing", late)
    assert f"/{STORE}" not in proposed(place(upgraded), WISH, ()).own
