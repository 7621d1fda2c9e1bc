"""The control port: STATUS and REWRITE, one text line each, loopback only."""

import socketserver
from collections.abc import Callable, Iterable

LONGEST_LINE = 4096

Force = Callable[[Iterable[str]], bool]


def answer(line: str, force: Force) -> str:
    """Return the reply to one command."""
    word, *names = line.split() or [""]
    if word == "STATUS":
        return "SUCCESS ACTIVE"
    if word == "REWRITE":
        return "SUCCESS REWRITES COMPLETE" if force(names) else "ERROR REWRITES FAILED"
    return "ERROR UNKNOWN COMMAND"


class _Conversation(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server = self.server
        assert isinstance(server, Control)  # noqa: S101 -- the server made this object
        line = self.rfile.readline(LONGEST_LINE).decode("utf-8", "replace")
        self.wfile.write((answer(line, server.force) + "\n").encode())


class Control(socketserver.ThreadingTCPServer):
    """Listens for commands on the loopback address."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, address: tuple[str, int], force: Force) -> None:
        self.force = force
        super().__init__(address, _Conversation)
