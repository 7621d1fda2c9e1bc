"""A plan as JSON: the schema `zmward.plan/1` of docs/reference/json.md."""

from hashlib import sha256
from typing import Any

import msgspec

from zmward.change import SECRET, SetAttr, SetLocalConfig
from zmward.plan import SCHEMA, Plan, Step

_STEP = tuple(name for name in Step.__struct_fields__ if name != "change")


def row(step: Step) -> dict[str, Any]:
    """Return one change with all that is known of it, in the contract's order."""
    change: dict[str, Any] = msgspec.to_builtins(step.change)
    for side in ("before", "after"):
        shown = change.get(side)
        if isinstance(shown, dict) and shown.get("secret"):
            shown["text"] = SECRET
    known: dict[str, Any] = msgspec.to_builtins(step)
    inverse = step.change.inverse()
    return {
        "kind": change["kind"],
        "id": step.id,
        "controls": known["controls"],
        "target": step.change.target,
        **change,
        "commands": msgspec.to_builtins(step.change.commands()),
        "undo": [] if inverse is None else msgspec.to_builtins(inverse.commands()),
        **{name: known[name] for name in _STEP},
    }


def document(plan: Plan) -> dict[str, Any]:
    """Return the plan as plain values, and the hash that an edit by hand betrays."""
    found = _values(plan)
    return {**found, "digest": sha256(msgspec.json.encode(found)).hexdigest()}


def _values(plan: Plan) -> dict[str, Any]:
    known: dict[str, Any] = msgspec.to_builtins(plan)
    return {
        "schema": SCHEMA,
        "host": plan.host.name,
        "machine": plan.host.machine,
        "version": plan.host.zimbra,
        "when": plan.when,
        "zmward": plan.zmward,
        "hosts_seen": known["hosts_seen"],
        "hosts_missing": known["hosts_missing"],
        "profile_hash": plan.profile_hash,
        "evidence_hash": plan.evidence_hash,
        "changes": [row(step) for step in plan.steps],
        "reloads": known["reloads"],
        "left": known["left"],
        "signs": known["signs"],
        "foreseen": known["foreseen"],
    }


def render(plan: Plan) -> str:
    """Return the plan as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(document(plan))).decode() + "\n"


def attribute(step: Step) -> str:
    """Return the attribute or key that a step sets, or what else it changes."""
    if isinstance(step.change, SetAttr):
        return step.change.attribute
    if isinstance(step.change, SetLocalConfig):
        return step.change.key
    return " ".join(step.change.place[2:])
