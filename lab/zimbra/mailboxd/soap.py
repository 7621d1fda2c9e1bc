"""The SOAP engine: authenticate the caller, run the request, answer or fault."""

import secrets
import time

from . import dispatch
from .authentication import Refusal
from .call import Call
from .core import Mailboxd
from .directory import first
from .envelope import (
    CONTENT_TYPES,
    Envelope,
    fault_node,
    guess_protocol,
    read,
    write,
)
from .faults import Fault, auth_required, denied
from .http_protocol import Request, Response
from .logs import LogContext
from .node import ADMIN, ZIMBRA, Node
from .origin import ALWAYS_TRUSTED, Origin

ADMIN_COOKIE = "ZM_ADMIN_AUTH_TOKEN"
USER_COOKIE = "ZM_AUTH_TOKEN"
_WITHOUT_RIGHTS = frozenset(
    {"NoOpRequest", "EndSessionRequest", "GetVersionInfoRequest", "AuthRequest"}
)


def answer_soap(
    mailboxd: Mailboxd,
    request: Request,
    origin: Origin,
    log: LogContext,
    *,
    admin_here: bool,
) -> Response:
    """Answer one SOAP message."""
    log.set("soapId", secrets.token_hex(4))
    try:
        envelope = read(request.body)
    except Fault as fault:
        protocol = guess_protocol(request.body)
        body = fault_node(protocol, fault, _trace(mailboxd, log))
        content = write(protocol, body, None)
        return Response(500, content, CONTENT_TYPES[protocol])
    call = Call(mailboxd, request, origin, envelope.context, log)
    _log_client(call)
    body = _run(call, envelope, admin_here=admin_here)
    if call.failed_login:
        _count_failure(call)
    content = write(_protocol(envelope), body, _context(call))
    status = 500 if body.name == "Fault" else 200
    kind = CONTENT_TYPES[_protocol(envelope)]
    return Response(status, content, kind, call.headers)


def _protocol(envelope: Envelope) -> str:
    wanted = envelope.context.child("format")
    kinds = {"js": "urn:zimbraSoap", "xml": envelope.protocol}
    if wanted is None:
        return envelope.protocol
    return kinds.get(str(wanted.attributes.get("type")), envelope.protocol)


def _run(call: Call, envelope: Envelope, *, admin_here: bool) -> Node:
    request = envelope.request
    if request.namespace == ZIMBRA and request.name == "BatchRequest":
        return _batch(call, envelope, admin_here=admin_here)
    return _single(call, envelope.protocol, request, admin_here=admin_here)


def _batch(call: Call, envelope: Envelope, *, admin_here: bool) -> Node:
    response = Node("BatchResponse", ZIMBRA)
    stop = envelope.request.get("onerror") == "stop"
    for request in envelope.request.children:
        body = _single(call, envelope.protocol, request, admin_here=admin_here)
        response.children.append(body)
        if stop and body.name == "Fault":
            break
    return response


def _single(call: Call, protocol: str, request: Node, *, admin_here: bool) -> Node:
    started = time.monotonic()
    try:
        body = _perform(call, request, admin_here=admin_here)
    except Fault as fault:
        _log_fault(call, fault)
        call.failed_login = call.failed_login or fault.code == "account.AUTH_FAILED"
        body = fault_node(protocol, fault, _trace(call.mailboxd, call.log))
    elapsed = int((time.monotonic() - started) * 1000)
    call.mailboxd.logs.mailbox(call.log, "soap", f"{request.name} elapsed={elapsed}")
    if "requestId" in request.attributes:
        body.attributes["requestId"] = request.attributes["requestId"]
    return body


def _perform(call: Call, request: Node, *, admin_here: bool) -> Node:
    function = dispatch.find(request, admin_service_here=admin_here)
    if not _is_open(call, request):
        identify(call, request)
    return function(call, request)


def _is_open(call: Call, request: Node) -> bool:
    at_home = call.origin.address in ALWAYS_TRUSTED
    return request.name in dispatch.OPEN_REQUESTS or (
        at_home and request.name in dispatch.OPEN_AT_HOME
    )


def identify(call: Call, request: Node) -> None:
    """Find the caller by his token, as the request's namespace demands."""
    if call.caller is None:
        text = call.context.get("authToken") or _cookie(call, request)
        if not text:
            raise auth_required()
        call.token = call.mailboxd.mint.read(text)
        call.caller = call.mailboxd.registry.owner(call.token)
        call.log.set("name", call.caller.name)
        call.open_session(call.caller, admin=call.is_admin)
    if request.namespace == ADMIN and not call.is_admin:
        raise denied("need adminAccount")
    # The lab knows no rights: a delegated administrator holds none.
    if request.namespace == ADMIN and request.name not in _WITHOUT_RIGHTS:
        call.need_global_admin()
    _check_csrf(call)


def _cookie(call: Call, request: Node) -> str | None:
    name = ADMIN_COOKIE if request.namespace == ADMIN else USER_COOKIE
    return call.http.cookies.get(name)


def _check_csrf(call: Call) -> None:
    token = call.token
    config = call.mailboxd.directory.config().attrs
    if token is None or not token.csrf:
        return
    if first(config, "zimbraCsrfTokenCheckEnabled") == "FALSE":
        return
    sent = call.http.headers.get("x-zimbra-csrf-token")
    sent = sent or call.context.get("csrfToken")
    if sent != call.mailboxd.mint.csrf_token(token):
        raise auth_required()


def _context(call: Call) -> Node:
    context = Node("context", ZIMBRA)
    if call.session is not None:
        number = call.session.number
        shown: dict[str, str | int | bool] = {"id": number}
        if call.session.admin:
            shown["type"] = "admin"
        context.children.append(
            Node("session", ZIMBRA, shown, text=number, single=True)
        )
    return context


def _log_client(call: Call) -> None:
    agent = call.context.child("userAgent")
    if agent is not None:
        version = agent.get("version")
        name = agent.get("name") or ""
        call.log.set("ua", f"{name}/{version}" if version else name)
    else:
        call.log.set("ua", call.http.headers.get("user-agent"))
    via = call.context.child("via")
    call.log.set("via", via.value if via is not None else None)
    # The id of the request comes last, as in Zimbra's own lines.
    identity = call.log.pairs.pop("soapId", "")
    call.log.set("soapId", identity)


def _log_fault(call: Call, fault: Fault) -> None:
    logs = call.mailboxd.logs
    if isinstance(fault, Refusal):
        text = f"authentication failed for [{fault.typed}], {fault.reason}"
        logs.mailbox(call.log, "SoapEngine", f"handler exception: {text}")
    elif "not an admin account" in fault.message:
        trace = f"com.zimbra.common.service.ServiceException: {fault.message}"
        number = _trace(call.mailboxd, call.log)
        text = f"handler exception\n{trace}\nExceptionId:{number}"
        logs.mailbox(call.log, "SoapEngine", text, "WARN")
    else:
        logs.mailbox(call.log, "SoapEngine", f"handler exception: {fault.message}")


def _count_failure(call: Call) -> None:
    mailboxd = call.mailboxd
    banned = mailboxd.logins.failed(call.origin.address, mailboxd.settings())
    if banned:
        text = f"Access from IP {banned} suspended, for repeated failed login."
        mailboxd.logs.mailbox(call.log, "misc", text)


def _trace(mailboxd: Mailboxd, log: LogContext) -> str:
    moment = int(mailboxd.clock() * 1000)
    return f"{log.thread.partition(':')[0]}:{moment}:{secrets.token_hex(8)}"
