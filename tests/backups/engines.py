"""Real repositories of restic and borg, small, with a password that is none."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

PASSWORD = "a fine password"
needs_restic = pytest.mark.skipif(
    not shutil.which("restic") or os.getuid() != 0, reason="needs restic, and root"
)
needs_borg = pytest.mark.skipif(
    not shutil.which("borg") or os.getuid() != 0, reason="needs borg, and root"
)


def secret(folder: Path, name: str = "password", text: str = PASSWORD) -> Path:
    path = folder / name
    path.touch(0o600)
    path.write_text(f"{text}\n", "utf-8")
    return path


def _run(*argv: str, **environment: str) -> str:
    done = subprocess.run(
        argv,
        env={**os.environ, **environment},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


class Restic:
    """One repository of restic's."""

    def __init__(self, folder: Path) -> None:
        self.place = folder / "restic"
        self.password = secret(folder)
        self.run("init")

    def run(self, *words: str) -> str:
        own = ("--repo", str(self.place), "--password-file", str(self.password))
        return _run("restic", "--no-cache", *own, *words)

    def backup(self, path: Path, *words: str) -> None:
        self.run("backup", *words, str(path))

    def toml(self, **more: str) -> str:
        return toml(
            name="r",
            kind="restic",
            place=str(self.place),
            password_file=str(self.password),
            **more,
        )


class Borg:
    """One repository of borg's; its memory is in the folder as well."""

    def __init__(self, folder: Path, mode: str = "repokey-blake2") -> None:
        self.place = folder / f"borg-{mode}"
        self.password = secret(folder, "borg-password")
        self.run("init", "-e", mode, str(self.place))

    def run(self, *words: str) -> str:
        return _run(
            "borg",
            *words,
            BORG_PASSCOMMAND=f"cat {self.password}",
            BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK="yes",
        )

    def backup(self, name: str, path: Path, *words: str) -> None:
        self.run("create", *words, f"{self.place}::{name}", str(path))

    def toml(self, **more: str) -> str:
        return toml(
            name="b",
            kind="borg",
            place=str(self.place),
            password_file=str(self.password),
            **more,
        )


def toml(**fields: str) -> str:
    """Return a copy for the profile; numbers and booleans are written bare."""
    rows = (
        f"{key.replace('_', '-')} = {value}\n"
        if value.isdecimal() or value in {"true", "false"}
        else f'{key.replace("_", "-")} = "{value}"\n'
        for key, value in fields.items()
    )
    return "[[backups.copy]]\n" + "".join(rows)
