"""What mail servers and mail clients outside do; run with Python's own modules only.

Usage: cluster_probe.py COMMAND SERVER SOURCE ARGUMENT…; prints lines.
"""

import http.client
import imaplib
import poplib
import smtplib
import socket
import ssl
import sys

LONGEST = 20
ENVELOPE = (
    '<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"><soap:Body>'
    '<AuthRequest xmlns="urn:zimbraAccount"><account by="name">{}</account>'
    "<password>{}</password></AuthRequest></soap:Body></soap:Envelope>"
)


def _blind() -> ssl.SSLContext:
    return ssl._create_unverified_context()  # noqa: S323 -- the lab's own


def _connected(server: str, port: int, source: str) -> socket.socket:
    ends = (server, port), LONGEST, (source, 0)
    return socket.create_connection(*ends)


class _Imap(imaplib.IMAP4_SSL):
    def __init__(self, server: str, source: str) -> None:
        self._source = source
        super().__init__(server, 993, ssl_context=_blind(), timeout=LONGEST)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        del timeout
        return _blind().wrap_socket(_connected(self.host, self.port, self._source))


class _Pop(poplib.POP3_SSL):
    def __init__(self, server: str, source: str) -> None:
        self._from = source
        super().__init__(server, 995, context=_blind(), timeout=LONGEST)

    def _create_socket(self, timeout: float) -> socket.socket:
        del timeout
        return _blind().wrap_socket(_connected(self.host, self.port, self._from))


def deliver(server: str, source: str, recipient: str, subject: str) -> str:
    """Send one message as a foreign server does."""
    with smtplib.SMTP(server, 25, timeout=LONGEST, source_address=(source, 0)) as line:
        line.ehlo("client.example.test")
        text = f"Subject: {subject}\r\n\r\nprobe\r\n"
        line.sendmail("somebody@elsewhere.test", [recipient], text)
    return "accepted"


def submit(server: str, source: str, login: str, password: str) -> str:
    """Log in as a user does who sends mail."""
    with smtplib.SMTP(server, 587, timeout=LONGEST, source_address=(source, 0)) as line:
        line.starttls(context=_blind())
        line.login(login, password)
    return "in"


def imap(server: str, source: str, login: str, password: str) -> str:
    """Log in and return the subjects of all messages."""
    with _Imap(server, source) as line:
        line.login(login, password)
        count = int((line.select("INBOX")[1][0] or b"0").decode())
        found = line.fetch("1:*", "(RFC822)")[1] if count else []
    texts = [part[1].decode() for part in found if isinstance(part, tuple)]
    rows = [row for text in texts for row in text.splitlines()]
    return "\n".join(row for row in rows if row.startswith("Subject: "))


def pop(server: str, source: str, login: str, password: str) -> str:
    """Log in by POP3 over TLS."""
    line = _Pop(server, source)
    line.user(login)
    return line.pass_(password).decode()[:3]


def https(server: str, source: str, login: str, password: str) -> str:
    """Log in by SOAP, as the web client does."""
    host = f"[{server}]" if ":" in server else server
    line = http.client.HTTPSConnection(
        host, context=_blind(), timeout=LONGEST, source_address=(source, 0)
    )
    body = ENVELOPE.format(login, password)
    headers = {"Content-Type": "application/soap+xml", "Host": "webmail.example.test"}
    line.request("POST", "/service/soap/AuthRequest", body, headers)
    return "in" if b"<authToken>" in line.getresponse().read() else "refused"


if __name__ == "__main__":
    command, *words = sys.argv[1:]
    probes = (deliver, submit, imap, pop, https)
    sys.stdout.write(
        {probe.__name__: probe for probe in probes}[command](*words) + "\n"
    )
