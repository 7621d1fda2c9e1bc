"""The files that a reader of the guides has at hand, made from the sample server."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from zmward.controls.registry import controls
from zmward.engine.audit import audit
from zmward.outside import evidence_of
from zmward.profile import Profile
from zmward.reports.scan_json import render
from zmward.scan.seen import PortSeen, Seen

NODE = "mail.example.test"
OTHER = "mta1.example.test"
# What the second server is: an MTA with addresses of its own.
MTA = ("amavis", "antispam", "antivirus", "dnscache", "mta", "opendkim", "stats")
ABSENT = ("ldap", "logger", "memcached", "proxy", "snmp", "spell", "store")
OPEN = (22, 25, 465, 587)
ADDRESSES = {"192.0.2.10": "192.0.2.11", "2001:db8:0:1::10": "2001:db8:0:1::11"}
NAMES = f"""\
> {NODE}
192.0.2.10
2001:db8:0:1::10
> {OTHER}
192.0.2.11
2001:db8:0:1::11
"""
_SERVICES = ("zimbraServiceEnabled", "zimbraServiceInstalled")
WHEN = "2026-11-21T12:00:00+00:00"


def _evidence() -> dict[str, Any]:
    content = (files("zmward.demo") / "evidence.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(content)
    return {**found, "when": WHEN}


def _roles(entry: str) -> str:
    """Return a server's entry as that of one that only sends and receives mail."""
    kept = []
    for line in entry.splitlines():
        key, _, value = line.partition(": ")
        if key not in _SERVICES or value in MTA:
            kept.append(line)
    return "\n".join(kept)


def _second_server(evidence: dict[str, Any]) -> dict[str, Any]:
    """Return what the same node shows of a directory that names one more server."""
    directory = evidence["answers"]["directory"]
    servers = directory["ldap-servers"]
    one = servers["text"].strip("\n")
    two = f"{one}\n\n{_roles(one.replace(NODE, OTHER))}\n"
    named = {**directory, "ldap-servers": {**servers, "text": two}}
    names = {"type": "answer", "text": NAMES}
    own = {**evidence["answers"][NODE], "resolved-names": names}
    answers = {**evidence["answers"], "directory": named, NODE: own}
    return {**evidence, "answers": answers}


def _listens(line: str) -> bool:
    """Say whether a socket of the first server is one of the second, too."""
    address, _, port = line.split()[4].rpartition(":")
    return address in ("127.0.0.1", "[::1]") or int(port) in OPEN


def _as_other(evidence: dict[str, Any]) -> dict[str, Any]:
    """Return the evidence of the second server, with names and addresses of its own."""
    answers = dict(evidence["answers"])
    moved = json.dumps(answers.pop(NODE)).replace(NODE, OTHER)
    for one, two in ADDRESSES.items():
        moved = moved.replace(one, two)
    own = json.loads(moved)
    sockets = own["listeners"]["text"].splitlines(keepends=True)
    own["listeners"]["text"] = "".join(filter(_listens, sockets))
    packages = own["packages"]["text"].splitlines(keepends=True)
    own["packages"]["text"] = "".join(
        line for line in packages if not any(f" zimbra-{n} " in line for n in ABSENT)
    )
    own["resolved-names"] = {"type": "answer", "text": NAMES}
    return {**evidence, "answers": {**answers, OTHER: own}}


def lay(room: Path) -> None:
    """Put the sample's files into a directory."""
    evidence = _evidence()
    cluster = _second_server(evidence)
    for name, document in (
        ("evidence.json", evidence),
        ("mail.json", cluster),
        ("mta1.json", _as_other(cluster)),
    ):
        (room / name).write_text(json.dumps(document), "utf-8")
    (room / "scan.json").write_text(_scan(), "utf-8")


def _scan() -> str:
    """Return a look at the sample server: one port that is open, one that is not."""
    address = "192.0.2.10"
    seen = Seen(
        *(NODE, WHEN, "0"),
        addresses=(address,),
        source={address: "198.51.100.7"},
        asked=("tcp 443,7071",),
        ports=(
            PortSeen(443, "tcp", address, "open", "http", "nginx", tls=True),
            PortSeen(7071, "tcp", address, "filtered"),
        ),
    )
    looked = evidence_of((seen,), "0")
    report = audit(looked, controls().values(), Profile(), inside=False)
    return render(report, (seen,))
