"""The real ufw inside a wire's server: with its own files, on copies of them."""

import shlex
import tempfile
from pathlib import Path
from shutil import copytree

from lab.wire import Wire
from zmward.firewall.render_ufw import placed

_FILES = ("before.rules", "before6.rules")


def loaded(script: str, applications: str, blocks: tuple[str, str], link: Wire) -> None:
    """Run lines of ufw's commands with an application file and our blocks."""
    with tempfile.TemporaryDirectory() as place:
        own = Path(place)
        copytree("/etc/ufw", own / "ufw")
        settings = Path("/etc/default/ufw").read_text("utf-8")
        (own / "default").write_text(settings.replace("IPV6=no", "IPV6=yes"), "utf-8")
        profile, commands = _split(script, applications)
        (own / "ufw/applications.d/zmward-proof").write_text(profile, "utf-8")
        for name, block in zip(_FILES, blocks, strict=True):
            path = own / "ufw" / name
            if block:
                path.write_text(placed(path.read_text("utf-8"), block), "utf-8")
        where = shlex.quote(place)
        link.inside(
            *("unshare", "-m", "sh", "-ec"),
            # A lock of its own, so that proofs may run beside each other.
            f"mount --bind {where}/ufw /etc/ufw\n"
            f"mount --bind {where}/default /etc/default/ufw\n"
            f"mount -t tmpfs none /run\n{commands}\n",
        )


def _split(script: str, applications: str) -> tuple[str, str]:
    """Return the profiles and the commands of a file that holds both."""
    profile = [line for line in script.splitlines() if _of_profile(line)]
    commands = [
        line
        for line in script.splitlines()
        if line and not _of_profile(line) and not line.startswith("#")
    ]
    return applications + "\n".join(profile) + "\n", "\n".join(commands)


def _of_profile(line: str) -> bool:
    return line.startswith("[") or line.partition(" ")[0].partition("=")[0] in (
        *("title", "description", "ports"),
    )
