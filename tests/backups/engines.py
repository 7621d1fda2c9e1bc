"""Real repositories of restic and borg, small, with a password that is none."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.backups.restic_key import ease

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


def _restic(place: Path, password: Path, *words: str) -> str:
    own = ("--repo", str(place), "--password-file", str(password))
    return _run("restic", "--no-cache", *own, *words)


@cache
def _made() -> tuple[tuple[str, bytes | None], ...]:
    """Return a new repository of restic's: its files, and its folders with None."""
    with TemporaryDirectory() as folder:
        place = Path(folder) / "restic"
        _restic(place, secret(Path(folder)), "init")
        ease(place, PASSWORD)
        return tuple(
            (
                str(path.relative_to(place)),
                path.read_bytes() if path.is_file() else None,
            )
            for path in sorted(place.rglob("*"))
        )


class Restic:
    """One repository of restic's; all of one process are made at once."""

    def __init__(self, folder: Path) -> None:
        self.place = folder / "restic"
        self.password = secret(folder)
        self.place.mkdir(0o700)
        for name, content in _made():
            path = self.place / name
            if content is None:
                path.mkdir(0o700)
            else:
                path.write_bytes(content)
                path.chmod(0o400)

    def run(self, *words: str) -> str:
        """Run a command of restic's on it; return what it says."""
        return _restic(self.place, self.password, *words)

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
