"""ssh is asked without any password, and its words are not read for more."""

from pathlib import Path

import pytest

from tests.scan.mail_server import words
from zmward.doors.ssh_login import ssh_logins
from zmward.scan.login import Proof
from zmward.scan.login_ssh import argv, told

IN = b'Authenticated to mail.example.test ([192.0.2.10]:22) using "publickey".\n'
NO = b"root@mail.example.test: Permission denied (publickey).\n"
BOTH = b"root@mail.example.test: Permission denied (publickey,password).\n"
KEYBOARD = b"root@x: Permission denied (publickey,keyboard-interactive).\n"
NONE = b'Authenticated to mail.example.test ([192.0.2.10]:22) using "none".\n'
IMPOSTOR = b"Host key verification failed.\n"


@pytest.mark.parametrize(
    ("proof", "said", "ended"),
    [
        ("ssh-keys", IN, "good"),
        (
            "ssh-keys",
            b"Warning: no mail\r\n" + IN + b"This account is closed\n",
            "good",
        ),
        ("ssh-keys", NO, "bad"),
        ("ssh-keys", NONE, "unknown"),
        ("ssh-keys", IMPOSTOR, "unknown"),
        ("ssh-keys", b"", "unknown"),
        ("ssh-passwords", NO, "good"),
        ("ssh-passwords", BOTH, "bad"),
        ("ssh-passwords", KEYBOARD, "bad"),
        ("ssh-passwords", NONE, "bad"),
        ("ssh-passwords", IMPOSTOR, "unknown"),
        ("ssh-passwords", b"\x1b[2J\xff" * 100_000, "unknown"),
    ],
)
def test_words_of_ssh_are_read(proof: Proof, said: bytes, ended: str) -> None:
    shown = told(proof, "root", "192.0.2.10", 22, said)
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


def test_without_ssh_nothing_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    shown = ssh_logins("root", "192.0.2.10")
    assert {s.ended for s in shown} == {"unknown"}
    assert "not installed" in shown[0].trouble
