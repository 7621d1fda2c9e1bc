"""amavisd of the lab: takes mail from Postfix and gives it back, as configured.

It reads ports, forwarding and banned names from ``amavisd.conf``; scanning is
left to the real one.
"""

import itertools
import os
import re
import smtplib
import socketserver
import syslog
import time
from dataclasses import dataclass
from pathlib import Path

from .listeners import serve

CONFIGURATION = Path("/opt/zimbra/conf/amavisd.conf")
ORIGINATING = 10026
LONGEST = 60
GREETING = (
    "250-[127.0.0.1]\r\n250-PIPELINING\r\n250-8BITMIME\r\n"
    "250 XFORWARD NAME ADDR PORT PROTO HELO SOURCE"
)
_COUNTER = itertools.count(1)


@dataclass(frozen=True)
class Policy:
    """What the configuration file decides here."""

    address: str
    ports: tuple[int, ...]
    forward: int
    forward_originating: int
    banned: re.Pattern[str] | None
    discard_banned: bool


def policy(text: str) -> Policy:
    """Read the few settings that this stand-in obeys."""
    ports = re.search(r"\$inet_socket_port = \[([\d, ]+)\]", text)
    forwards = re.findall(r"forward_method\s*=>?\s*'smtp:\[[^\]]*\]:(\d+)'", text)
    names = re.search(r"(?m)^ *qr'(\.\\\.\([^)]*\)\$)'i", text)
    address = re.search(r"\$inet_socket_bind = '([^']+)'", text)
    return Policy(
        address=address[1] if address else "127.0.0.1",
        ports=tuple(int(one) for one in ports[1].split(",")) if ports else (10024,),
        forward=int(forwards[0]) if forwards else 10025,
        forward_originating=int(forwards[-1]) if forwards else 10025,
        banned=re.compile(names[1], re.IGNORECASE) if names else None,
        discard_banned="$final_banned_destiny = D_DISCARD" in text,
    )


def banned_names(content: bytes, pattern: re.Pattern[str] | None) -> list[str]:
    """Return the attachment names that the policy bans."""
    if pattern is None:
        return []
    found = re.findall(rb'(?i)\bname\s*=\s*"?([^"\r\n;]+)', content)
    names = [name.decode("utf-8", "replace").strip() for name in found]
    return [name for name in names if pattern.search(name)]


class _Conversation(socketserver.StreamRequestHandler):
    def setup(self) -> None:
        super().setup()
        self.sender = ""
        self.recipients: list[str] = []

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")

    def handle(self) -> None:
        self._say("220 [127.0.0.1] ESMTP amavisd-new service ready")
        while line := self.rfile.readline():
            word = line.split(b" ")[0].strip().upper()
            if word == b"QUIT":
                self._say("221 2.0.0 closing")
                return
            self._say(self._reply(word, line.decode("utf-8", "replace").strip()))

    def _reply(self, word: bytes, line: str) -> str:
        if word == b"EHLO":
            return GREETING
        if word == b"MAIL":
            self.sender, self.recipients = _path(line), []
        elif word == b"RCPT":
            self.recipients.append(_path(line))
        elif word == b"DATA":
            return self._pass_on()
        return "250 2.0.0 Ok"

    def _pass_on(self) -> str:
        self._say("354 End data with <CR><LF>.<CR><LF>")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        return forward(
            self.request.getsockname()[1],
            self.sender,
            self.recipients,
            b"".join(lines),
        )


def _path(line: str) -> str:
    found = re.search(r"<([^>]*)>", line)
    return found[1] if found else ""


def forward(port: int, sender: str, recipients: list[str], content: bytes) -> str:
    """Hand a message back to Postfix and return the reply to the sending side."""
    now = policy(CONFIGURATION.read_text())
    began, number = time.monotonic(), f"{os.getpid():05d}-{next(_COUNTER):02d}"
    direction = "RelayedInbound" if port != ORIGINATING else "RelayedOutbound"
    to = ",".join(f"<{one}>" for one in recipients)
    bad = banned_names(content, now.banned)
    if bad:
        _log(f"({number}) Blocked BANNED ({bad[0]}) {{Bounced}}, <{sender}> -> {to}")
        return f"554 5.7.0 Bounce, id={number} - BANNED: {bad[0]}"
    target = now.forward_originating if port == ORIGINATING else now.forward
    header = b"X-Virus-Scanned: amavisd-new at mail.example.test\r\n"
    try:
        with smtplib.SMTP(now.address, target, timeout=LONGEST) as line:
            line.sendmail(sender, recipients, header + content)
    except (OSError, smtplib.SMTPException) as problem:
        _log(f"({number}) (!)forwarding to port {target} failed: {problem}")
        return f"451 4.5.0 id={number} - forwarding failed"
    took = int((time.monotonic() - began) * 1000)
    _log(
        f"({number}) Passed CLEAN {{{direction}}}, <{sender}> -> {to}, "
        f"Hits: -, size: {len(content)}, {took} ms"
    )
    return f"250 2.0.0 from MTA(smtp:[{now.address}]:{target}): 250 2.0.0 Ok"


def _log(text: str) -> None:
    syslog.syslog(syslog.LOG_NOTICE, text)


def main() -> int:
    """Serve on the ports of the configuration."""
    syslog.openlog("amavis", syslog.LOG_PID, syslog.LOG_MAIL)
    now = policy(CONFIGURATION.read_text())
    _log("starting. lab stand-in at mail.example.test")
    serve([(now.address, port) for port in now.ports], _Conversation)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
