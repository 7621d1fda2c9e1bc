"""Requests about classes of service."""

from .call import Call, answer
from .entries import (
    add_attributes,
    audit_fields,
    by_id,
    changes,
    new_name,
    selected,
    wanted,
)
from .node import Node
from .store import Entry


def get_all_cos(call: Call, request: Node) -> Node:
    """Give every class of service."""
    response = answer(request)
    for cos in call.mailboxd.directory.store.all("cos"):
        _add(response, cos, frozenset())
    return response


def get_cos(call: Call, request: Node) -> Node:
    """Give one class of service."""
    response = answer(request)
    _add(response, selected(call, request, "cos"), wanted(request))
    return response


def modify_cos(call: Call, request: Node) -> Node:
    """Change a class of service, found by id only, and give it whole."""
    cos, pairs = by_id(call, request, "cos"), changes(request)
    fresh = call.mailboxd.directory.modify(cos, pairs)
    call.audit("ModifyCos", name=cos.name, **audit_fields(pairs))
    response = answer(request)
    _add(response, fresh, frozenset())
    return response


def create_cos(call: Call, request: Node) -> Node:
    """Create a class of service and give it whole."""
    name, pairs = new_name(request), changes(request)
    cos = call.mailboxd.directory.store.create_cos(name, pairs)
    call.audit("CreateCos", name=name, **audit_fields(pairs))
    response = answer(request)
    _add(response, cos, frozenset())
    return response


def delete_cos(call: Call, request: Node) -> Node:
    """Remove a class of service."""
    cos = by_id(call, request, "cos")
    call.mailboxd.directory.delete(cos)
    call.audit("DeleteCos", name=cos.name, id=cos.id)
    return answer(request)


def _add(response: Node, cos: Entry, only: frozenset[str]) -> None:
    element = response.add("cos", name=cos.name, id=cos.id)
    if cos.name == "default":
        element.attributes["isDefaultCos"] = True
    add_attributes(element, cos.attrs, only=only, mark_own=True)
