"""A manifest that is forged, cut, put back or of another host is refused."""

import errno
import hashlib
import os
import signal
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.integrity.site import NOW, OTHER, SIGNER, WEB, WISH, place, put
from zmward.engine import integrity_state
from zmward.engine.integrity_state import folder
from zmward.engine.integrity_work import Wish, baseline, check
from zmward.errors import Refused, Usage
from zmward.integrity.manifest import (
    SCHEMA,
    Entry,
    Header,
    body,
    entry,
    follows,
    history,
    newest,
    opened,
    signed,
)
from zmward.integrity.node import Node
from zmward.integrity.receipts import end


@pytest.fixture
def twice(root: Path) -> Path:
    """Give an installation with two baselines."""
    for _ in range(2):
        baseline(place(root), WISH, SIGNER)
    return root


def store() -> Path:
    return folder("/")


def refused(root: Path, wish: Wish = WISH) -> str:
    with pytest.raises(Refused) as caught:
        check(place(root), wish)
    assert caught.value.code == 4
    return str(caught.value)


def test_none_is_told_from_one_that_is_gone(twice: Path) -> None:
    (store() / "history").unlink()
    assert "somebody removed it" in refused(twice)
    integrity_state._last(store()).unlink()
    with pytest.raises(Usage, match="There is no baseline"):
        check(place(twice), WISH)


def test_a_changed_body_is_refused(twice: Path) -> None:
    path = store() / "body-000002"
    path.write_bytes(path.read_bytes().replace(b"login", b"lOgin", 1))
    assert "not the one that was signed" in refused(twice)
    path.unlink()
    assert "is gone" in refused(twice)


def test_a_manifest_signed_by_another_key_is_refused(root: Path) -> None:
    wish = msgspec.structs.replace(WISH, keys=(OTHER.public,))
    baseline(place(root), wish, OTHER)
    assert "is not signed by a key" in refused(root)


def test_a_key_that_is_not_pinned_writes_nothing(twice: Path) -> None:
    before = {path.name: path.read_bytes() for path in store().iterdir()}
    with pytest.raises(Refused, match="not signed by a key"):
        baseline(place(twice), WISH, OTHER)
    assert {path.name: path.read_bytes() for path in store().iterdir()} == before


def test_an_older_history_in_its_place_is_found(root: Path) -> None:
    baseline(place(root), WISH, SIGNER)
    old = (store() / "history").read_bytes()
    put(root, f"{WEB}/zimbra/public/x.jsp", "<% %>")
    baseline(place(root), WISH, SIGNER)
    (store() / "history").write_bytes(old)
    assert "another one was put in its place" in refused(root)
    # Who is root here changes what this host remembers too; not what others do.
    integrity_state._last(store()).unlink()
    assert check(place(root), WISH).header.serial == 1
    wish = msgspec.structs.replace(WISH, remembered="2")
    assert "another one was put in its place" in refused(root, wish)


def test_the_memory_beside_it_cannot_just_vanish(twice: Path) -> None:
    integrity_state._last(store()).unlink()
    assert "is gone, which remembers" in refused(twice)


def test_another_machine_s_baseline_is_refused(twice: Path) -> None:
    put(twice, "etc/machine-id", "f" * 32)
    assert "of another machine" in refused(twice)


def test_a_remembered_number_and_digest_are_compared(twice: Path) -> None:
    found = check(place(twice), WISH)
    for words in ("1", "2", f"2:{found.head}", f"2:{found.head[:12]}"):
        wish = msgspec.structs.replace(WISH, remembered=words)
        assert check(place(twice), wish).code == 0
    for words in ("3", f"2:{'0' * 64}", "x", "2:zz"):
        refused(twice, msgspec.structs.replace(WISH, remembered=words))


def test_a_full_disk_keeps_the_old_baseline(
    twice: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Refused, match="No space left"):
        baseline(place(twice), WISH, SIGNER)
    monkeypatch.undo()
    monkeypatch.setenv("ZMWARD_STATE", str(twice.parent / "state"))
    found = check(place(twice), WISH)
    assert (found.header.serial, found.code) == (2, 0)


_KILLED = """
import os, signal, sys
from pathlib import Path
from zmward.engine import integrity_state
from zmward.engine.integrity_work import baseline
from tests.integrity.site import *
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
key = Signer(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(sys.argv[2])))
left = [int(sys.argv[3])]
for name in ("fsync", "replace", "rename"):
    old = getattr(os, name)
    def step(*words, old=old, **more):
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return old(*words, **more)
    setattr(os, name, step)
baseline(place(Path(sys.argv[1])), Wish(NOW, "0", (key.public,)), key)
"""


def test_killed_at_any_step_a_baseline_is_whole(root: Path) -> None:
    raw = SIGNER._key.private_bytes_raw().hex()
    baseline(place(root), WISH, SIGNER)
    ended, step = -signal.SIGKILL, 0
    while ended == -signal.SIGKILL:
        argv = (sys.executable, "-c", _KILLED, str(root), raw, str(step))
        ended = subprocess.run(argv, check=False, timeout=60).returncode
        assert check(place(root), WISH).code == 0
        step += 1
    assert ended == 0
    assert step > 3
    baseline(place(root), WISH, SIGNER)
    assert not [path for path in store().iterdir() if path.name.startswith(".")]


def test_only_the_newest_bodies_are_kept(root: Path) -> None:
    for _ in range(4):
        baseline(place(root), WISH, SIGNER)
    names = sorted(path.name for path in store().glob("body-*"))
    assert names == ["body-000003", "body-000004"]
    # One line each, and the receipt of the newest alone.
    assert len((store() / "history").read_bytes().splitlines()) == 5


def test_a_folder_that_others_write_to_holds_no_baseline(root: Path) -> None:
    store().mkdir(parents=True)
    store().chmod(0o777)
    with pytest.raises(Refused, match="Others may write"):
        baseline(place(root), WISH, SIGNER)


def _header(serial: int = 1, previous: str = "", **more: Any) -> Header:
    row = Header(
        schema=SCHEMA,
        serial=serial,
        previous=previous,
        host="mail.example.test",
        machine="",
        when=NOW.isoformat(),
        zmward="0",
        because="baseline",
        lines=0,
        digest="",
        trees=("/opt/zimbra",),
        owners={},
        groups={},
        packages={},
    )
    return msgspec.structs.replace(row, **more)


def _ended(lines: list[bytes]) -> bytes:
    """Return lines with the receipt that whoever signed the last one gave."""
    one = msgspec.json.decode(lines[-1], type=Entry)
    header = msgspec.json.decode(one.header, type=Header)
    last = end(newest(header, one.digest), SIGNER.sign)
    return b"".join((*lines, msgspec.json.encode(last), b"\n"))


def _chain(count: int) -> list[bytes]:
    lines, before = [], ""
    for serial in range(1, count + 1):
        header = _header(serial, before)
        one = entry(header, SIGNER.sign(signed(header)))
        before = one.digest
        lines.append(msgspec.json.encode(one) + b"\n")
    return lines


CHAIN = _chain(4)
KEYS = (SIGNER.public,)


def test_a_whole_chain_is_believed() -> None:
    assert [header.serial for header, _ in history(_ended(CHAIN), KEYS)] == [
        *(1, 2, 3, 4)
    ]


@given(st.permutations(range(4)), st.integers(1, 4))
def test_no_other_order_and_no_gap_is_believed(order: list[int], count: int) -> None:
    lines = [CHAIN[number] for number in order[:count]]
    if order[:count] == list(range(count)):
        assert len(history(_ended(lines), KEYS)) == count
        return
    with pytest.raises(Refused):
        history(_ended(lines), KEYS)


@given(st.data())
def test_no_changed_byte_is_believed(data: st.DataObject) -> None:
    whole = _ended(CHAIN[:2])
    at = data.draw(st.integers(0, len(whole) - 1))
    new = data.draw(st.integers(0, 255).filter(lambda byte: byte != whole[at]))
    changed = whole[:at] + bytes((new,)) + whole[at + 1 :]
    try:
        found = history(changed, KEYS)
    except Refused:
        return
    # Another way to write the very same: a line's end, or a blank between values.
    assert [head for _, head in found] == [head for _, head in history(whole, KEYS)]


@given(
    st.sampled_from(("serial", "host", "machine", "when", "digest", "lines")),
    st.integers(2, 99),
)
def test_no_changed_header_is_believed(name: str, value: int) -> None:
    text = isinstance(getattr(_header(), name), str)
    header = msgspec.structs.replace(_header(), **{name: str(value) if text else value})
    forged = entry(header, SIGNER.sign(signed(_header())))
    with pytest.raises(Refused, match="is not signed by a key"):
        history(_ended([msgspec.json.encode(forged) + b"\n"]), KEYS)


NODE = Node("/a", "file", 0o644, 0, 0, 1, 2, 3, 4, 5, 1, "d" * 64)


@given(st.sampled_from(Node.__struct_fields__))
def test_no_changed_field_of_a_body_is_believed(name: str) -> None:
    content = body((NODE,))
    header = _header(digest=hashlib.sha256(content).hexdigest())
    assert opened(header, "", content).nodes() == {"/a": NODE}
    old = getattr(NODE, name)
    new = {"x": "1"} if isinstance(old, dict) else type(old)(7)
    changed = body((msgspec.structs.replace(NODE, **{name: new}),))
    with pytest.raises(Refused):
        opened(header, "", changed)


@given(st.binary(max_size=200))
def test_noise_is_refused_and_never_more(noise: bytes) -> None:
    with pytest.raises(Refused):
        history(noise, KEYS)


def test_a_signature_of_nonsense_is_refused() -> None:
    one = {"header": signed(_header()).decode(), "signature": "%"}
    for text in ("%", b64encode(b"short").decode()):
        with pytest.raises(Refused):
            history(msgspec.json.encode(one | {"signature": text}), KEYS)


def test_another_schema_is_not_read() -> None:
    header = _header(schema="zmward.manifest/2")
    one = entry(header, SIGNER.sign(signed(header)))
    with pytest.raises(Refused, match=r"manifest/2"):
        history(_ended([msgspec.json.encode(one) + b"\n"]), KEYS)


def test_following_is_by_number_then_by_digest() -> None:
    follows(_header(7), "ab" * 32, "6:cd")
    follows(_header(7), "ab" * 32, "7:AB")
    with pytest.raises(Refused):
        follows(_header(7), "ab" * 32, "7:cd")
