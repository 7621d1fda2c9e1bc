"""Who may log in is recorded: accounts, hashes of passwords, and keys in homes."""

import hashlib
import time
from pathlib import Path

import pytest

from tests.integrity.site import SIGNER, WISH, place, put
from zmward.catalog.installation import Class, in_tree, place_of
from zmward.doors.examine import slowly
from zmward.engine.integrity_explain import explain
from zmward.engine.integrity_state import folder
from zmward.engine.integrity_work import baseline, check

SHADOW = "root:$6$salt$hash:20000:0:99999:7:::\nzimbra:!:20000::::::\n"
KEYS = "home/anna/.ssh/authorized_keys"


@pytest.fixture
def based(root: Path) -> Path:
    put(root, "etc/shadow", SHADOW)
    put(root, KEYS, "ssh-ed25519 AAAA anna\n")
    put(root, "home/anna/.ssh/known_hosts", "x\n")
    put(root, "home/anna/mail/x", "x\n")
    put(root, "home/bert/.profile", "x\n")
    put(root, "home/README", "x\n")
    (root / "home/clara").symlink_to("/srv/clara")
    put(root, "srv/clara/.ssh/rc", "x\n")
    found = baseline(place(root), WISH, SIGNER)
    assert found.missed == ()
    return root


def alarms(root: Path, *, quick: bool = False) -> dict[str, tuple[str, ...]]:
    found = check(place(root), WISH, quick=quick)
    assert found.missed == ()
    return {one.path: one.rules for one in found.alarms}


@pytest.mark.parametrize("quick", [False, True])
def test_homes_that_lie_behind_a_link_are_not_passed_over(
    based: Path, *, quick: bool
) -> None:
    (based / "home").rename(based / "data")
    (based / "home").symlink_to("data")
    found = check(place(based), WISH, quick=quick)
    assert ("/home", "Not a directory") in found.missed
    assert found.code == 3
    assert not [one for one in found.alarms if one.path == f"/{KEYS}"]


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("target", ["/data/anna", "../data/anna", "/other", "/d/../a"])
def test_a_single_home_that_lies_behind_a_link_is_not_passed_over(
    based: Path, target: str, *, quick: bool
) -> None:
    """Nor one that lies behind several, of which the next is not followed."""
    (based / "data").mkdir()
    (based / "home/anna").rename(based / "data/anna")
    (based / "other").symlink_to("data/anna")
    (based / "a").symlink_to("data/anna")
    (based / "home/anna").symlink_to(target)
    found = check(place(based), WISH, quick=quick)
    why = "it lies behind a link: it was not seen"
    assert (f"/{KEYS}", why) in found.missed
    assert not [one for one in found.alarms if one.path == f"/{KEYS}"]


def test_a_link_among_homes_that_leads_to_no_keys_is_no_doubt(based: Path) -> None:
    (based / "data/docker").mkdir(parents=True)
    (based / "var/lib/docker").symlink_to("/data/docker")
    (based / "var/lib/gone").symlink_to("/data/gone")
    (based / "home/bert2").symlink_to("bert")
    (based / "home/zimbra").symlink_to("/opt/zimbra")
    assert check(place(based), WISH).missed == ()


@pytest.mark.parametrize("quick", [False, True])
def test_a_changed_password_is_told(based: Path, *, quick: bool) -> None:
    assert alarms(based, quick=quick) == {}
    # The day of the change and the length are those of before.
    put(based, "etc/shadow", SHADOW.replace("hash", "mine"))
    assert alarms(based, quick=quick) == {"/etc/shadow": ("key-changed",)}


@pytest.mark.parametrize("quick", [False, True])
def test_keys_in_homes_are_told(based: Path, *, quick: bool) -> None:
    with (based / KEYS).open("a") as file:
        file.write("ssh-ed25519 AAAA intruder\n")
    put(based, "home/bert/.ssh/authorized_keys", "ssh-ed25519 AAAA intruder\n")
    put(based, "var/lib/postgresql/.ssh/authorized_keys2", "x\n")
    (based / "srv/clara/.ssh/rc").unlink()
    assert alarms(based, quick=quick) == {
        f"/{KEYS}": ("key-changed",),
        "/home/bert/.ssh/authorized_keys": ("key-changed",),
        "/var/lib/postgresql/.ssh/authorized_keys2": ("key-changed",),
        "/srv/clara/.ssh/rc": ("key-changed",),
    }


def test_what_people_keep_at_home_is_nobody_s_business(based: Path) -> None:
    put(based, "home/anna/.ssh/known_hosts", "y\n")
    put(based, "home/anna/mail/x", "y\n")
    put(based, "home/anna/run.sh", "y\n")
    assert alarms(based) == {}
    body = (folder("/") / "body-000001").read_text()
    assert "known_hosts" not in body.replace("/root/.ssh/known_hosts", "")
    assert "/home/anna/mail" not in body


def test_nobody_can_try_passwords_with_a_baseline(based: Path) -> None:
    assert (based / "etc/shadow").read_text() == SHADOW
    body = (folder("/") / "body-000001").read_text()
    plain = hashlib.sha256(SHADOW.encode()).hexdigest()
    assert plain not in body
    begin = time.process_time()
    slow = slowly("/etc/shadow", plain)
    assert time.process_time() - begin > 0.01
    assert slow in body
    assert slow != slowly("/etc/gshadow", plain)
    assert slowly("/etc/shadow", "") == ""


def test_explain_knows_where_it_looks(based: Path) -> None:
    for path, looked in (
        (f"/{KEYS}", True),
        ("/etc/shadow", True),
        ("/home/bert/.ssh/authorized_keys", True),
        ("/home/anna/.ssh/known_hosts", False),
        ("/home/anna/x/.ssh/authorized_keys", False),
    ):
        assert explain(place(based), WISH, path).looked is looked, path


def test_a_star_stands_for_one_name() -> None:
    assert in_tree("/home/a/.ssh/rc", "/home/*/.ssh/rc")
    assert not in_tree("/home/a/b/.ssh/rc", "/home/*/.ssh/rc")
    assert in_tree("/etc/pam.d/sshd", "/etc/pam.d")
    assert not in_tree("/etc/pam.data", "/etc/pam.d")
    assert place_of("/home/a/.ssh/rc").kind is Class.KEY
    assert place_of("/etc/gshadow").kind is Class.KEY


def test_a_home_that_hides_its_keys_behind_a_link_is_said(root: Path) -> None:
    put(root, "srv/keys/authorized_keys", "x\n")
    (root / "home/anna").mkdir(parents=True)
    (root / "home/anna/.ssh").symlink_to("/srv/keys")
    found = baseline(place(root), WISH, SIGNER)
    assert {path for path, _ in found.missed} >= {"/home/anna/.ssh/authorized_keys"}


@pytest.mark.parametrize("name", ["bash_logout", "bash_aliases", "vimrc", "my.cnf"])
def test_what_is_read_at_each_login_is_not_a_loose_file(name: str) -> None:
    """A new one is an alarm: it runs when somebody becomes that user."""
    assert place_of(f"/opt/zimbra/.{name}").kind is Class.TEMPLATE
    assert place_of(f"/root/.{name}").kind is Class.SYSTEM
    assert place_of("/opt/zimbra/.bash_history").kind not in {
        Class.TEMPLATE,
        Class.SYSTEM,
    }
