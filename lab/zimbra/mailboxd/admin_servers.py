"""Requests about servers."""

from .call import Call, answer
from .entries import add_attributes, audit_fields, by_id, changes, selected, wanted
from .node import Node
from .store import Entry


def get_all_servers(call: Call, request: Node) -> Node:
    """Give every server, or those that run a service."""
    response, service = answer(request), request.get("service")
    for server in call.mailboxd.directory.store.all("server"):
        enabled = server.attrs.get("zimbraServiceEnabled", [])
        if not service or service in enabled:
            _add(call, response, server, request)
    return response


def get_server(call: Call, request: Node) -> Node:
    """Give one server."""
    response = answer(request)
    _add(call, response, selected(call, request, "server"), request)
    return response


def modify_server(call: Call, request: Node) -> Node:
    """Change a server and give it whole."""
    server, pairs = by_id(call, request, "server"), changes(request)
    fresh = call.mailboxd.directory.modify(server, pairs)
    call.audit("ModifyServer", name=server.name, **audit_fields(pairs))
    response = answer(request)
    _add(call, response, fresh, Node("", request.namespace))
    return response


def _add(call: Call, response: Node, server: Entry, request: Node) -> None:
    element = response.add("server", name=server.name, id=server.id)
    merged = request.flag("applyConfig", default=True)
    values = call.mailboxd.directory.effective(server) if merged else server.attrs
    add_attributes(element, values, only=wanted(request))
