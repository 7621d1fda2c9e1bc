"""`zmward integrity` from the command line: keys, phrases, refusals, documents."""

import base64
import json
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from docs.integrity_fields import HUNT, INTEGRITY, INTEGRITY_PATH, STRUCTS

from tests.integrity.site import SHIPPED, WEB, install, package, put
from zmward.cli.main import dispatch

Captured = pytest.CaptureFixture[str]
SHELL = f"{WEB}/zimbra/public/9f3a41c7.jsp"


@pytest.fixture(autouse=True)
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder with an installation, a phrase, and nothing else."""
    monkeypatch.setenv("ZMWARD_ETC", str(tmp_path / "etc"))
    monkeypatch.delenv("ZMWARD_STATE", raising=False)
    monkeypatch.chdir(tmp_path)
    install(tmp_path / "root")
    phrase = tmp_path / "phrase"
    phrase.write_text("correct horse battery\n")
    phrase.chmod(0o600)
    return tmp_path


def integrity(verb: str, *words: str) -> int:
    return dispatch(["integrity", verb, "--root", "root", *words])


def signing(*words: str) -> tuple[str, ...]:
    return (*words, "--passphrase-file", "phrase")


@pytest.fixture
def public(room: Path, capsys: Captured) -> str:
    """Make a baseline, and give the public key that it prints."""
    assert integrity("baseline", *signing("--new-key", "key.pem"), "--json") == 0
    found: str = json.loads(capsys.readouterr().out)["public_key"]
    assert (room / "key.pem").stat().st_mode & 0o777 == 0o600
    return found


def documents(value: object) -> Any:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from documents(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from documents(inner)


def test_a_baseline_is_made_compared_and_accepted(
    room: Path, public: str, capsys: Captured
) -> None:
    keys = ("--public-key", public)
    assert integrity("check", *keys) == 0
    assert "no alarm; every content was read" in capsys.readouterr().out
    put(room / "root", SHELL, "<% %>")
    put(room / "root", "opt/zimbra/lib/jars/zimbrastore.jar", "PK 2")
    files = {**SHIPPED, "opt/zimbra/lib/jars/zimbrastore.jar": "PK 2"}
    package(room / "root", files, "10.1.1")
    assert integrity("check", *keys, "--json") == 1
    found = json.loads(capsys.readouterr().out)
    assert set(found) == set(INTEGRITY)
    assert found["schema"] == "zmward.integrity/1"
    assert {one["path"] for one in found["alarms"]} == {f"/{SHELL}"}
    (changed,) = found["changed"]
    assert set(changed) == set(STRUCTS["ChangedShown"])
    assert (changed["class"], changed["cause"]) == ("code", "package")
    assert changed["was"]["digest"] != changed["is"]["digest"]
    (added,) = (one for one in found["added"] if one["path"] == f"/{SHELL}")
    assert added["is"]["mode"].startswith("0")
    with_key = signing("--key", "key.pem")
    assert integrity("accept", *keys, *with_key) == 2
    assert "--yes" in capsys.readouterr().err
    assert integrity("accept", *keys, *with_key, "--yes", "--json") == 1
    accepted = json.loads(capsys.readouterr().out)
    assert accepted["accepted"] == ["/opt/zimbra/lib/jars/zimbrastore.jar"]
    assert accepted["baseline"]["number"] == 2
    assert integrity("accept", *keys, *with_key, "--yes", "--path", f"/{SHELL}") == 0
    capsys.readouterr()
    assert integrity("check", *keys, "--quick", "--expect", "3") == 0
    assert integrity("check", *keys, "--expect", "4") == 4


def test_what_the_key_remembers_is_expected(
    room: Path, public: str, capsys: Captured
) -> None:
    keys = ("--public-key", public)
    state = room / "root/var/lib/zmward"
    shutil.copytree(state, room / "old")
    assert integrity("accept", *keys, *signing("--key", "key.pem"), "--yes") == 0
    kept = ("--expect", "key.pem.newest")
    assert integrity("check", *keys, *kept) == 0
    shutil.rmtree(state)
    shutil.copytree(room / "old", state)
    assert integrity("check", *keys) == 0
    assert integrity("check", *keys, *kept) == 4
    assert integrity("explain", *keys, *kept, f"/{SHELL}") == 4
    capsys.readouterr()
    anew = ("baseline", "--anew", *keys, *signing("--key", "key.pem"))
    assert integrity(*anew) == 4
    assert "was made already" in capsys.readouterr().err
    assert integrity("check", *keys, "--expect", "7:") == 4
    assert integrity("check", *keys, "--expect", "nowhere") == 2
    assert "neither NUMBER:DIGEST" in capsys.readouterr().err
    (room / "empty").touch()
    assert integrity("check", *keys, "--expect", "empty") == 4


def test_a_memory_that_cannot_be_read_signs_nothing(
    room: Path, public: str, capsys: Captured
) -> None:
    memory = room / "key.pem.newest"
    assert memory.is_file()
    memory.unlink()
    memory.symlink_to("nowhere/at/all")
    keys = ("--public-key", public, *signing("--key", "key.pem"), "--yes", "--json")
    assert integrity("accept", *keys) == 2
    assert "key.pem.newest cannot be read" in capsys.readouterr().err
    assert integrity("check", "--public-key", public, "--expect", "2") == 4


def test_documents_are_described(room: Path, public: str, capsys: Captured) -> None:
    put(room / "root", SHELL, "<% Runtime.getRuntime().exec(x); %>")
    (room / "root/opt/zimbra/bin/zmcontrol").unlink()
    keys = ("--public-key", public, "--json")
    assert integrity("check", *keys) == 1
    found = json.loads(capsys.readouterr().out)
    assert set(found["baseline"]) == set(STRUCTS["BaselineShown"])
    assert set(found["added"][0]) == set(STRUCTS["AddedShown"])
    assert set(found["removed"][0]) == set(STRUCTS["RemovedShown"])
    assert set(found["alarms"][0]) == set(STRUCTS["AlarmShown"])
    assert integrity("explain", *keys, f"/{SHELL}") == 1
    path = json.loads(capsys.readouterr().out)
    assert set(path) == set(INTEGRITY_PATH)
    assert (path["class"], path["cause"], path["was"]) == ("code", "alarm", None)
    assert integrity("hunt", "--json", "--save", "kept") == 1
    hunted = json.loads(capsys.readouterr().out)
    assert set(hunted) == set(HUNT)
    assert set(hunted["found"][0]) == set(STRUCTS["HitShown"])
    assert Path(hunted["saved"]["path"]).is_file()


def test_pages_are_written_for_their_owner_only(room: Path, public: str) -> None:
    put(room / "root", SHELL, "<% %>")
    keys = ("--public-key", public)
    page = ("--format", "html", "--output")
    assert integrity("check", *keys, *page, "check.html") == 1
    assert integrity("hunt", *page, "hunt.html") == 1
    for name in ("check.html", "hunt.html"):
        assert "9f3a41c7.jsp" in (room / name).read_text()
        assert (room / name).stat().st_mode & 0o777 == 0o600


def test_explain_says_what_a_path_is(public: str, capsys: Captured) -> None:
    keys = ("--public-key", public)
    assert integrity("explain", *keys, "/opt/zimbra/lib/jars/zimbrastore.jar") == 0
    out = capsys.readouterr().out
    assert "code: code that packages bring" in out
    assert "zimbra-store 10.1.0: as shipped" in out
    assert integrity("explain", *keys, "/opt/zimbra/store/0/1") == 0
    assert "zmward does not record what lies there" in capsys.readouterr().out
    assert integrity("explain", *keys, "relative") == 2
    assert integrity("explain", *keys, "/opt/../etc/shadow") == 2


def test_the_profile_pins_the_key(room: Path, public: str, capsys: Captured) -> None:
    assert integrity("check") == 2
    assert "No key is pinned" in capsys.readouterr().err
    profile = room / "profile.toml"
    profile.write_text(f'[integrity]\nkeys = ["{public}"]\n')
    assert integrity("check", "--profile", str(profile)) == 0
    profile.write_text('[integrity]\nkeys = ["short"]\n')
    assert integrity("check", "--profile", str(profile)) == 2


def test_another_host_is_refused_and_not_ignored(capsys: Captured) -> None:
    assert dispatch(["--host", "root@mail", "integrity", "check"]) == 2
    assert "--root DIR" in capsys.readouterr().err


def test_a_key_is_needed_and_only_one(public: str, capsys: Captured) -> None:
    assert integrity("baseline", "--anew") == 2
    assert integrity("baseline", "--anew", "--key", "a", "--new-key", "b") == 2
    assert integrity("baseline", *signing("--new-key", "new.pem")) == 2
    assert "There is a baseline already" in capsys.readouterr().err
    keys = ("--public-key", public)
    assert integrity("baseline", *keys, *signing("--key", "key.pem")) == 4
    assert "--anew records all" in capsys.readouterr().err
    anew = ("--anew", *keys)
    assert integrity("baseline", *anew, *signing("--key", "key.pem")) == 0
    assert integrity("baseline", *anew, *signing("--key", "gone.pem")) == 2


def test_a_key_is_never_overwritten(room: Path, capsys: Captured) -> None:
    (room / "key.pem").write_text("mine")
    assert integrity("baseline", *signing("--new-key", "key.pem")) == 4
    assert "never overwritten" in capsys.readouterr().err
    assert (room / "key.pem").read_text() == "mine"


def test_a_wrong_phrase_is_refused_without_telling_it(
    room: Path, public: str, capsys: Captured
) -> None:
    (room / "phrase").write_text("a wrong one entirely\n")
    keys = ("--anew", "--public-key", public)
    assert integrity("baseline", *keys, *signing("--key", "key.pem")) == 4
    said = capsys.readouterr()
    assert "the passphrase is wrong" in said.err
    assert "entirely" not in said.err + said.out


def test_a_phrase_that_others_may_read_is_refused(room: Path, capsys: Captured) -> None:
    (room / "phrase").chmod(0o644)
    assert integrity("baseline", *signing("--new-key", "key.pem")) == 4
    assert "Others may read" in capsys.readouterr().err


def test_a_short_phrase_is_refused(room: Path, capsys: Captured) -> None:
    (room / "phrase").write_text("short\n")
    assert integrity("baseline", *signing("--new-key", "key.pem")) == 4
    assert "protects nothing" in capsys.readouterr().err
    assert not (room / "key.pem").exists()


def _private(room: Path, key: Any) -> None:
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (room / "bare.pem").write_bytes(text)


def test_an_open_key_beside_the_baselines_is_refused(
    room: Path, capsys: Captured
) -> None:
    _private(room, ed25519.Ed25519PrivateKey.generate())
    assert integrity("baseline", "--key", "bare.pem") == 4
    assert "has no passphrase and lies on this host" in capsys.readouterr().err
    assert not (room / "root/var/lib/zmward").exists()


def test_an_open_key_on_another_medium_is_taken(room: Path) -> None:
    shm = Path("/dev/shm")
    if not shm.is_dir() or shm.stat().st_dev == room.stat().st_dev:
        pytest.skip("there is no other filesystem here")
    _private(room, ed25519.Ed25519PrivateKey.generate())
    away = shm / f"zmward-test-{os.getpid()}.pem"
    away.write_bytes((room / "bare.pem").read_bytes())
    try:
        assert integrity("baseline", "--key", str(away)) == 0
    finally:
        away.unlink()
        away.with_name(f"{away.name}.newest").unlink(missing_ok=True)


def test_only_an_ed25519_key_signs(room: Path, capsys: Captured) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    _private(room, key)
    text = key.public_key().public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )
    (room / "other.pub").write_bytes(text)
    assert integrity("check", "--public-key", "other.pub") in (2, 3)
    assert integrity("check", "--public-key", "nonsense.pub") == 2
    assert "cannot be read" in capsys.readouterr().err


def test_openssl_makes_the_key_and_proves_the_header(room: Path) -> None:
    openssl = ("openssl", "genpkey", "-algorithm", "ed25519", "-aes256")
    subprocess.run(
        (*openssl, "-pass", "file:phrase", "-out", "key.pem"), check=True, cwd=room
    )
    half = ("openssl", "pkey", "-in", "key.pem", "-passin", "file:phrase")
    subprocess.run((*half, "-pubout", "-out", "key.pub"), check=True, cwd=room)
    assert integrity("baseline", *signing("--key", "key.pem")) == 0
    assert integrity("check", "--public-key", "key.pub") == 0
    history = room / "root/var/lib/zmward/integrity/history"
    line = json.loads(history.read_bytes().splitlines()[0])
    (room / "header").write_text(line["header"])
    (room / "sig").write_bytes(base64.b64decode(line["signature"]))
    proof = ("openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key.pub")
    done = subprocess.run(
        (*proof, "-rawin", "-in", "header", "-sigfile", "sig"),
        check=False,
        cwd=room,
        capture_output=True,
    )
    assert b"Signature Verified Successfully" in done.stdout
    assert json.loads(line["header"])["host"] == "mail.example.test"


def test_a_phrase_is_asked_for_at_a_terminal(room: Path) -> None:
    argv = (sys.executable, "-c", "from zmward.cli.main import run; run()")
    words = ("integrity", "baseline", "--root", "root", "--new-key", "key.pem")
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.executable, (*argv, *words))  # noqa: S606  # what is tested
    said = b""
    try:
        for count in (1, 2):
            while said.count(b":") < count:
                said += os.read(terminal, 1024)
            os.write(terminal, b"a phrase of some length\n")
        while block := os.read(terminal, 1024):
            said += block
    except OSError:  # the other end is closed
        pass
    finally:
        os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert b"public key" in said
    assert b"some length" not in said
    assert (room / "key.pem").exists()


def test_names_that_a_file_chose_steer_no_terminal(
    room: Path, public: str, capsys: Captured
) -> None:
    put(room / "root", "opt/zimbra/lib/\x1b[31mred\u202e.jar", "x")
    assert integrity("check", "--public-key", public) == 1
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "\\x1b[31mred\\xe2\\x80\\xae.jar" in out


def test_a_place_that_is_none_is_said(public: str, capsys: Captured) -> None:
    for path in ("relative", "/", "//"):
        words = ("--public-key", public, "--path", path, "--yes")
        assert integrity("accept", *signing("--key", "key.pem"), *words) == 2
    assert dispatch(["integrity", "check", "--root", "nowhere"]) == 2
    assert dispatch(["integrity", "hunt", "--root", "."]) == 3
    assert "There is no /opt/zimbra" in capsys.readouterr().err
