"""SOAP 1.2, SOAP 1.1 and JSON envelopes, read and written."""

import json
import re
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

from .faults import Fault, parse_error
from .node import ZIMBRA, Node, Scalar

SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
JSON = "urn:zimbraSoap"
CONTENT_TYPES = {
    SOAP_12: "text/xml;charset=utf-8",
    SOAP_11: "text/xml;charset=utf-8",
    JSON: "text/javascript; charset=utf-8",
}
_PARTS = re.compile(r"^\{([^}]*)\}(.*)$", re.DOTALL)


@dataclass(frozen=True)
class Envelope:
    """A request: its protocol, its context and what it asks for."""

    protocol: str
    context: Node
    request: Node


def guess_protocol(body: bytes) -> str:
    """Tell in which notation to answer what cannot be parsed."""
    if body.lstrip()[:1] == b"{":
        return JSON
    return SOAP_11 if SOAP_11.encode() in body else SOAP_12


def read(body: bytes) -> Envelope:
    """Read an envelope in any of the three notations."""
    root = _from_json(body) if body.lstrip()[:1] == b"{" else _from_xml(body)
    if root.name != "Envelope" or root.namespace not in CONTENT_TYPES:
        raise parse_error("not a SOAP envelope")
    content = root.child("Body")
    if content is None or not content.children:
        raise parse_error("no SOAP body")
    header = root.child("Header")
    context = header.child("context") if header else None
    return Envelope(
        root.namespace, context or Node("context", ZIMBRA), content.children[0]
    )


def _from_xml(body: bytes) -> Node:
    # A DTD is refused before expat sees it, as Zimbra's parser does.
    if not body.strip() or b"<!DOCTYPE" in body:
        raise parse_error("invalid document")
    try:
        return _node(ET.fromstring(body))  # noqa: S314 - no DTD gets here
    except ET.ParseError as problem:
        raise parse_error(str(problem)) from problem


def _node(element: ET.Element) -> Node:
    parts = _PARTS.match(element.tag)
    namespace, name = parts.groups() if parts else ("", element.tag)
    attributes: dict[str, Scalar] = dict(element.attrib)
    children = [_node(child) for child in element]
    return Node(name, namespace, attributes, children, text=element.text or "")


def _from_json(body: bytes) -> Node:
    try:
        document = json.loads(body)
    except ValueError as problem:
        raise parse_error(str(problem)) from problem
    if not isinstance(document, dict):
        raise parse_error("not an object")
    root = Node("Envelope", JSON)
    for name in ("Header", "Body"):
        if isinstance(document.get(name), dict):
            root.children.append(_json_node(name, JSON, document[name]))
    return root


def _json_node(name: str, namespace: str, value: Any) -> Node:
    if not isinstance(value, dict):
        return Node(name, namespace, text="" if value is None else value)
    space = str(value.get("_jsns", namespace))
    node = Node(name, space, text=value.get("_content", ""))
    for key, inner in value.items():
        if key in {"_jsns", "_content"}:
            continue
        if key == "_attrs":
            node.children += _json_attributes(space, inner)
            continue
        for item in inner if isinstance(inner, list) else [inner]:
            node.children.append(_json_node(key, space, item))
    return node


def _json_attributes(namespace: str, pairs: dict[str, Any]) -> list[Node]:
    return [
        Node("a", namespace, {"n": name}, text=item)
        for name, inner in pairs.items()
        for item in (inner if isinstance(inner, list) else [inner])
    ]


def write(protocol: str, body: Node, context: Node | None) -> bytes:
    """Write an answer; a parse error has no header, so no context."""
    if protocol == JSON:
        return json.dumps(_json_envelope(body, context), ensure_ascii=False).encode()
    header = ""
    if context is not None:
        header = f"<soap:Header>{xml(context, '')}</soap:Header>"
    return (
        f'<soap:Envelope xmlns:soap="{protocol}">{header}'
        f"<soap:Body>{xml(body, '')}</soap:Body></soap:Envelope>"
    ).encode()


def xml(node: Node, scope: str) -> str:
    """Write an element, naming its namespace only where it changes."""
    name, inner = node.name, scope
    declared = ""
    if node.namespace in {SOAP_11, SOAP_12} and not _bare(node):
        name = f"soap:{name}"
    elif node.namespace not in {scope, SOAP_11, SOAP_12}:
        declared = f' xmlns="{node.namespace}"'
        inner = node.namespace
    attributes = "".join(
        f" {key}={quoteattr(value if isinstance(value, str) else _xml_scalar(value))}"
        for key, value in node.attributes.items()
    )
    content = escape(node.value) + "".join(xml(c, inner) for c in node.children)
    if not content:
        return f"<{name}{declared}{attributes}/>"
    return f"<{name}{declared}{attributes}>{content}</{name}>"


def _bare(node: Node) -> bool:
    # SOAP 1.1 faults carry unprefixed children.
    return node.namespace == SOAP_11 and node.name in {
        "faultcode",
        "faultstring",
        "detail",
    }


def _xml_scalar(value: Scalar) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)


def _json_envelope(body: Node, context: Node | None) -> dict[str, Any]:
    document: dict[str, Any] = {}
    if context is not None:
        document["Header"] = {"context": _json_value(context, "")}
    document["Body"] = {body.name: _json_value(body, JSON)}
    document["_jsns"] = JSON
    return document


def _json_value(node: Node, scope: str) -> dict[str, Any]:
    value: dict[str, Any] = dict(node.attributes)
    for child in node.children:
        if child.plain:
            value[child.name] = child.text
        elif child.single:
            value[child.name] = _json_value(child, node.namespace)
        else:
            shown = _json_value(child, node.namespace)
            value.setdefault(child.name, []).append(shown)
    if node.text != "":
        value["_content"] = node.text
    if node.namespace != scope:
        value["_jsns"] = node.namespace
    return value


def fault_node(protocol: str, fault: Fault, trace: str) -> Node:
    """Shape a fault for the protocol of the request."""
    if protocol == SOAP_11:
        return _fault_11(fault, trace)
    space = JSON if protocol == JSON else SOAP_12
    node = Node("Fault", space)
    code = Node("Code", space, single=True)
    code.add_plain("Value", "soap:Receiver" if fault.receiver else "soap:Sender")
    reason = Node("Reason", space, single=True)
    reason.add_plain("Text", fault.message)
    detail = Node("Detail", space, single=True)
    detail.children.append(_error(fault, trace))
    node.children += [code, reason, detail]
    return node


def _fault_11(fault: Fault, trace: str) -> Node:
    node = Node("Fault", SOAP_11)
    node.add_plain("faultcode", "soap:Server" if fault.receiver else "soap:Client")
    node.add_plain("faultstring", fault.message)
    node.add("detail").children.append(_error(fault, trace))
    return node


def _error(fault: Fault, trace: str) -> Node:
    error = Node("Error", ZIMBRA, single=True)
    error.add_plain("Code", fault.code)
    error.add_plain("Trace", trace)
    for name, kind, value in fault.arguments:
        error.add("a", value, t=kind, n=name)
    return error
