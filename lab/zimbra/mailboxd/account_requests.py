"""The few requests that users make in urn:zimbraAccount."""

from .authentication import Attempt, Refusal
from .call import Call, answer
from .directory import first
from .faults import Fault, auth_failed, invalid
from .login import login_answer
from .node import Node
from .preauth import check_preauth
from .store import Entry


def auth(call: Call, request: Node) -> Node:
    """Log a user in by password or preauth."""
    named = request.child("account")
    if named is None or not named.value:
        raise invalid("missing required element: account")
    account = _account(call, named)
    typed = named.value
    if account is None:
        raise _unknown(call, typed)
    call.log.set("name", account.name)
    preauth = request.child("preauth")
    if preauth is not None:
        check_preauth(
            call.mailboxd,
            account,
            {
                "account": typed,
                "by": named.get("by") or "name",
                "expires": preauth.get("expires") or "0",
                "timestamp": preauth.get("timestamp") or "0",
            },
            preauth.value,
            call.log,
        )
        return login_answer(call, request, account, admin=False)
    attempt = Attempt(typed, request.get("password") or "", "soap")
    judged = call.mailboxd.authenticator.check(account, attempt, call.log)
    return login_answer(call, request, judged, admin=False)


def _account(call: Call, named: Node) -> Entry | None:
    if named.get("by") == "id":
        return call.mailboxd.directory.find("account", "id", named.value)
    return call.mailboxd.authenticator.account(named.value)


def _unknown(call: Call, typed: str) -> Fault:
    if call.mailboxd.local.get("zimbra_additional_logging", "false") == "true":
        reason = f"authentication failed for [{typed}]. Reason: account not found."
        text = f"Error occurred during authentication: {reason}"
        call.mailboxd.logs.audit(call.log, text, "WARN")
    if typed:
        return Refusal(typed, "account not found")
    return auth_failed(typed)


def get_info(call: Call, request: Node) -> Node:
    """Tell a user about his account."""
    caller = call.need_caller()
    response = answer(request)
    response.add_plain("version", first(call.mailboxd.started, "zimbraServerVersion"))
    response.add_plain("id", caller.id)
    response.add_plain("name", caller.name)
    if call.token is not None:
        response.add_plain("lifetime", call.mailboxd.mint.remaining(call.token))
    return response


def get_version_info(call: Call, request: Node) -> Node:
    """Tell the version, if the server exposes it to users."""
    if first(call.mailboxd.settings(), "zimbraSoapExposeVersion") != "TRUE":
        raise Fault(
            "service.PERM_DENIED", "permission denied: Version info is not available."
        )
    response = answer(request)
    response.add("info", version=first(call.mailboxd.started, "zimbraServerVersion"))
    return response


def end_session(call: Call, request: Node) -> Node:
    """End the session and, when logging off, the token."""
    caller = call.need_caller()
    call.mailboxd.sessions.close(caller.id)
    if request.flag("logoff", default=False) and call.token is not None:
        call.mailboxd.registry.deregister(caller, call.token)
    call.session = None
    return answer(request)
