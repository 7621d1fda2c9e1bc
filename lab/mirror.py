"""A package mirror on a node: Debian's own packages, which apt there can install."""

import hashlib
import shutil
from pathlib import Path

from lab.errors import LabError
from lab.layers import cache, lock, remove_tree
from lab.node import Lab
from lab.process import run

# The packages that zmward installs, as far as Debian has them.
PACKAGES = ("pax", "chrony", "fail2ban", "rsyslog-gnutls", "unattended-upgrades")
PLACE = "srv/mirror"
SOURCE = "etc/apt/sources.list.d/mirror.list"
PREFERENCES = "etc/apt/preferences.d/mirror"
# apt's simulation and installation see these before the lists of the state, whose
# packages have no content.
PINNED = 'Package: *\nPin: origin ""\nPin-Priority: 990\n'
TIMEOUT = 300


def _stanza(package: Path) -> str:
    content = package.read_bytes()
    fields = run(["dpkg-deb", "--field", str(package)]).rstrip("\n")
    return (
        f"{fields}\nFilename: ./{package.name}\nSize: {len(content)}\n"
        f"SHA256: {hashlib.sha256(content).hexdigest()}\n"
    )


def _download(target: Path) -> None:
    argv = ["apt-get", "download", "-q", "-o", "APT::Sandbox::User=root", *PACKAGES]
    try:
        run(argv, timeout=TIMEOUT, cwd=target)
    except LabError as failure:
        raise LabError(
            f"the mirror's packages cannot be downloaded; `apt-get update` first? "
            f"{failure}"
        ) from failure
    rows = [_stanza(package) for package in sorted(target.glob("*.deb"))]
    (target / "Packages").write_text("\n".join(rows))


def _kept() -> Path:
    """Return the downloaded packages and their list, kept like the layers."""
    named = hashlib.sha256(" ".join(PACKAGES).encode()).hexdigest()[:12]
    place = cache() / f"mirror-{named}"
    with lock("mirror"):
        if not place.exists():
            building = cache() / "building-mirror"
            remove_tree(building)
            building.mkdir(parents=True)
            _download(building)
            building.rename(place)
    return place


def mirror(lab: Lab) -> None:
    """Give a running node the mirror, and tell its apt."""
    shutil.copytree(_kept(), lab.root / PLACE, dirs_exist_ok=True)
    (lab.root / SOURCE).write_text(f"deb [trusted=yes] file:/{PLACE} ./\n")
    (lab.root / PREFERENCES).write_text(PINNED)
    # The other sources answer nothing here, and their lists are the state's own.
    argv = [
        *("apt-get", "update", "-q", "-o", f"Dir::Etc::SourceList=/{SOURCE}"),
        *("-o", "Dir::Etc::SourceParts=-", "-o", "APT::Get::List-Cleanup=0"),
    ]
    done = lab.run("mail", argv)
    if done.returncode:
        raise LabError(f"apt on the node does not read the mirror: {done.stderr}")


def remove(lab: Lab, *packages: str) -> None:
    """Purge packages from a running node, so that they can be installed."""
    done = lab.run("mail", ["dpkg", "--purge", *packages])
    if done.returncode:
        raise LabError(f"{' '.join(packages)} cannot be purged: {done.stderr}")
