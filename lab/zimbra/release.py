"""The release string of zmcontrol -v, put together as the real script does."""

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

HISTORY = Path("/opt/zimbra/.install_history")
PLATFORM = "/opt/zimbra/libexec/get_plat_tag.sh"
NETWORK = Path("/opt/zimbra/bin/zmbackupquery")
_PATCH = re.compile(r"CONFIGURED (mta-|proxy-|ldap-|)patch (\S+)")


def _output(*argv: str) -> str:
    done = subprocess.run(argv, check=False, capture_output=True, text=True, timeout=30)
    return done.stdout.strip()


def patch_number(version: str) -> int:
    """Return what counts of a patch's version: after P, else the third number."""
    after_p = re.search(r"P(\d+)", version)
    if after_p:
        return int(after_p[1])
    parts = re.findall(r"\d+", version)
    return int(parts[2]) if len(parts) > 2 else 0  # noqa: PLR2004 - the third


def highest_patch(history: Iterable[str]) -> int:
    """Return the highest patch since the last installer run began."""
    last: dict[str, str] = {}
    for line in history:
        text = line.partition(": ")[2].strip()
        if text == "INSTALL SESSION START":
            last = {}
        found = _PATCH.match(text)
        if found:
            last[found[1]] = found[2]
    return max((patch_number(version) for version in last.values()), default=0)


def release_line(package: str, platform: str, edition: str, patch: int) -> str:
    """Return the line for a package version like 10.1.0.GA.4655.UBUNTU22.64."""
    found = re.match(r"(\d+)\.(\d+)\.(\d+)[._](\w+?)[._](\d+)", package)
    if found is None:
        return f"Release {package} {platform} {edition} edition."
    major, minor, micro, kind, build = found.groups()
    if not patch:
        return f"Release {package} {platform} {edition} edition."
    if f"{major}.{minor}.{micro}" == "9.0.0":
        return f"Release {package} {platform} {edition} edition, Patch 9.0.0_P{patch}."
    version = f"{major}.{minor}.{patch}.{kind}.{build}.{platform}"
    return f"Release {version} {edition} edition."


def release() -> str:
    """Return this node's release line."""
    package = _output("dpkg-query", "-W", "-f", "${Version}", "zimbra-core")
    edition = "NETWORK" if NETWORK.exists() else "FOSS"
    history = HISTORY.read_text().splitlines() if HISTORY.exists() else []
    return release_line(package, _output(PLATFORM), edition, highest_patch(history))
