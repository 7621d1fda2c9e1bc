"""Administrators' login and logout over SOAP."""

from .authentication import Attempt
from .call import Call, answer, is_admin_account
from .clock import seconds
from .directory import first
from .entries import selected
from .faults import denied, invalid
from .login import login_answer
from .node import Node
from .store import Entry

# One hour, when nobody asks for another time.
_LENT = 3600


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


def delegate_auth(call: Call, request: Node) -> Node:
    """Lend an administrator a token that is good for one account."""
    account, lender = selected(call, request, "account"), call.need_caller()
    call.audit("DelegateAuth", accountId=account.id, accountName=account.name)
    mailboxd = call.mailboxd
    wanted = request.number("duration", _LENT)
    values = mailboxd.directory.effective(account)
    most = seconds(first(values, "zimbraAuthTokenLifetime"), _LENT)
    validity = int(first(account.attrs, "zimbraAuthTokenValidityValue", "-1"))
    text, token = mailboxd.mint.issue(
        account.id,
        min(wanted, most),
        admin=False,
        csrf=False,
        validity=validity,
        lender=lender.id,
    )
    mailboxd.registry.register(account, token)
    response = answer(request)
    response.add("authToken", text)
    # The answer says what was asked for, though the token may live shorter.
    response.add_plain("lifetime", wanted * 1000)
    return response


def end_session(call: Call, request: Node) -> Node:
    """End the session and, when logging off, the token."""
    caller = call.need_caller()
    call.mailboxd.sessions.close(caller.id)
    if request.flag("logoff", default=False) and call.token is not None:
        call.mailboxd.registry.deregister(caller, call.token)
    call.session = None
    return answer(request)
