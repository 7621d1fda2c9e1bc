"""Requests about domains."""

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


def get_all_domains(call: Call, request: Node) -> Node:
    """Give every domain."""
    response = answer(request)
    for domain in call.mailboxd.directory.store.all("domain"):
        _add(call, response, domain, request)
    return response


def get_domain(call: Call, request: Node) -> Node:
    """Give one domain."""
    response = answer(request)
    _add(call, response, selected(call, request, "domain"), request)
    return response


def modify_domain(call: Call, request: Node) -> Node:
    """Change a domain and give it whole."""
    domain, pairs = by_id(call, request, "domain"), changes(request)
    fresh = call.mailboxd.directory.modify(domain, pairs)
    call.audit("ModifyDomain", name=domain.name, **audit_fields(pairs))
    response = answer(request)
    _add(call, response, fresh, Node("", request.namespace))
    return response


def create_domain(call: Call, request: Node) -> Node:
    """Create a domain and give it whole."""
    name, pairs = new_name(request), changes(request)
    domain = call.mailboxd.directory.store.create_domain(name, pairs)
    call.audit("CreateDomain", name=name, **audit_fields(pairs))
    response = answer(request)
    _add(call, response, domain, Node("", request.namespace))
    return response


def delete_domain(call: Call, request: Node) -> Node:
    """Remove an empty domain."""
    domain = by_id(call, request, "domain")
    call.mailboxd.directory.delete(domain)
    call.audit("DeleteDomain", name=domain.name, id=domain.id)
    return answer(request)


def _add(call: Call, response: Node, domain: Entry, request: Node) -> None:
    element = response.add("domain", name=domain.name, id=domain.id)
    merged = request.flag("applyConfig", default=True)
    values = call.mailboxd.directory.effective(domain) if merged else domain.attrs
    add_attributes(element, values, only=wanted(request))
