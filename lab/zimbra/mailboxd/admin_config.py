"""Requests about the global configuration."""

from .call import Call, answer
from .entries import add_attributes, audit_fields, changes
from .faults import invalid
from .node import Node


def get_all_config(call: Call, request: Node) -> Node:
    """Give every attribute of the global configuration."""
    response = answer(request)
    add_attributes(response, call.mailboxd.directory.config().attrs)
    return response


def get_config(call: Call, request: Node) -> Node:
    """Give one attribute; an unknown or unset one gives nothing."""
    asked = request.child("a")
    if asked is None:
        raise invalid("missing required element: a")
    name = asked.get("n")
    if name is None:
        raise invalid("missing required attribute: n")
    response = answer(request)
    values = call.mailboxd.directory.config().attrs
    add_attributes(response, values, only={name.lower()})
    return response


def modify_config(call: Call, request: Node) -> Node:
    """Change the global configuration; the answer is empty."""
    pairs = changes(request)
    directory = call.mailboxd.directory
    if pairs:
        directory.modify(directory.config(), pairs)
        call.audit("ModifyConfig", **audit_fields(pairs))
    return answer(request)
