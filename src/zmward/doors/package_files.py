"""Reads what the package database of a host, or of a mounted image, says of files."""

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from zmward.doors.tree import begun
from zmward.integrity.names import shown
from zmward.integrity.shipped import (
    Database,
    Shipped,
    dpkg_files,
    dpkg_status,
    rpm_files,
    within,
)

_LARGEST: Final = 256 << 20
PATH = "/usr/bin:/bin:/usr/sbin:/sbin"
_SECONDS: Final = 120
_RPM: Final = (
    r"[%{=NAME}\t%{=VERSION}-%{=RELEASE}\t%{FILEDIGESTS}\t%{FILEFLAGS}"
    r"\t%{FILENAMES}\n]"
)
_RPM_PLACES: Final = ("var/lib/rpm", "usr/lib/sysimage/rpm")


def _text(root: Path, path: str) -> str:
    """Read a file of the database, which in an image is behind no link."""
    opened = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        raw = begun(opened, path, _LARGEST, own=root == Path("/"))
    finally:
        os.close(opened)
    return raw.decode("utf-8", "surrogateescape")


def _optional(root: Path, path: str) -> str:
    try:
        return _text(root, path)
    except FileNotFoundError:
        return ""


def _dpkg(root: Path, trees: tuple[str, ...]) -> Database:
    versions: dict[str, str] = {}
    files: dict[str, Shipped] = {}
    info = "var/lib/dpkg/info"
    # Packages name by the link what lies below /usr on merged systems.
    merged = (root / "lib").is_symlink()
    for name, kind, version, settings in dpkg_status(
        _text(root, "var/lib/dpkg/status")
    ):
        versions[name] = version
        base = next(
            (
                one
                for one in (f"{info}/{name}:{kind}", f"{info}/{name}")
                if os.path.lexists(root / f"{one}.list")
            ),
            None,
        )
        if base is None:
            continue
        listed = _text(root, f"{base}.list")
        if not any(tree in listed for tree in _TOPS):
            continue
        sums = _optional(root, f"{base}.md5sums")
        for path, one in dpkg_files(name, listed, sums, settings):
            there = f"/usr{path}" if merged and path.startswith("/lib/") else path
            if within(there, trees):
                files[shown(there)] = one
    return Database(versions, files)


_TOPS: Final = ("/opt/zimbra", "/etc/", "/var/spool/cron", "/lib/systemd/system")


def _rpm(root: Path, place: str, trees: tuple[str, ...]) -> Database:
    # Where an rpm of another system looks by itself is not where the image's lies.
    base = ("rpm", "--dbpath", f"/{place}")
    where = base if root == Path("/") else (*base, "--root", str(root.resolve()))
    argv = (*where, "-qa", "--qf", _RPM)
    done = subprocess.run(
        argv,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={"LC_ALL": "C", "PATH": PATH},
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()[:200]
        return Database(trouble=f"rpm answered {done.returncode}: {said}")
    versions: dict[str, str] = {}
    files: dict[str, Shipped] = {}
    for version, path, one in rpm_files(done.stdout.decode("utf-8", "surrogateescape")):
        versions[one.package] = version
        if within(path, trees):
            files[shown(path)] = one
    if not versions:
        return Database(trouble="rpm lists no files of any package")
    return Database(versions, files)


def database(root: str, trees: Iterable[str]) -> Database:
    """Return the package database below a root; its trouble says why there is none."""
    top, wanted = Path(root), tuple(trees)
    try:
        if (top / "var/lib/dpkg/status").is_file():
            return _dpkg(top, wanted)
        for place in _RPM_PLACES:
            if (top / place).is_dir():
                return _rpm(top, place, wanted)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Database(trouble=f"the package database cannot be read: {error}")
    return Database(trouble="neither dpkg nor rpm keeps a package database there")
