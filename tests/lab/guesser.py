"""Many who guess passwords at once, each from an address of his own.

Runs in the namespace outside, with Python's own modules only. It reads a list of
[kind, port, address, forged address, times] as JSON and prints a line for each that
went wrong: a guess that was let in, or a server that did not answer. With `friend`
as the kind, the password stands in the place of a forged address and is right.
"""

import http.client
import json
import smtplib
import socket
import ssl
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

SERVERS = {False: "192.0.2.10", True: "2001:db8:0:1::10"}
# Nobody answers who is banned meanwhile.
LONGEST = 12
USER, ADMIN, WRONG = "user003@example.test", "admin@example.test", "wrong"
_SOAP = "http://www.w3.org/2003/05/soap-envelope"


def _blind() -> ssl.SSLContext:
    return ssl._create_unverified_context()  # noqa: S323 -- the lab's own


class Guess:
    """One guess at a time, from one address."""

    def __init__(self, port: int, address: str, forged: str) -> None:
        self.port, self.forged = port, forged
        self.server = SERVERS[":" in address]
        self.source = (address, 0)

    def _line(self) -> ssl.SSLSocket:
        bare = socket.create_connection((self.server, self.port), LONGEST, self.source)
        return _blind().wrap_socket(bare)

    def _talk(self, *words: str) -> str:
        """Send lines, one after each answer; return the last answer."""
        with self._line() as line, line.makefile("rb") as heard:
            said = heard.readline()
            for word in words:
                line.sendall(word.encode() + b"\r\n")
                said = heard.readline()
                while said.startswith(b"* "):
                    said = heard.readline()
        return said.decode("latin-1")

    def imap(self, user: str = USER) -> bool:
        identity = f'"NAME" "x;oip={self.forged};" "VERSION" "1] [oip={self.forged};"'
        if self.forged:
            identity += f' "X-ORIGINATING-IP" "{self.forged}" "X-VIA" "{self.forged}"'
        words = [f"a ID ({identity})"] if self.forged else []
        said = self._talk(*words, f"b LOGIN {user} {WRONG}")
        return said.startswith("b OK")

    def pop(self, user: str = USER) -> bool:
        words = [f"XOIP {self.forged}"] if self.forged else []
        return self._talk(*words, f"USER {user}", f"PASS {WRONG}").startswith("+OK")

    def _mail(self) -> smtplib.SMTP:
        """Return a connection that speaks TLS."""
        where = (self.server, self.port)
        if self.port == 465:
            return smtplib.SMTP_SSL(
                *where, timeout=LONGEST, source_address=self.source, context=_blind()
            )
        line = smtplib.SMTP(*where, timeout=LONGEST, source_address=self.source)
        line.starttls(context=_blind())
        return line

    def smtp(self) -> bool:
        """Three guesses in one connection."""
        name = "host.example.net"
        if self.forged:
            name = f"unknown[{self.forged}]: SASL LOGIN authentication failed: x"
        with self._mail() as line:
            user = f"{name}@example.test" if self.forged else USER
            line.ehlo("client.example.test")
            line.user, line.password = user, WRONG
            for _ in range(3):
                try:
                    line.auth("PLAIN", line.auth_plain)
                except smtplib.SMTPAuthenticationError:
                    continue
                return True
        return False

    def _soap(self, path: str, space: str, user: str, name: str) -> bool:
        headers = {"User-Agent": "zclient/10"}
        agent = ""
        if self.forged:
            ua = f"x;oip={self.forged};ip={self.forged}] [oip={self.forged};"
            agent = f'<userAgent name="{ua}" version="1"/>'
            headers = {
                "User-Agent": ua,
                "X-Forwarded-For": self.forged,
                "X-Real-IP": self.forged,
            }
        body = (
            f'<soap:Envelope xmlns:soap="{_SOAP}"><soap:Header>'
            f'<context xmlns="urn:zimbra">{agent}</context></soap:Header><soap:Body>'
            f'<AuthRequest xmlns="{space}">{name.format(user)}'
            f"<password>{WRONG}</password></AuthRequest></soap:Body></soap:Envelope>"
        )
        line = http.client.HTTPSConnection(
            self.server,
            self.port,
            timeout=LONGEST,
            source_address=self.source,
            context=_blind(),
        )
        line.request("POST", path, body, {"Host": "mail.example.test", **headers})
        return "<authToken>" in line.getresponse().read().decode()

    def soap(self, user: str = USER) -> bool:
        account = '<account by="name">{}</account>'
        return self._soap(
            "/service/soap/AuthRequest", "urn:zimbraAccount", user, account
        )

    def admin(self) -> bool:
        path = "/service/admin/soap/AuthRequest"
        return self._soap(path, "urn:zimbraAdmin", ADMIN, "<name>{}</name>")

    def nobody(self) -> bool:
        """Guess at an account that does not exist."""
        return self.soap("nobody@example.test")

    def noimap(self) -> bool:
        """Guess at it by IMAP; the name imitates nginx's words where one is forged."""
        name = "nobody@example.test"
        if self.forged:
            name = f'"no, client: {self.forged}:1, server: x"'
        return self.imap(name)

    def friend(self) -> bool:
        """Log in well, here with the password in the place of a forged address."""
        said = self._talk(f"b LOGIN {USER} {self.forged}")
        return not said.startswith("b OK")


def _attack(kind: str, port: int, address: str, forged: str, times: int) -> str:
    who = f"{kind} at {port} from {address}"
    guess = Guess(port, address, forged)
    once: Callable[[], bool] = getattr(guess, kind)
    for _ in range(times):
        try:
            if once():
                return f"{who}: not as it should be"
        except OSError as problem:
            return f"{who}: {problem}"
        except (smtplib.SMTPException, http.client.HTTPException) as problem:
            return f"{who}: {problem!r}"
    return ""


if __name__ == "__main__":
    attacks = json.load(sys.stdin)
    with ThreadPoolExecutor(len(attacks)) as pool:
        for said in pool.map(lambda one: _attack(*one), attacks):
            if said:
                sys.stdout.write(f"{said}\n")
