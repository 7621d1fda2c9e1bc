"""Requests about accounts."""

from collections import Counter

from .call import Call, answer
from .entries import add_attributes, audit_fields, by_id, changes, selected, wanted
from .faults import invalid, missing
from .node import Node
from .store import Entry


def get_account(call: Call, request: Node) -> Node:
    """Give one account."""
    response = answer(request)
    account = _selected(call, request)
    add_account(call, response, account, request)
    return response


def get_account_info(call: Call, request: Node) -> Node:
    """Give an account's class of service and addresses of service."""
    account, response = _selected(call, request), answer(request)
    response.add("name", account.name)
    add_attributes(response, {"zimbraId": [account.id]})
    cos = call.mailboxd.directory.cos_of(account)
    if cos is not None:
        response.add("cos", name=cos.name, id=cos.id)
    return response


def _selected(call: Call, request: Node) -> Entry:
    element = request.child("account")
    if element is not None and (element.get("by") or "name") == "name":
        found = call.mailboxd.authenticator.administrator(element.value)
        if found is None:
            raise missing("account", element.value)
        return found
    return selected(call, request, "account")


def modify_account(call: Call, request: Node) -> Node:
    """Change an account and give it whole."""
    account, pairs = by_id(call, request, "account"), changes(request)
    fresh = call.mailboxd.directory.modify(account, pairs)
    call.audit("ModifyAccount", name=account.name, **audit_fields(pairs))
    response = answer(request)
    add_account(call, response, fresh, Node("", request.namespace))
    return response


def create_account(call: Call, request: Node) -> Node:
    """Create an account and give it whole."""
    name, password = request.get("name"), request.get("password") or ""
    if not name:
        raise invalid("missing required element: name")
    pairs = changes(request)
    account = call.mailboxd.directory.store.create_account(name, password, pairs)
    call.audit("CreateAccount", name=account.name, **audit_fields(pairs))
    response = answer(request)
    add_account(call, response, account, Node("", request.namespace))
    return response


def set_password(call: Call, request: Node) -> Node:
    """Set a password, which ends the account's sessions."""
    account = by_id(call, request, "account")
    password = request.get("newPassword")
    if password is None:
        raise invalid("missing required attribute: newPassword")
    call.mailboxd.directory.set_password(account, password)
    call.audit("SetPassword", name=account.name)
    return answer(request)


def get_all_admin_accounts(call: Call, request: Node) -> Node:
    """Give the administrators' accounts, live token ids included."""
    response = answer(request)
    for account in call.mailboxd.directory.store.admins():
        add_account(call, response, account, request)
    return response


def count_account(call: Call, request: Node) -> Node:
    """Count the accounts of a domain by class of service."""
    directory = call.mailboxd.directory
    domain = selected(call, request, "domain")
    counted: Counter[tuple[str, str]] = Counter()
    for account in directory.store.search("(objectClass=zimbraAccount)", domain.dn):
        cos = directory.cos_of(account)
        if cos is not None:
            counted[cos.name, cos.id] += 1
    response = answer(request)
    for (name, identity), number in sorted(counted.items()):
        response.add("cos", number, name=name, id=identity)
    return response


def add_account(call: Call, response: Node, account: Entry, request: Node) -> None:
    """Append an account, with or without what its class of service gives."""
    element = response.add("account", name=account.name, id=account.id)
    merged = request.flag("applyCos", default=True)
    values = call.mailboxd.directory.effective(account) if merged else account.attrs
    add_attributes(element, values, only=wanted(request))
