"""The route lookup that nginx's mail proxy asks before it passes a login on."""

import socket

from .core import Mailboxd
from .directory import first
from .http_protocol import Request, Response
from .logs import LogContext
from .origin import Origin
from .store import Attributes, Entry

_PORTS = {
    "imap": "zimbraImapBindPort",
    "imaps": "zimbraImapSSLBindPort",
    "imapssl": "zimbraImapSSLBindPort",
    "pop3": "zimbraPop3BindPort",
    "pop3s": "zimbraPop3SSLBindPort",
    "pop3ssl": "zimbraPop3SSLBindPort",
    "http": "zimbraMailPort",
    "https": "zimbraMailSSLPort",
}
WAIT_SECONDS = 10


def answer_lookup(
    mailboxd: Mailboxd, request: Request, _origin: Origin, log: LogContext
) -> Response:
    """Tell nginx the server and port of a user's mailbox."""
    headers = request.headers
    user = headers.get("auth-user", "")
    protocol = headers.get("auth-protocol", "imap").lower()
    client = headers.get("client-ip", "")
    if not user or protocol not in _PORTS:
        return _refused(f"missing header field Auth-User or bad protocol {protocol}")
    account = mailboxd.authenticator.account(user)
    if account is None:
        text = f"error in lookup: user not found:{user}"
        mailboxd.logs.mailbox(log, "nginxlookup", text)
        if mailboxd.local.get("zimbra_additional_logging", "false") == "true":
            error = f"account not found for [{user}]. oip={client}"
            text = f"Error occurred during authentication: {error}"
            mailboxd.logs.audit(log, text, "WARN")
        return _refused("user not found")
    if headers.get("auth-method", "").lower() == "gssapi":
        return _refused("no such mechanism")
    return _route(mailboxd, account, protocol)


def _route(mailboxd: Mailboxd, account: Entry, protocol: str) -> Response:
    directory = mailboxd.directory
    home = first(account.attrs, "zimbraMailHost", mailboxd.host)
    server = directory.find("server", "name", home)
    values = directory.effective(server) if server else mailboxd.settings()
    try:
        # auth_http wants an address, not a name.
        address = socket.gethostbyname(home)
    except OSError:
        return _refused(f"cannot resolve {home}")
    answered = [
        ("Auth-Status", "OK"),
        ("Auth-Server", address),
        ("Auth-Port", _port(values, protocol)),
        ("Auth-User", account.name),
    ]
    return Response(200, headers=answered)


def _port(values: Attributes, protocol: str) -> str:
    # The lab's relay beside nginx always speaks TLS to the mailbox.
    if protocol.startswith(("imap", "pop3")):
        protocol = protocol.removesuffix("ssl").removesuffix("s") + "s"
    return first(values, _PORTS[protocol], "0")


def _refused(reason: str) -> Response:
    headers = [
        ("Auth-Status", "Invalid login or password"),
        ("Auth-Wait", str(WAIT_SECONDS)),
        ("X-Reason", reason),
    ]
    return Response(200, headers=headers)
