"""Requests about accounts."""

from collections import Counter

from .call import Call, answer
from .directory import first
from .entries import (
    add_attributes,
    audit_fields,
    by_id,
    changes,
    new_name,
    selected,
    wanted,
)
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
    name, password = new_name(request), request.get("password") or ""
    pairs = changes(request)
    account = call.mailboxd.directory.store.create_account(name, password, pairs)
    call.audit("CreateAccount", name=account.name, **audit_fields(pairs))
    response = answer(request)
    add_account(call, response, account, Node("", request.namespace))
    return response


def delete_account(call: Call, request: Node) -> Node:
    """Remove an account."""
    account = by_id(call, request, "account")
    call.mailboxd.directory.delete(account)
    call.audit("DeleteAccount", name=account.name, id=account.id)
    return answer(request)


def add_account_alias(call: Call, request: Node) -> Node:
    """Give an account another address."""
    account, alias = by_id(call, request, "account"), _alias(request)
    call.mailboxd.directory.store.add_alias(account, alias)
    call.mailboxd.directory.refresh(account)
    call.audit("AddAccountAlias", name=account.name, alias=alias)
    return answer(request)


def remove_account_alias(call: Call, request: Node) -> Node:
    """Take an address from an account."""
    account, alias = by_id(call, request, "account"), _alias(request)
    call.mailboxd.directory.store.remove_alias(account, alias)
    call.mailboxd.directory.flush("account", [account.id])
    call.audit("RemoveAccountAlias", name=account.name, alias=alias)
    return answer(request)


def _alias(request: Node) -> str:
    alias = request.get("alias")
    if not alias:
        raise invalid("missing required attribute: alias")
    return alias


def get_data_sources(call: Call, request: Node) -> Node:
    """Give an account's external accounts."""
    account, response = by_id(call, request, "account"), answer(request)
    for name, values in call.mailboxd.directory.store.data_sources(account):
        number = first(values, "zimbraDataSourceId")
        kind = first(values, "zimbraDataSourceType", "imap")
        element = response.add("dataSource", name=name, id=number, type=kind)
        add_attributes(element, values)
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


def get_all_accounts(call: Call, request: Node) -> Node:
    """Give every account, or those of one domain."""
    response, directory = answer(request), call.mailboxd.directory
    base = None
    if request.child("domain") is not None:
        base = selected(call, request, "domain").dn
    for account in directory.store.search("(objectClass=zimbraAccount)", base):
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
