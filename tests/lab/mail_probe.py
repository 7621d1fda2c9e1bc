"""What a mail client outside sees; run with Python's own modules only.

Usage: mail_probe.py COMMAND ARGUMENT…; prints one line.
"""

import http.client
import imaplib
import poplib
import smtplib
import socket
import ssl
import sys

SERVER = "192.0.2.10"
INTERNET = ("198.51.100.7", 0)
LONGEST = 30
MESSAGE = "Subject: probe\r\n\r\nprobe\r\n"


def _blind() -> ssl.SSLContext:
    return ssl._create_unverified_context()  # noqa: S323 -- the lab's own


def deliver(sender: str, recipient: str, attachment: str = "") -> str:
    """Send one message as a foreign server does."""
    with smtplib.SMTP(SERVER, 25, timeout=LONGEST, source_address=INTERNET) as line:
        line.ehlo("client.example.test")
        header = f'Content-Type: text/plain; name="{attachment}"\r\n'
        line.sendmail(sender, [recipient], header * bool(attachment) + MESSAGE)
    return "accepted"


def submit(port: str, login: str, password: str, sender: str) -> str:
    """Log in and send a message to oneself."""
    if port == "465":
        line: smtplib.SMTP = smtplib.SMTP_SSL(
            SERVER, 465, context=_blind(), timeout=LONGEST, source_address=INTERNET
        )
    else:
        line = smtplib.SMTP(SERVER, int(port), timeout=LONGEST, source_address=INTERNET)
        line.starttls(context=_blind())
    with line:
        line.login(login, password)
        line.sendmail(sender, [login], MESSAGE)
    return "accepted"


def offered(port: str) -> str:
    """Return the login mechanisms offered without TLS."""
    with smtplib.SMTP(
        SERVER, int(port), timeout=LONGEST, source_address=INTERNET
    ) as line:
        line.ehlo("client.example.test")
        return line.esmtp_features.get("auth", "none").strip()


def imaps(login: str, password: str) -> str:
    """Log in by IMAP over TLS."""
    with imaplib.IMAP4_SSL(SERVER, 993, ssl_context=_blind(), timeout=LONGEST) as line:
        return line.login(login, password)[0]


def pop3s(login: str, password: str) -> str:
    """Log in by POP3 over TLS."""
    line = poplib.POP3_SSL(SERVER, 995, context=_blind(), timeout=LONGEST)
    line.user(login)
    return line.pass_(password).decode()[:3]


def https(host: str) -> str:
    """Return the status of a request for a host."""
    line = http.client.HTTPSConnection(SERVER, context=_blind(), timeout=LONGEST)
    line.request("GET", "/", headers={"Host": host})
    return str(line.getresponse().status)


def reach(port: str) -> str:
    """Say whether a port can be connected to."""
    try:
        socket.create_connection((SERVER, int(port)), timeout=2).close()
    except OSError:
        return "closed"
    return "open"


if __name__ == "__main__":
    command, *words = sys.argv[1:]
    probes = (deliver, submit, offered, imaps, pop3s, https, reach)
    try:
        sys.stdout.write(
            {probe.__name__: probe for probe in probes}[command](*words) + "\n"
        )
    except (smtplib.SMTPException, imaplib.IMAP4.error, poplib.error_proto) as problem:
        sys.stdout.write(f"refused {problem}\n")
