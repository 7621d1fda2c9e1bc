"""Files for the verbs of the firewall: evidence of the sample server, and profiles."""

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

NODE = "mail.example.test"
OTHER = "mta1.example.test"
SITE = """\
[networks]
admins = ["192.0.2.64/26", "2001:db8:a::/48"]
clients = ["10.0.0.0/8", "2001:db8:c::/48"]
monitoring = ["10.9.0.1/32"]

[[firewall.allow]]
port = "7788-7799"
from = ["10.3.0.2/32"]
why = "storage"
"""
Answers = Mapping[str, str | None]


def recorded() -> dict[str, Any]:
    """Return the sample server's evidence as it is stored."""
    text = (files("zmward.demo") / "evidence.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return {**found, "when": "2026-11-21T12:00:00+00:00"}


def evidence(room: Path, answers: Answers | None = None, name: str = "e.json") -> str:
    """Write evidence in which some answers are others; None is one that is missing."""
    document = recorded()
    node = document["answers"][NODE]
    for source, text in (answers or {}).items():
        if text is None:
            node[source] = {"type": "missing", "reason": "it was not asked"}
        else:
            node[source] = {"type": "answer", "text": text}
    return written(room, document, name)


def written(room: Path, document: dict[str, Any], name: str = "e.json") -> str:
    """Write evidence, and return its file's name."""
    (room / name).write_text(json.dumps(document), "utf-8")
    return str(room / name)


def cluster(room: Path, resolved: Mapping[str, str]) -> str:
    """Write evidence of two servers; `resolved` is what each finds for all names."""
    document = recorded()
    answers = document["answers"]
    servers = answers["directory"]["ldap-servers"]
    one = servers["text"].strip("\n")
    servers["text"] = f"{one}\n\n{one.replace(NODE, OTHER)}\n"
    own = json.dumps(answers[NODE])
    answers[OTHER] = json.loads(own.replace(NODE, OTHER).replace("192.0.2.10", OTHERS))
    for host in (NODE, OTHER):
        answers[host]["resolved-names"] = {"type": "answer", "text": resolved[host]}
    return written(room, document, "cluster.json")


OTHERS = "192.0.2.11"


def site(room: Path, text: str = SITE) -> str:
    """Write a profile, and return its file's name."""
    (room / "site.toml").write_text(text, "utf-8")
    return str(room / "site.toml")


def rules(room: Path, text: str, name: str = "rules") -> str:
    """Write a file of rules, and return its name."""
    (room / name).write_text(text, "utf-8")
    return str(room / name)
