"""The history in git: whole commits, no secrets, nobody's hooks."""

import errno
import os
import subprocess
import zlib
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.configuration.test_snapshot import KEY, changed
from zmward.configuration.merged import merged
from zmward.configuration.snapshot import Files, snapshot
from zmward.demo.sample import recorded
from zmward.doors import git as git_door
from zmward.engine.configuration_key import key
from zmward.engine.configuration_store import Store
from zmward.errors import BadFile, Incomplete, Refused, Usage
from zmward.evidence import DIRECTORY, Answer, Evidence
from zmward.sources.masking import holds_secret

_WHEN = "2026-11-21T12:00:00+00:00"
_LATER = "2026-11-23T12:00:00+00:00"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    found = Store(tmp_path / "config.git")
    found.make()
    return found


def _keep(store: Store, evidence: Evidence, when: str = _WHEN) -> str:
    before = store.files(store.head())
    after = merged(before, snapshot(evidence, KEY)).files
    return store.commit(after, before, when, "snapshot\n")


def _objects(folder: Path) -> bytes:
    """Return all bytes of the repository, objects decompressed, packed ones too."""
    found = b""
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            loose = len(path.parent.name) == 2
            found += zlib.decompress(content) if loose else content
    words = ("git", f"--git-dir={folder}", "cat-file", "--batch-all-objects", "--batch")
    done = subprocess.run(words, check=True, capture_output=True, timeout=60)
    return found + done.stdout


def test_what_is_kept_is_read_back(store: Store) -> None:
    commit = _keep(store, recorded())
    assert store.head() == commit
    assert store.files(commit) == merged({}, snapshot(recorded(), KEY)).files
    (row,) = store.log()
    assert (row.id, row.parent, row.time) == (commit, "", _WHEN)


def test_paths_and_bytes_of_any_kind_are_kept(store: Store) -> None:
    files: Files = {
        "zmward-configuration": "1\n",
        'a "quoted" \\ path': "no end",
        "x/é": "\x00\n\n",
        "empty": "",
    }
    store.commit(files, {}, _WHEN, "any\n")
    assert store.files(store.head()) == files
    fewer = {name: text for name, text in files.items() if name[0] != "a"}
    store.commit(fewer, files, _LATER, "fewer\n")
    assert store.files(store.head()) == fewer


def test_no_secret_is_in_the_repository(store: Store) -> None:
    secret = "S3CR3T-of-the-site"
    evidence = changed("ldap-domains", "zmward:secret:set", secret)
    answers = {host: dict(known) for host, known in evidence.answers.items()}
    for host, name in (
        (DIRECTORY, "ldap-config"),
        ("mail.example.test", "localconfig"),
    ):
        answer = answers[host][name]
        assert isinstance(answer, Answer)
        # A policy that was once taken for a secret is shown, whatever stands there.
        lines = (
            line.replace("zmward:secret:set", secret)
            if name == "localconfig" or holds_secret(line.partition(":")[0])
            else line
            for line in answer.text.split("\n")
        )
        answers[host][name] = Answer("\n".join(lines))
    _keep(store, replace(evidence, answers=answers))
    found = _objects(store.folder)
    assert b"zimbraPreAuthKey:! " in found
    assert secret.encode() not in found
    assert KEY not in found
    assert KEY.hex().encode() not in found


def test_only_the_owner_may_read_it(store: Store) -> None:
    _keep(store, recorded())
    for path in (store.folder, *store.folder.rglob("*")):
        assert not path.stat().st_mode & 0o077, path


def test_hooks_and_settings_of_others_count_for_nothing(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (store.folder / "hooks").mkdir()
    for name in ("reference-transaction", "post-update", "pre-commit"):
        hook = store.folder / "hooks" / name
        hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\nexit 1\n")
        hook.chmod(0o755)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(tmp_path / "objects"))
    _keep(store, recorded())
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "objects").exists()


def _without(store: Store, path: str) -> None:
    """Remove a file's content from the repository, which is loose yet or packed."""
    words = ("git", f"--git-dir={store.folder}")
    asked = (*words, "rev-parse", f"{store.head()}:{path}")
    done = subprocess.run(asked, check=True, capture_output=True, timeout=30)
    name = done.stdout.decode().strip()
    for pack in (store.folder / "objects/pack").glob("*.pack"):
        content = pack.read_bytes()
        pack.unlink()
        subprocess.run((*words, "unpack-objects", "-q"), check=True, input=content)
    (store.folder / "objects" / name[:2] / name[2:]).unlink()


def test_a_repository_fetches_nothing_by_a_program_of_its_own(
    store: Store, tmp_path: Path
) -> None:
    commit = _keep(store, recorded())
    _without(store, "global.conf")
    evil = tmp_path / "evil"
    evil.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    evil.chmod(0o755)
    settings = {
        "core.repositoryformatversion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.url": f"ext::{evil}",
        "remote.origin.promisor": "true",
        "protocol.ext.allow": "always",
    }
    for name, value in settings.items():
        own = ("git", f"--git-dir={store.folder}", "config", name, value)
        subprocess.run(own, check=True, timeout=30)
    with pytest.raises(BadFile, match="missing"):
        store.files(commit)
    assert not (tmp_path / "ran").exists()


def test_a_repository_that_names_a_program_to_sign_with_is_refused(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evil = tmp_path / "evil"
    evil.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\nexit 1\n")
    evil.chmod(0o755)
    more = tmp_path / "more"
    more.write_text(f"[gpg]\nprogram = {evil}\n")
    own = ("git", f"--git-dir={store.folder}", "config", "include.path", str(more))
    subprocess.run(own, check=True, timeout=30)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(Refused, match=r"gpg\.program"):
        store.commit({"zmward-configuration": "1\n"}, {}, _WHEN, "x\n", sign=True)
    assert not (tmp_path / "ran").exists()


def test_an_interrupted_run_leaves_the_last_snapshot(store: Store) -> None:
    first = _keep(store, recorded())
    before = store.files(first)
    other = changed("ldap-domains", "zimbraAuthMech: ad", "zimbraAuthMech: ldap")
    after = merged(before, snapshot(other, KEY)).files
    git = store._git  # dies between making the commit and moving to it

    def dies(*words: str, **more: object) -> bytes:
        if words[0] == "commit-tree":
            raise KeyboardInterrupt
        return type(git).must(git, *words, **more)  # type: ignore[arg-type]  # as it is

    git.must = dies  # type: ignore[method-assign]  # for this one run
    with pytest.raises(KeyboardInterrupt):
        store.commit(after, before, _LATER, "lost\n")
    whole = Store(store.folder)
    assert whole.head() == first
    assert whole.files(first) == before
    whole.commit(after, before, _LATER, "again\n")
    assert whole.files(whole.head()) == after


def test_a_history_that_another_moved_is_not_overwritten(store: Store) -> None:
    first = _keep(store, recorded())
    git = store._git  # another writes while we do
    moved: list[str] = []

    def slow(*words: str, **more: object) -> bytes:
        if words[0] == "update-ref" and not moved:
            moved.append(_keep(Store(store.folder), _other(), _LATER))
        return type(git).must(git, *words, **more)  # type: ignore[arg-type]  # as it is

    git.must = slow  # type: ignore[method-assign]  # for this one run
    with pytest.raises(Refused):
        store.commit({"zmward-configuration": "1\n"}, {}, _LATER, "ours\n")
    assert Store(store.folder).head() == moved[0] != first


def _other() -> Evidence:
    return changed("ldap-domains", "zimbraAuthMech: ad", "zimbraAuthMech: ldap")


def test_snapshots_are_named_by_id_order_and_day(store: Store) -> None:
    first, last = _keep(store, recorded()), _keep(store, _other(), _LATER)
    for name in (first, first[:12], "HEAD~1", "2026-11-21", "2026-11-22", "main~1"):
        assert store.resolve(name) == first, name
    for name in ("HEAD", "2026-11-23", "2026-11-23T12:00:00Z", "2027-01-01"):
        assert store.resolve(name) == last, name


@pytest.mark.parametrize(
    "name",
    ["--output=/tmp/x", "", "a b", "nothing", "2026-11-20", "2026-13-45", "..", ";"],
)
def test_what_names_no_snapshot_is_refused(store: Store, name: str) -> None:
    _keep(store, recorded())
    with pytest.raises(Usage):
        store.resolve(name)


def test_a_repository_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "own").write_text("x")
    with pytest.raises(Refused):
        Store(tmp_path).make()
    other = Store(tmp_path / "other.git")
    other.make()
    other.commit({"README": "x"}, {}, _WHEN, "something else\n")
    with pytest.raises(BadFile):
        other.files(other.head())


def test_a_missing_git_is_said(
    store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(git_door, "_PATH", str(tmp_path))
    with pytest.raises(Incomplete, match="git is not installed"):
        store.head()


def test_git_itself_finds_the_repository_whole(store: Store) -> None:
    _keep(store, recorded())
    _keep(store, _other(), _LATER)
    words = ("git", f"--git-dir={store.folder}", "fsck", "--strict", "--full")
    done = subprocess.run(words, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path, place = tmp_path / "keys" / "key", tmp_path / "config.git"
    made = key(path, place)
    assert len(made) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert key(path, place) == made


def test_a_key_that_could_not_be_written_whole_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(Usage, match="No space left"):
            key(tmp_path / "key", tmp_path / "config.git")
    assert list(tmp_path.iterdir()) == []
    assert len(key(tmp_path / "key", tmp_path / "config.git")) == 32


@pytest.mark.parametrize("content", ["", "x", "0" * 63, "0" * 65, "0" * 64 + "\n\n"])
def test_what_is_no_key_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "key"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(Refused):
        key(path, tmp_path / "config.git")


def test_a_key_that_others_read_or_that_travels_is_refused(tmp_path: Path) -> None:
    path, place = tmp_path / "key", tmp_path / "config.git"
    key(path, place)
    path.chmod(0o640)
    with pytest.raises(Refused, match="read by others"):
        key(path, place)
    with pytest.raises(Refused, match="within the repository"):
        key(place / "key", place)


def test_no_other_way_leads_a_key_into_the_repository(tmp_path: Path) -> None:
    place = tmp_path / "config.git"
    place.mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "way").symlink_to(tmp_path)
    for path in (
        tmp_path / "other" / ".." / "config.git" / "key",
        tmp_path / "way" / "config.git" / "key",
    ):
        with pytest.raises(Refused, match="within the repository"):
            key(path, place)
    assert not list(place.iterdir())


def test_a_link_is_no_key(tmp_path: Path) -> None:
    key(tmp_path / "key", tmp_path / "config.git")
    (tmp_path / "link").symlink_to(tmp_path / "key")
    with pytest.raises(Usage):
        key(tmp_path / "link", tmp_path / "config.git")


def test_a_commit_is_signed_by_the_users_own_settings(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "id"))
    subprocess.run(made, check=True, capture_output=True, timeout=30)
    (tmp_path / ".gitconfig").write_text(
        "[user]\nname = Somebody\nemail = somebody@example.test\n"
        f"signingkey = {tmp_path}/id.pub\n[gpg]\nformat = ssh\n"
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    commit = store.commit({"zmward-configuration": "1\n"}, {}, _WHEN, "x\n", sign=True)
    words = ("git", f"--git-dir={store.folder}", "cat-file", "commit", commit)
    said = subprocess.run(words, check=True, capture_output=True, timeout=30).stdout
    assert b"-----BEGIN SSH SIGNATURE-----" in said
    assert b"author Somebody <somebody@example.test> 1795262400 +0000" in said
    (row,) = store.log()
    assert row.author == "Somebody"


def test_a_commit_that_cannot_be_signed_is_not_made(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(Refused):
        store.commit({"zmward-configuration": "1\n"}, {}, _WHEN, "x\n", sign=True)
    assert not store.head()
