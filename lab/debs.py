"""Zimbra's packages, built small and installed into the node's package database."""

import hashlib
import shutil
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.layers import REPOSITORY
from lab.process import run, within

TABLE = REPOSITORY / "lab" / "packages.toml"
ROOTFS = REPOSITORY / "lab" / "rootfs"
NEWEST = "10.1.21"
SUFFIX = ".u22"
ARCHITECTURE = "amd64"


@dataclass(frozen=True)
class Package:
    """One row: a package, how its version is made and what it ships."""

    name: str
    version: str
    depends: str = ""
    owns: tuple[str, ...] = ()


def packages() -> list[Package]:
    """Return the rows of the table."""
    rows = tomllib.loads(TABLE.read_text())["packages"]
    return [
        Package(name, **{**row, "owns": tuple(row.get("owns", ()))})
        for name, row in rows.items()
    ]


def build_number(release: str) -> str:
    """Return a patch package's version at a release, without the platform."""
    return f"{release}.{tomllib.loads(TABLE.read_text())['builds'][release]}"


def versions(release: str, other: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return each package's version; `other` names releases or whole versions."""
    base = tomllib.loads(TABLE.read_text())["base"]
    builds = tomllib.loads(TABLE.read_text())["builds"]
    found = {}
    for package in packages():
        level = (other or {}).get(package.name)
        if level in builds:
            found[package.name] = build_number(str(level)) + SUFFIX
        elif level is not None:
            found[package.name] = level
        elif package.version == "patch":
            found[package.name] = build_number(release) + SUFFIX
        else:
            found[package.name] = base if package.version == "base" else package.version
    return found


def _owner(path: str, rows: list[Package]) -> str | None:
    owners = [
        (len(prefix), row.name)
        for row in rows
        for prefix in row.owns
        if path == prefix or path.startswith(f"{prefix}/")
    ]
    return max(owners)[1] if owners else None


def _files() -> Iterator[tuple[str, Path]]:
    generated = tomllib.loads(TABLE.read_text())["generated"]
    for path in sorted(ROOTFS.rglob("*")):
        name = str(path.relative_to(ROOTFS))
        if (path.is_symlink() or path.is_file()) and name not in generated:
            yield name, path


def _control(package: Package, version: str) -> str:
    depends = f"Depends: {package.depends}\n" if package.depends else ""
    return (
        f"Package: {package.name}\nVersion: {version}\nArchitecture: {ARCHITECTURE}\n"
        "Maintainer: Zimbra Packaging Services <packaging@example.test>\n"
        f"Section: mail\nPriority: optional\n{depends}"
        f"Description: {package.name} of Zimbra Collaboration\n"
    )


def _fill(tree: Path, package: Package, version: str, rows: list[Package]) -> None:
    sums = []
    for name, source in _files():
        if _owner(name, rows) != package.name:
            continue
        target = tree / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target, follow_symlinks=False)
        if not source.is_symlink():
            target.chmod(0o755 if source.stat().st_mode & 0o100 else 0o644)
            content = hashlib.md5(source.read_bytes(), usedforsecurity=False)
            sums.append(f"{content.hexdigest()}  {name}\n")
    control = tree / "DEBIAN"
    control.mkdir(parents=True)
    (control / "control").write_text(_control(package, version))
    (control / "md5sums").write_text("".join(sums))
    for path in [tree, *(p for p in tree.rglob("*") if p.is_dir())]:
        path.chmod(0o755)


def install(
    root: Path, wanted: Mapping[str, str], *, dependencies: bool = True
) -> None:
    """Build and install the packages in these versions, older ones too.

    The old package of system requirements did not depend on pax: with
    dependencies=False, it is built like that.
    """
    rows = packages()
    store = root / "var/cache/zimbra-packages"
    store.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="zmward-lab-") as temporary:
        for row in rows:
            if row.name in wanted:
                tree = Path(temporary) / row.name
                kept = row if dependencies else Package(row.name, row.version)
                _fill(tree, kept, wanted[row.name], rows)
                argv = ["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build"]
                run([*argv, str(tree), str(store / f"{row.name}.deb")])
    names = [f"/var/cache/zimbra-packages/{path.name}" for path in store.glob("*.deb")]
    if names:
        run(within(root, ["dpkg", "--install", "--force-downgrade", *sorted(names)]))
    shutil.rmtree(store)
