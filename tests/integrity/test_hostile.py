"""Nothing that lies in a tree can hold the walk up, lead it away, or go unsaid."""

import fcntl
import hashlib
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.integrity.site import SIGNER, WISH, place, put
from zmward.doors.contents import Reader
from zmward.doors.examine import CHANGES, Examiner
from zmward.doors.tree import DEEPEST, FOLDER, Walk, enter
from zmward.engine.integrity import Place
from zmward.engine.integrity_state import newest
from zmward.engine.integrity_work import _judged, baseline, check
from zmward.errors import Usage
from zmward.integrity.compare import compared
from zmward.integrity.names import named, shown
from zmward.integrity.node import IMMUTABLE, Node

ROOT = os.geteuid() == 0
_SET_FLAGS = 0x40086602
LIB = "opt/zimbra/lib"


@contextmanager
def patience(seconds: int = 20) -> Iterator[None]:
    """Fail instead of waiting for ever."""

    def late(_number: int, _frame: object) -> None:
        raise AssertionError("it hangs")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def sees(root: Path) -> dict[str, Node]:
    seen = place(root).see(place(root).database())
    nodes = [msgspec.json.decode(line, type=Node) for line in seen.lines]
    return {node.path: node for node in nodes}


def examined(path: Path) -> Node | None:
    folder = os.open(path.parent, FOLDER)
    try:
        text = shown(str(path))
        return Examiner(lambda _path: "").plain(folder, path.name, str(path), text)
    finally:
        os.close(folder)


def test_pipes_sockets_and_devices_are_told_and_never_opened(root: Path) -> None:
    baseline(place(root), WISH, SIGNER)
    os.mkfifo(root / LIB / "pipe")
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(os.path.relpath(root / LIB / "door"))
        if ROOT:
            os.mknod(root / LIB / "zero", 0o20666, os.makedev(1, 5))
        with patience():
            found = check(place(root), WISH)
    sorts = {
        one.path: one.difference.now.sort for one in found.alarms if one.difference.now
    }
    assert sorts.pop(f"/{LIB}/pipe") == "pipe"
    assert sorts.pop(f"/{LIB}/door") == "socket"
    assert sorts == ({f"/{LIB}/zero": "device"} if ROOT else {})
    assert found.code == 1


@pytest.mark.parametrize(
    "name",
    [
        b"new\nline.jar",
        b"bad\xff\xfeutf8",
        b"back\\slash\\x41",
        b"\x1b[2Jscreen",
        "\u202ertl".encode(),
        b"-rf",
        b" ",
        b"x" * 255,
    ],
)
def test_any_name_is_recorded_and_found_again(root: Path, name: bytes) -> None:
    victim = root / LIB / os.fsdecode(name)
    victim.write_text("x")
    baseline(place(root), WISH, SIGNER)
    assert check(place(root), WISH).judged == ()
    assert check(place(root), WISH, quick=True).judged == ()
    victim.write_text("yy")
    for quick in (False, True):
        (one,) = check(place(root), WISH, quick=quick).alarms
        assert os.fsencode(named(one.path)) == f"/{LIB}/".encode() + name
        assert one.path.isprintable()


@given(st.binary(min_size=1, max_size=40).filter(lambda raw: b"\0" not in raw))
def test_a_name_comes_back_from_its_text(raw: bytes) -> None:
    name = os.fsdecode(raw)
    text = shown(name)
    assert named(text) == name
    assert text.isprintable()


@given(st.text(max_size=20), st.text(max_size=20))
def test_two_names_have_two_texts(one: str, other: str) -> None:
    names = [os.fsdecode(os.fsencode(n)) for n in (one, other) if n.isprintable()]
    assert len({shown(name) for name in names}) == len(set(names))


def test_links_are_recorded_and_not_followed(root: Path, tmp_path: Path) -> None:
    put(tmp_path, "outside/secret", "x")
    (root / LIB / "away").symlink_to(tmp_path / "outside")
    (root / LIB / "loop").symlink_to(".")
    (root / LIB / "nowhere").symlink_to("gone")
    nodes = sees(root)
    assert nodes[f"/{LIB}/away"].target == str(tmp_path / "outside")
    assert not [path for path in nodes if "secret" in path or "loop/" in path]


def test_a_folder_that_became_a_link_leads_nowhere(root: Path, tmp_path: Path) -> None:
    put(tmp_path, "outside/x.jar", "x")
    top = os.open(root, FOLDER)
    (root / LIB).rename(root / "opt/zimbra/aside")
    (root / LIB).symlink_to(tmp_path / "outside")
    with pytest.raises(OSError, match="Not a directory"):
        enter(top, f"/{LIB}")
    os.close(top)


def test_an_installation_that_is_a_link_is_said(root: Path) -> None:
    (root / "opt/zimbra").rename(root / "opt/real")
    (root / "opt/zimbra").symlink_to("real")
    made = baseline(place(root), WISH, SIGNER)
    assert (
        "/opt/zimbra",
        "it is no folder: what lies there was not seen",
    ) in made.missed
    assert made.code == 3


def test_too_deep_a_tree_is_said(root: Path) -> None:
    folder = root / LIB
    for _ in range(DEEPEST + 3):
        folder /= "d"
    folder.mkdir(parents=True)
    made = baseline(place(root), WISH, SIGNER)
    assert [why for _, why in made.missed] == [f"deeper than {DEEPEST} folders"]
    assert made.code == 3


def test_a_folder_met_twice_is_walked_once(root: Path) -> None:
    top = os.open(root, FOLDER)
    walk = Walk(top, lambda _path: False)
    found = (root / LIB).stat()
    walk._seen[(found.st_dev, found.st_ino)] = "/elsewhere"
    paths = [folder.path for folder in walk.tree("/opt/zimbra")]
    os.close(top)
    assert f"/{LIB}" not in paths
    assert [note.why for note in walk.notes] == ["the same folder as /elsewhere"]


def test_what_vanishes_is_not_there(root: Path) -> None:
    folder = os.open(root / LIB, FOLDER)
    examiner = Examiner(lambda _path: "")
    assert examiner.entry(folder, "gone", "/gone") is None
    assert examiner.plain(folder, "gone", "/gone", "/gone") is None
    os.close(folder)


def test_a_file_that_never_rests_is_unread_and_not_unchanged(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    baseline(place(root), WISH, SIGNER)
    victim = root / LIB / "jars/zimbrastore.jar"
    old = Reader.digest

    def busy(self: Reader, descriptor: int, size: int) -> str:
        found = old(self, descriptor, size)
        if os.fstat(descriptor).st_ino == victim.stat().st_ino:
            with victim.open("a") as file:
                file.write("x")
        return found

    monkeypatch.setattr(Reader, "digest", busy)
    found = check(place(root), WISH)
    assert (f"/{LIB}/jars/zimbrastore.jar", CHANGES) in found.missed
    assert found.code == 3


def test_a_file_that_rests_again_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim = put(tmp_path, "x", "abc")
    old, times = Reader.digest, [0]

    def once(self: Reader, descriptor: int, size: int) -> str:
        found = old(self, descriptor, size)
        times[0] += 1
        if times[0] == 1:
            victim.write_text("abcd")
        return found

    monkeypatch.setattr(Reader, "digest", once)
    node = examined(victim)
    assert node is not None
    assert node.digest == hashlib.sha256(b"abcd").hexdigest()


@pytest.mark.skipif(not ROOT, reason="only root can become nobody")
def test_what_may_not_be_read_is_unread_and_never_unchanged(root: Path) -> None:
    for path in (root, *root.parents):
        if str(path).startswith("/tmp"):
            path.chmod(path.stat().st_mode | 0o055)
    baseline(place(root), WISH, SIGNER)
    (root / LIB / "jars/zimbrastore.jar").chmod(0o600)
    (root / LIB / "ext").chmod(0o700)
    manifest = check(place(root), WISH)
    assert manifest.missed == ()
    old = newest(str(root), WISH.keys, place(root).host().machine)
    where = place(root)
    os.seteuid(65534)
    try:
        seen = where.see(where.database())
    finally:
        os.seteuid(0)
    found = _judged(
        where, old, compared(old.lines, seen.lines), seen.missed, where.database()
    )
    missed = dict(found.missed)
    assert missed[f"/{LIB}/jars/zimbrastore.jar"] == "Permission denied"
    assert missed[f"/{LIB}/ext"] == "Permission denied"
    gone = [one.path for one in found.judged if one.difference.now is None]
    assert gone == []
    assert found.code == 3


@pytest.mark.skipif(not ROOT, reason="only root can become nobody")
def test_others_read_what_they_may(tmp_path: Path) -> None:
    for path in (tmp_path, *tmp_path.parents):
        if str(path).startswith("/tmp"):
            path.chmod(path.stat().st_mode | 0o055)
    put(tmp_path, "open", "x").chmod(0o644)
    put(tmp_path, "closed", "x").chmod(0o600)
    os.seteuid(65534)
    try:
        mine, others = examined(tmp_path / "open"), examined(tmp_path / "closed")
    finally:
        os.seteuid(0)
    assert mine is not None
    assert mine.digest == hashlib.sha256(b"x").hexdigest()
    assert others is not None
    assert (others.digest, others.unread) == ("", "Permission denied")


def _flag(path: Path, flags: int) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        fcntl.ioctl(opened, _SET_FLAGS, flags.to_bytes(8, "little"))
    finally:
        os.close(opened)


@pytest.mark.skipif(not ROOT, reason="only root sets the bit")
def test_an_immutable_bit_that_is_lost_is_named(root: Path) -> None:
    victim = root / LIB / "jars/zimbrastore.jar"
    try:
        _flag(victim, IMMUTABLE)
    except OSError:
        pytest.skip("this filesystem has no such bit")
    try:
        baseline(place(root), WISH, SIGNER)
        assert check(place(root), WISH).judged == ()
    finally:
        _flag(victim, 0)
    (one,) = check(place(root), WISH).alarms
    assert one.rules == ("bit-lost",)


def test_capabilities_and_attributes_are_recorded(root: Path) -> None:
    victim = root / LIB / "jars/zimbrastore.jar"
    baseline(place(root), WISH, SIGNER)
    try:
        os.setxattr(victim, "user.note", b"x" * 200)
        if ROOT:
            os.setxattr(
                victim,
                "security.capability",
                bytes.fromhex("0100000200040000000000000000000000000000"),
            )
    except OSError:
        pytest.skip("this filesystem has no such attributes")
    (one,) = check(place(root), WISH).alarms
    wanted = {"capability", "code-changed"} if ROOT else {"code-changed"}
    assert set(one.rules) == wanted


def test_races_end_and_lead_nowhere(root: Path, tmp_path: Path) -> None:
    put(tmp_path, "outside/secret.jar", "never")
    folder, stop = root / LIB / "ext", threading.Event()
    secret = hashlib.sha256(b"never").hexdigest()

    def swap() -> None:
        while not stop.is_set():
            for make in _swaps(folder, tmp_path / "outside"):
                try:
                    make()
                except OSError:
                    pass

    racer = threading.Thread(target=swap)
    racer.start()
    try:
        with patience(60):
            for _ in range(30):
                assert secret not in {node.digest for node in sees(root).values()}
    finally:
        stop.set()
        racer.join()


def _swaps(folder: Path, outside: Path) -> tuple[Callable[[], object], ...]:
    aside = folder.with_name("aside")
    return (
        lambda: folder.rename(aside),
        lambda: folder.symlink_to(outside),
        folder.unlink,
        lambda: aside.rename(folder),
        lambda: os.mkfifo(folder / "secret.jar"),
        (folder / "secret.jar").unlink,
        lambda: (folder / "secret.jar").symlink_to(outside / "secret.jar"),
        (folder / "secret.jar").unlink,
    )


@pytest.mark.parametrize("name", ["etc/hostname", "etc/machine-id", "etc/passwd"])
def test_an_image_holds_nobody_up_and_leads_nowhere(
    root: Path, tmp_path: Path, name: str
) -> None:
    (root / name).unlink(missing_ok=True)
    (root / name).parent.mkdir(exist_ok=True)
    os.mkfifo(root / name)
    with patience():
        assert not place(root).names("etc/passwd").get("7777")
        place(root).host()
    (root / name).unlink()
    other = tmp_path / "other"
    other.write_text("mallory:x:7777:7777::/:/bin/sh\n", "utf-8")
    (root / name).symlink_to(other)
    assert "7777" not in place(root).names("etc/passwd")
    assert "mallory" not in place(root).host().name


def test_a_folder_of_an_image_leads_nowhere(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    (root / "etc").rename(other)
    put(other, "passwd", "mallory:x:7777:7777::/:/bin/sh\n")
    (root / "etc").symlink_to(other)
    assert place(root).names("etc/passwd") == {}
    assert place(root).host().machine == ""


@pytest.mark.parametrize("name", ["", "/status", "/info", "/info/zimbra-store.md5sums"])
def test_the_packages_of_an_image_are_its_own(
    root: Path, tmp_path: Path, name: str
) -> None:
    own, other = root / f"var/lib/dpkg{name}", tmp_path / "other"
    assert place(root).database().versions
    own.rename(other)
    own.symlink_to(other)
    found = place(root).database()
    assert found.files == {}
    assert "cannot be read" in found.trouble


def test_a_root_that_is_none_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(Usage):
        Place(str(tmp_path / "gone"))
