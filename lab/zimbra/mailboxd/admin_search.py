"""SearchDirectory with its paging: honest with a session, misleading without."""

from collections.abc import Sequence

from .admin_accounts import add_account
from .call import Call, answer
from .entries import add_attributes, named, wanted
from .faults import Fault
from .node import Node
from .store import Entry

# The word in types= beside the kind of entry and the element that shows it.
_TYPES = {
    "accounts": ("account", "account"),
    "resources": ("resource", "calresource"),
    "distributionlists": ("distributionlist", "dl"),
    "dynamicgroups": ("dynamicgroup", "dl"),
    "aliases": ("alias", "alias"),
    "domains": ("domain", "domain"),
    "coses": ("cos", "cos"),
}
_ELEMENTS = dict(_TYPES.values())


def search_directory(call: Call, request: Node) -> Node:
    """Give the entries that match, or a page of them."""
    found = _results(call, request)
    response = answer(request)
    if request.flag("countOnly", default=False):
        response.attributes["num"] = len(found)
        return response
    offset, limit = request.number("offset", 0), request.number("limit", 0)
    end = offset + limit if limit else len(found)
    total = len(found)
    # Without a session Zimbra reads no further than the page: no sign of more.
    if call.session is None:
        total = min(total, end)
    response.attributes["searchTotal"] = total
    response.attributes["more"] = end < total
    for entry in found[offset:end]:
        _add(call, response, entry, request)
    return response


def _results(call: Call, request: Node) -> Sequence[Entry]:
    names = ("query", "types", "domain", "sortBy", "sortAscending", "maxResults")
    key = tuple(request.get(name) or "" for name in names)
    session = call.session
    if session is None:
        return _search(call, request)
    if key not in session.searches or not request.number("offset", 0):
        session.searches[key] = _search(call, request)
    return session.searches[key]


def _search(call: Call, request: Node) -> Sequence[Entry]:
    store = call.mailboxd.directory.store
    kinds = [
        _TYPES[word.strip().lower()][0]
        for word in (request.get("types") or "accounts").split(",")
        if word.strip().lower() in _TYPES
    ]
    domain = request.get("domain")
    base = named(call, "domain", "name", domain).dn if domain else None
    query = (request.get("query") or "").strip()
    if query and not query.startswith("("):
        query = f"({query})"
    found = list(store.search(query or "(objectClass=*)", base, kinds))
    default = call.mailboxd.local.get("zimbra_directory_max_search_result", "5000")
    limit = request.number("maxResults", int(default))
    if limit and len(found) > limit:
        text = "number of results exceeded the limit: too many search results returned"
        raise Fault("account.TOO_MANY_SEARCH_RESULTS", text)
    order = request.get("sortBy") or "name"
    down = not request.flag("sortAscending", default=True)
    return sorted(found, key=lambda entry: _sort_key(entry, order), reverse=down)


def _sort_key(entry: Entry, order: str) -> tuple[str, str]:
    values = entry.attrs.get(order, [""])
    return (values[0].lower() if order != "name" else "", entry.name)


def _add(call: Call, response: Node, entry: Entry, request: Node) -> None:
    if entry.kind == "account":
        add_account(call, response, entry, request)
        return
    element = response.add(
        _ELEMENTS.get(entry.kind, entry.kind), name=entry.name, id=entry.id
    )
    merged = entry.kind == "domain" and request.flag("applyConfig", default=True)
    values = call.mailboxd.directory.effective(entry) if merged else entry.attrs
    add_attributes(element, values, only=wanted(request))
