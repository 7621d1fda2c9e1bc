"""Our view of a port's TLS beside testssl.sh's, where both judge."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from lab.node import Lab

from tests.lab.scan_truth import scanned

# Other scanners take minutes.
pytestmark = [pytest.mark.lab, pytest.mark.proof]

# Their names of protocols, and ours.
NAMES = {
    "SSLv3": "SSLv3",
    "TLS1": "TLS 1.0",
    "TLS1_1": "TLS 1.1",
    "TLS1_2": "TLS 1.2",
    "TLS1_3": "TLS 1.3",
}
PORTS = {443: (), 25: ("--starttls", "smtp"), 993: (), 465: (), 7071: ()}


def theirs(lab: Lab, port: int, room: Path) -> dict[str, bool]:
    """Return which protocols testssl.sh found, by our names."""
    path = room / f"{port}.json"
    argv = ["testssl", "--quiet", "--color", "0", "-p", "--warnings", "batch"]
    argv += ["--nodns", "none", "--jsonfile", str(path), *PORTS[port]]
    place = f"{lab.nodes[0].ipv4}:{port}"
    done = subprocess.run(
        lab.argv("outside", [*argv, place]),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert path.exists(), done.stdout + done.stderr
    rows: list[dict[str, Any]] = json.loads(path.read_text())
    found = {
        NAMES[row["id"]]: not row["finding"].startswith("not offered")
        for row in rows
        if row["id"] in NAMES
    }
    assert set(found) == set(NAMES.values()), rows
    return found


def ours(document: dict[str, Any], port: int) -> dict[str, bool]:
    """Return which protocols we found, where we know it."""
    (shown,) = (
        one
        for one in document["seen"][0]["shown"]
        if one["type"] == "tls" and one["port"] == port
    )
    assert not [p for p in shown["protocols"] if p["state"] == "unknown"]
    return {p["name"]: p["state"] == "accepted" for p in shown["protocols"]}


@pytest.mark.parametrize(
    "port",
    [
        443,
        pytest.param(25, marks=pytest.mark.proof),
        *(pytest.param(port, marks=pytest.mark.proof) for port in (993, 465, 7071)),
    ],
)
def test_testssl_finds_the_same_protocols(
    lab_careless: Lab, port: int, tmp_path: Path
) -> None:
    words = [lab_careless.nodes[0].ipv4, "--ports", str(port)]
    document = scanned(lab_careless, words)
    assert ours(document, port) == theirs(lab_careless, port, tmp_path)
