"""ssh is asked without any password, and its words are not read for more."""

import subprocess
import time
from getpass import getuser
from pathlib import Path

import pytest

from tests.scan import daemons
from tests.scan.mail_server import words
from zmward.doors.ssh_login import ssh_logins
from zmward.scan.login import LoginShown, Proof
from zmward.scan.login_ssh import argv, told

IN = b'Authenticated to mail.example.test ([192.0.2.10]:22) using "publickey".\n'
NO = b"root@mail.example.test: Permission denied (publickey).\n"
BOTH = b"root@mail.example.test: Permission denied (publickey,password).\n"
KEYBOARD = b"root@x: Permission denied (publickey,keyboard-interactive).\n"
NONE = b'Authenticated to mail.example.test ([192.0.2.10]:22) using "none".\n'
WARNING = b"** WARNING: connection is not using a post-quantum key exchange.\r\n"
IMPOSTOR = b"Host key verification failed.\n"


@pytest.mark.parametrize(
    ("proof", "code", "said", "ended"),
    [
        ("ssh-keys", 0, IN, "good"),
        (
            *("ssh-keys", 1),
            b"Warning: no mail\r\n" + IN + b"This account is closed\n",
            "good",
        ),
        ("ssh-keys", 255, NO, "bad"),
        ("ssh-keys", 255, WARNING + NO, "bad"),
        ("ssh-keys", 0, NONE, "unknown"),
        ("ssh-keys", 255, IMPOSTOR, "unknown"),
        ("ssh-keys", 255, b"", "unknown"),
        ("ssh-keys", 0, b"", "unknown"),
        # What a banner says is nobody's word but the server's.
        ("ssh-keys", 255, IN, "unknown"),
        ("ssh-keys", 255, IN + NO, "bad"),
        ("ssh-keys", 0, IN + NONE, "unknown"),
        ("ssh-keys", 0, IN[:-2] + NONE, "unknown"),
        ("ssh-keys", 0, b'Authenticated to x using "' + NONE, "unknown"),
        ("ssh-keys", 0, NONE + b"x\n" * 15_000 + IN, "unknown"),
        ("ssh-keys", 255, NO + b"Connection closed\n", "unknown"),
        ("ssh-keys", -15, NO, "unknown"),
        ("ssh-passwords", 255, NO, "good"),
        ("ssh-passwords", 255, WARNING + NO, "good"),
        ("ssh-passwords", 255, BOTH, "bad"),
        ("ssh-passwords", 255, KEYBOARD, "bad"),
        ("ssh-passwords", 0, b"", "bad"),
        ("ssh-passwords", 1, b"This account is closed\n", "bad"),
        ("ssh-passwords", 255, NO + BOTH, "unknown"),
        ("ssh-passwords", 255, b"Permission denied (publickey).\n" + BOTH, "unknown"),
        ("ssh-passwords", 255, b"Bye\n" + NO, "unknown"),
        ("ssh-passwords", 255, b"", "unknown"),
        ("ssh-passwords", 255, NONE, "unknown"),
        ("ssh-passwords", -15, NO, "unknown"),
        ("ssh-passwords", 255, IMPOSTOR, "unknown"),
        ("ssh-passwords", 255, b"\x1b[2J\xff" * 100_000, "unknown"),
    ],
)
def test_words_of_ssh_are_read(
    proof: Proof, code: int, said: bytes, ended: str
) -> None:
    shown = told(proof, "root", "192.0.2.10", 22, (code, said))
    assert shown.ended == ended
    assert bool(shown.trouble) is (ended == "unknown")
    assert "\x1b" not in words(shown)


@pytest.mark.parametrize(
    ("user", "address"),
    [
        ("-oProxyCommand=x", "192.0.2.10"),
        ("root", "-oProxyCommand=x"),
        ("root", "a b"),
        ("root", "$(x)"),
        ("", "192.0.2.10"),
        ("root", ""),
    ],
)
def test_no_option_is_smuggled_in(user: str, address: str) -> None:
    assert argv("ssh-keys", user, address, 22) == ()
    assert all(s.trouble for s in ssh_logins(user, address))


def test_no_password_is_asked_for() -> None:
    for proof in ("ssh-keys", "ssh-passwords"):
        words = argv(proof, "root", "2001:db8::1", 22)
        assert "BatchMode=yes" in words
        assert words[-3:] == ("--", "2001:db8::1", "true")
    assert "PreferredAuthentications=none" in words


def test_the_program_is_run_as_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "ssh"
    program.write_text(
        "#!/bin/sh\n"
        'case "$*" in *Authentications=none*) echo "x: Permission denied (publickey)."'
        ' >&2; exit 255;; esac\necho "Authenticated to x using \\"publickey\\"." >&2\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert [s.ended for s in ssh_logins("root", "192.0.2.10")] == ["good", "good"]


BANNERS = (
    "Permission denied (publickey).",
    "root@127.0.0.1: Permission denied (publickey).",
    'Authenticated to 127.0.0.1 ([127.0.0.1]:22) using "publickey".',
    'Authenticated to 127.0.0.1 ([127.0.0.1]:22) using "none".',
)


def asked(folder: Path, proof: Proof, port: int, *more: str) -> LoginShown:
    """Ask a real sshd whose key is known, with a key of the test's own."""
    known = folder / "known_hosts"
    key = (folder / "host_key.pub").read_text()
    known.write_text(f"[127.0.0.1]:{port} {key}")
    first, *rest = argv(proof, getuser(), "127.0.0.1", port)
    own = ("-F", "none", "-o", f"UserKnownHostsFile={known}", "-i", str(folder / "id"))
    done = subprocess.run(
        [first, *own, *more, *rest], check=False, capture_output=True, timeout=30
    )
    return told(proof, getuser(), "127.0.0.1", port, (done.returncode, done.stderr))


@pytest.mark.parametrize("banner", BANNERS)
@pytest.mark.parametrize("passwords", ["yes", "no"])
def test_a_banner_of_a_real_server_is_not_believed(
    tmp_path: Path, banner: str, passwords: str
) -> None:
    (tmp_path / "banner").write_text(f"{banner}\n")
    kind = ("-t", "ed25519", "-N", "", "-q")
    subprocess.run(["ssh-keygen", *kind, "-f", str(tmp_path / "id")], check=True)
    own = (
        *(f"Banner {tmp_path}/banner", f"PasswordAuthentication {passwords}"),
        *("KbdInteractiveAuthentication no", "StrictModes no", "PermitRootLogin yes"),
        f"AuthorizedKeysFile {tmp_path}/keys",
    )
    with daemons.sshd(tmp_path, *own) as port:
        shown = asked(tmp_path, "ssh-passwords", port)
        assert shown.ended == ("bad" if passwords == "yes" else "good")
        assert asked(tmp_path, "ssh-keys", port).ended == "bad"
        (tmp_path / "keys").write_bytes((tmp_path / "id.pub").read_bytes())
        keys = asked(tmp_path, "ssh-keys", port)
        # A banner that names another way leaves it in doubt.
        assert keys.ended == ("unknown" if "none" in banner else "good")


def test_without_ssh_nothing_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    shown = ssh_logins("root", "192.0.2.10")
    assert {s.ended for s in shown} == {"unknown"}
    assert "not installed" in shown[0].trouble


def test_a_long_banner_costs_no_time() -> None:
    begun = time.process_time()
    text = b"Authenticated to " * 5882
    assert told("ssh-keys", "root", "192.0.2.1", 22, (0, text)).ended == "unknown"
    assert time.process_time() - begun < 2
