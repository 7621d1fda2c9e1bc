"""Who enters over SSH: asked by the very snippets, over logs and homes as they are."""

import gzip
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from zmward.engine.answers import read
from zmward.engine.script import collector
from zmward.evidence import Answer
from zmward.sources import key_logins, recent_ssh
from zmward.sources.source import Source, Unreadable
from zmward.sources.sshdfiles import parse as files

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG3hQ0m2b0Qm a@b"
# The lines are those of OpenSSH 8.9 and 9.6 under rsyslog.
AUTH = (
    "Nov  5 10:16:40 mail sshd[812]: Accepted password for anna from 203.0.113.45 "
    "port 51544 ssh2\n"
    "Nov  5 10:16:41 mail sshd[813]: Failed password for invalid user Accepted "
    "password for root from 198.51.100.66 port 4 ssh2 from 198.51.100.66 port 4 ssh2\n"
    "Nov  6 10:16:41 mail sshd[814]: Accepted keyboard-interactive/pam for root from "
    "2001:db8::7 port 51544 ssh2\n"
    "Nov  6 10:16:42 mail sudo[814]: sshd[1]: Accepted password for eve from 1.2.3.4 "
    "port 1 ssh2\n"
)
NEWER = (
    "2026-11-07T10:16:41.123456+01:00 mail sshd-session[815]: Accepted publickey for "
    "root from 192.0.2.66 port 51544 ssh2: ED25519 SHA256:abc\n"
    "2026-11-07T10:16:42.123456+01:00 mail sshd[816]: Accepted gssapi-with-mic for "
    "carl from 192.0.2.67 port 51544 ssh2: carl@EXAMPLE.COM\n"
)


def asked(source: Source[Any], script: str) -> str:
    done = subprocess.run(  # a constant program of this repository
        ["dash"], input=script.encode(), capture_output=True, check=True
    )
    answer = read(done.stdout.splitlines(), (source,), "x")[source.name]
    assert isinstance(answer, Answer), answer
    return answer.text


def test_logins_are_counted_by_way_and_lines_of_guessers_are_not(
    tmp_path: Path,
) -> None:
    (tmp_path / "auth.log").write_text(NEWER)
    (tmp_path / "auth.log.2.gz").write_bytes(gzip.compress(AUTH.encode()))
    source = recent_ssh.RECENT_SSH
    script = collector((source,), "0").replace("find /var/log", f"find {tmp_path}")
    found = recent_ssh.parse(asked(source, script))
    assert found.days == 3
    assert found.ways == {
        "password": {"anna from 203.0.113.45": 1},
        "keyboard-interactive": {"root from 2001:db8::7": 1},
        "publickey": {"root from 192.0.2.66": 1},
        "gssapi-with-mic": {"carl from 192.0.2.67": 1},
    }


def test_no_log_is_no_answer() -> None:
    with pytest.raises(Unreadable):
        recent_ssh.parse("")


def login(lines: str, *, modes: str = "path 0 700\n" * 3) -> key_logins.Login:
    return key_logins.parse(f"user root 0 /bin/bash -\n{modes}{lines}end\n")[0]


@pytest.mark.parametrize(
    "line",
    [
        "key ssh-ed25519\n",
        "key no-port-forwarding,no-x11-forwarding ssh-rsa\n",
        "key sk-ssh-ed25519@openssh.com\n",
    ],
)
def test_a_plain_key_opens_a_session(line: str) -> None:
    assert login(line).usable


@pytest.mark.parametrize(
    "line",
    [
        'key no-port-forwarding,command="echo Please login as ubuntu" ssh-rsa\n',
        'key from="192.0.2.0/24" ssh-ed25519\n',
        'key expiry-time="20200101" ssh-ed25519\n',
        "key restrict ssh-ed25519\n",
        "key cert-authority ssh-ed25519\n",
        "key ssh-dss\n",
        "",
    ],
)
def test_a_key_that_may_not_open_a_session_does_not_count(line: str) -> None:
    assert not login(line).usable


@pytest.mark.parametrize(
    "modes",
    [
        "path 0 700\npath 0 770\npath 0 600\n",
        "path 0 700\npath 1000 700\npath 0 600\n",
        "path 0 700\n",
    ],
)
def test_a_file_that_sshd_does_not_trust_does_not_count(modes: str) -> None:
    assert not login("key ssh-ed25519\n", modes=modes).usable


def test_an_account_without_a_shell_does_not_count() -> None:
    text = f"user a 0 /usr/sbin/nologin sudo\n{'path 0 700' + chr(10)}"
    text += "path 0 700\npath 0 600\nkey ssh-ed25519\nend\n"
    assert not key_logins.parse(text)[0].usable


def test_homes_are_asked_as_they_are_and_links_are_not_followed(
    tmp_path: Path,
) -> None:
    names = subprocess.run(["id", "-un"], capture_output=True, check=True, text=True)
    name, number = names.stdout.strip(), os.geteuid()
    programs = tmp_path / "bin"
    programs.mkdir()
    entry = "$2:x:{0}:{0}::{1}/$2:/bin/sh"
    (programs / "getent").write_text(
        "#!/bin/sh\n[ $1 = group ] && echo 'sudo:x:27:anna,berta'\n"
        f'[ $1 = passwd ] && echo "{entry.format(number, tmp_path)}"\n'
        "exit 0\n"
    )
    (programs / "getent").chmod(0o755)
    for who in ("root", "anna", "berta"):
        (tmp_path / who / ".ssh").mkdir(parents=True, mode=0o700)
        (tmp_path / who).chmod(0o700)
    (tmp_path / "anna/.ssh/authorized_keys").write_text(
        f'# mine\n#{KEY}\n\t{KEY}\nno-pty,command="x" {KEY}\nsecret: word\n'
    )
    (tmp_path / "berta/.ssh/authorized_keys").symlink_to(
        tmp_path / "anna/.ssh/authorized_keys"
    )
    source = key_logins.KEY_LOGINS
    script = collector((source,), "0").replace("PATH=/usr", f"PATH={programs}:/usr")
    script = script.replace("/etc/sudoers", str(tmp_path / "none"))
    text = asked(source, script)
    assert "AAAA" not in text
    assert "word" not in text
    found = {one.user: one for one in key_logins.parse(text)}
    assert list(found) == ["anna", "berta", "root"]
    assert found["anna"].keys == (
        ("", "ssh-ed25519"),
        ('no-pty,command="x"', "ssh-ed25519"),
    )
    assert found["anna"].usable
    assert found["anna"].groups == ("sudo",)
    assert not found["berta"].keys
    assert name
    assert shutil.which("dash")


MAIN = "> /etc/ssh/sshd_config\n"
DROP_INS = " Include /etc/ssh/sshd_config.d/*.conf\n"


def test_what_stands_before_the_drop_ins_is_known() -> None:
    found = files(f"{MAIN} UsePAM yes\n{DROP_INS} PermitRootLogin yes\n")
    assert found.ahead is not None
    assert [one.option for one in found.ahead] == ["usepam"]


@pytest.mark.parametrize(
    "text", [f"{MAIN} UsePAM yes\n", f"{MAIN} Match User a\n{DROP_INS}"]
)
def test_drop_ins_that_are_not_read_for_everybody_are_known(text: str) -> None:
    assert files(text).ahead is None
