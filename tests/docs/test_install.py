"""What `pipx install .` installs: the wheel is whole and works elsewhere."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.docs.session import ROOT

SOURCE = ROOT / "src"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a directory that holds the installed wheel, built from a copy."""
    room = tmp_path_factory.mktemp("install")
    copy = room / "checkout"
    left_out = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(SOURCE, copy / "src", ignore=left_out)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    words = ("--no-deps", "--no-build-isolation", "--no-index", "--quiet")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel"]
    subprocess.run([*pip, *words, "-w", room, copy], check=True, timeout=120)
    (wheel,) = room.glob("zmward-*.whl")
    zipfile.ZipFile(wheel).extractall(room / "site")
    return room / "site"


def test_every_file_of_the_package_is_installed(site: Path) -> None:
    for path in (SOURCE / "zmward").rglob("*"):
        if path.is_file() and path.suffix not in {".pyc", ".po"}:
            assert (site / path.relative_to(SOURCE)).is_file()


def test_nothing_else_is_installed(site: Path) -> None:
    names = {path.name.partition("-")[0] for path in site.iterdir()}
    assert names == {"zmward"}


def test_the_installed_program_works(site: Path, tmp_path: Path) -> None:
    program = "import sys; from zmward.cli.main import run; sys.exit(run())"
    environment = {**os.environ, "PYTHONPATH": str(site), "ZMWARD_ETC": str(tmp_path)}
    page = tmp_path / "report.html"
    words = ("audit", "--demo", "--format", "html", "--output", str(page))
    done = subprocess.run(
        [sys.executable, "-c", program, *words],
        env=environment,
        cwd=tmp_path,
        timeout=60,
        check=False,
    )
    assert done.returncode in (1, 3)
    assert page.read_text("utf-8").startswith("<!doctype html>")
