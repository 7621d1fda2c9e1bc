"""How directory entries and their changes look in admin SOAP."""

import zlib
from collections.abc import Collection

from ..schema import canonical, find  # noqa: TID252 - the name differs in the node
from .call import Call
from .faults import Fault, invalid, missing
from .node import Node
from .store import Attributes, Entry

BLOCKED = frozenset({"userPassword", "zimbraSSLPrivateKey", "zimbraDataSourcePassword"})
MASKED = BLOCKED | {"zimbraPreAuthKey", "zimbraAuthTokenKey", "zimbraCsrfTokenKey"}


def add_attributes(
    element: Node,
    values: Attributes,
    *,
    only: Collection[str] = (),
    mark_own: bool = False,
) -> None:
    """Append ``a`` elements, in the arbitrary order of a hash table."""
    for name in sorted(values, key=lambda n: zlib.crc32(n.encode())):
        if only and name.lower() not in only:
            continue
        for value in values[name]:
            shown = element.add("a", _shown(name, value), n=name)
            if mark_own and not _reaches_accounts(name):
                shown.attributes["c"] = "1"


def _shown(name: str, value: str) -> str:
    return "VALUE-BLOCKED" if name in BLOCKED else value


def _reaches_accounts(name: str) -> bool:
    attribute = find(name)
    return attribute is not None and attribute.inherits("account")


def wanted(request: Node) -> frozenset[str]:
    """Read the attrs= filter; empty means everything."""
    names = (request.get("attrs") or "").split(",")
    return frozenset(name.strip().lower() for name in names if name.strip())


def changes(request: Node) -> list[tuple[str, str]]:
    """Read the ``a`` elements of a Modify request."""
    pairs = []
    for element in request.named("a"):
        name = element.get("n")
        if name is None:
            raise invalid("missing required attribute: n")
        pairs.append((name, element.value))
    return pairs


def audit_fields(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Give the changes as audit.log shows them, secrets masked."""
    return {
        name: "********" if canonical(name.lstrip("+-")) in MASKED else value
        for name, value in pairs
    }


def selected(call: Call, request: Node, kind: str) -> Entry:
    """Give the entry that a ``<kind by="…">`` child selects."""
    element = request.child(kind)
    if element is None:
        raise invalid(f"missing required element: {kind}")
    by = element.get("by") or "name"
    if by == "virtualHostname":
        found = call.mailboxd.directory.domain_of_host(element.value)
        if found is None:
            raise missing(kind, element.value)
        return found
    if by not in {"name", "id", "serviceHostname", "adminName"}:
        raise invalid(f"unknown value for by: {by}")
    place = "id" if by == "id" else "name"
    return named(call, kind, place, element.value)


def new_name(request: Node) -> str:
    """Read the name of what shall be created."""
    name = request.get("name")
    if not name:
        raise invalid("missing required element: name")
    return name


def by_id(call: Call, request: Node, kind: str) -> Entry:
    """Give the entry whose id the request names, in a child or an attribute."""
    identity = request.get("id")
    if identity is None:
        raise invalid("missing required attribute: id")
    return named(call, kind, "id", identity)


def named(call: Call, kind: str, by: str, key: str) -> Entry:
    """Give an entry, saying its kind where it is missing."""
    try:
        return call.mailboxd.directory.get(kind, by, key)
    except Fault as fault:
        if fault.code.startswith("account.NO_SUCH"):
            raise missing(kind, key) from fault
        raise
