"""Cached file trees of the lab, each keyed by everything that went into it."""

import contextlib
import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.process import run

REPOSITORY = Path(__file__).resolve().parent.parent


def cache() -> Path:
    """Return the directory outside the repository that holds trees and runs."""
    return Path(os.environ.get("ZMWARD_LAB_CACHE", "/var/cache/zmward-lab"))


@dataclass(frozen=True)
class Layer:
    """A file tree on disk: a whole root, or what changed above another layer."""

    name: str
    digest: str
    below: "Layer | None" = None

    @property
    def directory(self) -> Path:
        """Return where the layer is kept."""
        return cache() / f"layer-{self.name}-{self.digest}"

    @property
    def trees(self) -> list[Path]:
        """Return the trees from the top to the ground."""
        lower = self.below.trees if self.below else []
        return [self.directory / "tree", *lower]


def _inputs(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            yield from _inputs(sorted(p for p in path.iterdir()))
        elif path.suffix != ".pyc" and (path.is_symlink() or path.exists()):
            yield path


def digest(paths: Iterable[Path], *words: str) -> str:
    """Return a short hash over files, their executable bits and further words."""
    seen = hashlib.sha256("\0".join(words).encode())
    for path in _inputs(paths):
        seen.update(f"\0{path}\0{path.lstat().st_mode & 0o111}\0".encode())
        link = path.is_symlink()
        seen.update(str(path.readlink()).encode() if link else path.read_bytes())
    return seen.hexdigest()[:12]


@contextlib.contextmanager
def lock(name: str) -> Iterator[None]:
    """Hold a lock of this name against other builders on the machine."""
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / f"{name}.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def mount_overlay(lower: Sequence[Path], upper: Path, work: Path, at: Path) -> None:
    """Mount the trees above each other, writing into the upper one."""
    for directory in (upper, work, at):
        directory.mkdir(parents=True, exist_ok=True)
    lowers = ":".join(str(tree) for tree in lower)
    options = f"lowerdir={lowers},upperdir={upper},workdir={work}"
    run(["mount", "-t", "overlay", "-o", options, "overlay", str(at)])


def remove_tree(path: Path) -> None:
    """Remove a tree that is not mounted any more."""
    if path.exists():
        shutil.rmtree(path)


@contextlib.contextmanager
def _mounted(below: Layer, building: Path) -> Iterator[Path]:
    root = building / "root"
    mount_overlay(below.trees, building / "tree", building / "work", root)
    try:
        yield root
    finally:
        run(["umount", "--lazy", str(root)])
        root.rmdir()
        remove_tree(building / "work")


def ensure(layer: Layer, fill: Callable[[Path], None]) -> Layer:
    """Return the layer, building it first when the cache does not hold it."""
    with lock(f"layer-{layer.name}"):
        if layer.directory.exists():
            return layer
        print(f"lab: building {layer.name} ({layer.digest})", flush=True)
        building = cache() / f"building-{layer.name}-{os.getpid()}"
        remove_tree(building)
        building.mkdir(parents=True)
        try:
            if layer.below is None:
                fill(building / "tree")
            else:
                with _mounted(layer.below, building) as root:
                    fill(root)
            building.rename(layer.directory)
        finally:
            remove_tree(building)
    return layer


def prune(keep: Iterable[Layer]) -> list[str]:
    """Remove the layers that are not to be kept and that no running lab stands on."""
    wanted = {one.directory for one in keep}
    mounted = Path("/proc/mounts").read_text()
    gone = []
    for path in sorted(cache().glob("layer-*-*")):
        if path.is_dir() and path not in wanted and str(path) not in mounted:
            remove_tree(path)
            gone.append(path.name)
    return gone
