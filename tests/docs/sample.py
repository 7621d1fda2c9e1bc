"""The files that a reader of the guides has at hand, made from the sample server."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

NODE = "mail.example.test"
OTHER = "mta1.example.test"
WHEN = "2026-11-21T12:00:00+00:00"


def _evidence() -> dict[str, Any]:
    content = (files("zmward.demo") / "evidence.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(content)
    return {**found, "when": WHEN}


def _second_server(evidence: dict[str, Any]) -> dict[str, Any]:
    """Return what the same node shows of a directory that names one more server."""
    directory = evidence["answers"]["directory"]
    servers = directory["ldap-servers"]
    one = servers["text"].strip("\n")
    two = f"{one}\n\n{one.replace(NODE, OTHER)}\n"
    named = {**directory, "ldap-servers": {**servers, "text": two}}
    return {**evidence, "answers": {**evidence["answers"], "directory": named}}


def _as_other(evidence: dict[str, Any]) -> dict[str, Any]:
    """Return the evidence of the second server."""
    answers = dict(evidence["answers"])
    own = json.loads(json.dumps(answers.pop(NODE)).replace(NODE, OTHER))
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
