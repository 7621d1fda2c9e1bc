"""Commands of the host and of a file tree, run as argument lists."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from lab.errors import LabError

INSIDE_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
INSIDE_ENVIRONMENT = (
    f"PATH={INSIDE_PATH}",
    "HOME=/root",
    "LANG=C.UTF-8",
    "LC_ALL=C.UTF-8",
    "TERM=" + os.environ.get("TERM", "dumb"),
)
PROGRAMS = {
    "mmdebstrap": "mmdebstrap",
    "systemd-nspawn": "systemd-container",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "unshare": "util-linux",
    "dpkg-deb": "dpkg",
    "ssh-keygen": "openssh-client",
}


def run(
    argv: Sequence[str],
    *,
    given: str | None = None,
    timeout: float = 120,
    cwd: Path | None = None,
) -> str:
    """Return what a command printed, or fail with what it complained about."""
    try:
        done = subprocess.run(
            argv,
            input=given,
            stdin=None if given is not None else subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            cwd=cwd,
        )
    except FileNotFoundError as missing:
        raise LabError(f"the program {argv[0]} is not installed") from missing
    except subprocess.TimeoutExpired as late:
        words = " ".join(argv)
        raise LabError(f"no end within {timeout:.0f} s: {words}") from late
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise LabError(f"exit {done.returncode}: {' '.join(argv)}\n{said[-4000:]}")
    return done.stdout


def within(root: Path, argv: Sequence[str]) -> list[str]:
    """Return the argument list that runs a command inside a file tree.

    The process namespace ends whatever the command leaves running.
    """
    return [
        *("unshare", "--mount", "--pid", "--fork", "--kill-child"),
        f"--mount-proc={root}/proc",
        *("chroot", str(root), "env", "-i", *INSIDE_ENVIRONMENT),
        *argv,
    ]


def require_host() -> None:
    """Refuse to go on where the lab cannot work, naming what is missing."""
    if os.geteuid() != 0:
        raise LabError("the lab needs root: namespaces and mounts; try again with sudo")
    packages = {p for name, p in PROGRAMS.items() if not shutil.which(name)}
    if packages:
        wanted = " ".join(sorted(packages))
        raise LabError(f"the lab needs these packages: apt-get install {wanted}")
