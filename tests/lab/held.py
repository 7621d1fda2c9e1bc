"""Connections that stay open while rules are loaded, each in a process of its own.

What is typed is one line; the far end's answer comes back over the very connection.
"""

import selectors
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from lab.network import OUTSIDE
from lab.node import Lab

LONGEST = 30.0
# An LDAP search, a memcached question and an IMAP NOOP, again and again.
_LDAP = """
import ldap, sys
link = ldap.initialize(sys.argv[1])
link.set_option(ldap.OPT_NETWORK_TIMEOUT, 5)
link.simple_bind_s("", "")
print("ready", flush=True)
for line in sys.stdin:
    try:
        link.search_ext_s("", ldap.SCOPE_BASE, "(objectClass=*)", ["1.1"], timeout=5)
    except ldap.NO_SUCH_OBJECT:
        pass
    print("alive", flush=True)
"""
_MEMCACHED = """
import socket, sys
link = socket.create_connection((sys.argv[1], 11211), 5).makefile("rwb")
print("ready", flush=True)
for line in sys.stdin:
    link.write(b"version\\r\\n")
    link.flush()
    print("alive" if link.readline().startswith(b"VERSION") else "lost", flush=True)
"""
_IMAP = """
import imaplib, ssl, sys
link = imaplib.IMAP4_SSL(
    sys.argv[1], 993, ssl_context=ssl._create_unverified_context(), timeout=5
)
link.login(*sys.argv[2:])
print("ready", flush=True)
for line in sys.stdin:
    print("alive" if link.noop()[0] == "OK" else "lost", flush=True)
"""


@dataclass(frozen=True)
class Held:
    """One open connection; `what` says whose and to which port."""

    what: str
    process: subprocess.Popen[str]

    def answer(self, within: float = LONGEST) -> str:
        """Use the connection, and return `alive`, or why it is not."""
        if self.process.stdin is None or self.process.poll() is not None:
            return "ended"
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.line(within)

    def line(self, within: float = LONGEST) -> str:
        """Return the next line, or that none came."""
        found = self.process.stdout
        with selectors.DefaultSelector() as ready:
            ready.register(found, selectors.EVENT_READ)  # type: ignore[arg-type]  # a pipe
            if not ready.select(timeout=within):
                return f"no answer in {within:.0f} s"
        return _read(found).strip() or "ended"

    def end(self) -> None:
        """Close the connection."""
        self.process.kill()
        self.process.communicate()


def _read(stream: IO[str] | None) -> str:
    return stream.readline() if stream is not None else ""


def _held(lab: Lab, node: str, what: str, argv: Sequence[str]) -> Held:
    process = subprocess.Popen(
        lab.argv(node, argv),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        bufsize=1,
    )
    held = Held(what, process)
    said = held.line()
    if said != "ready":
        held.end()
        raise AssertionError(f"{what}: {said}")
    return held


def ldap(lab: Lab, node: str, host: str) -> Held:
    """Hold a connection of a node to a directory server."""
    argv = ["python3", "-c", _LDAP, f"ldap://{host}:389"]
    return _held(lab, node, f"LDAP from {node}", argv)


def memcached(lab: Lab, node: str, host: str) -> Held:
    """Hold a connection of a node to memcached."""
    argv = ["python3", "-c", _MEMCACHED, host]
    return _held(lab, node, f"memcached from {node}", argv)


def imap(lab: Lab, address: str, login: str, password: str) -> Held:
    """Hold a user's session from outside, through the proxy into the mailbox."""
    argv = [sys.executable, "-c", _IMAP, address, login, password]
    return _held(lab, OUTSIDE, "IMAP through the proxy", argv)


def ssh(lab: Lab, node: str) -> Held:
    """Hold an administrator's session."""
    script = "echo ready; while read -r line; do echo alive; done"
    options = ["-o", "ControlMaster=no", "-o", "ControlPath=none"]
    argv = ["/usr/bin/ssh", "-F", str(lab.ssh_config), *options, node, script]
    return _held(lab, OUTSIDE, f"ssh to {node}", argv)
