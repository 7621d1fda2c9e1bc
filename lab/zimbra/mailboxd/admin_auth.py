"""Administrators' login and logout over SOAP."""

from .authentication import Attempt
from .call import Call, answer, is_admin_account
from .faults import denied, invalid
from .login import login_answer
from .node import Node
from .store import Entry


def auth(call: Call, request: Node) -> Node:
    """Log an administrator in."""
    typed, account = _account(call, request)
    password = request.get("password")
    if password is None:
        raise invalid("missing required element: password")
    active = account and account.attrs.get("zimbraAccountStatus", ["active"])
    if account is None or active not in (["active"], ["lockout"]):
        raise denied("Error in Authentication")
    call.log.set("name", account.name)
    # The flag is looked at before the password.
    if not is_admin_account(account):
        raise denied("not an admin account")
    attempt = Attempt(typed, password, "soap")
    judged = call.mailboxd.authenticator.check(account, attempt, call.log)
    return login_answer(call, request, judged, admin=True)


def _account(call: Call, request: Node) -> tuple[str, Entry | None]:
    directory, named = call.mailboxd.directory, request.child("account")
    typed = (named.value if named is not None else request.get("name")) or ""
    if not typed:
        raise invalid("missing required element: name or account")
    if named is not None and named.get("by") == "id":
        return typed, directory.find("account", "id", typed)
    return typed, call.mailboxd.authenticator.administrator(typed)


def end_session(call: Call, request: Node) -> Node:
    """End the session and, when logging off, the token."""
    caller = call.need_caller()
    call.mailboxd.sessions.close(caller.id)
    if request.flag("logoff", default=False) and call.token is not None:
        call.mailboxd.registry.deregister(caller, call.token)
    call.session = None
    return answer(request)
