"""clamd of the lab: the commands that show who is listening, and a clean verdict."""

import re
import socket
import socketserver
import struct
from pathlib import Path

from .listeners import serve

CONFIGURATION = Path("/opt/zimbra/conf/clamd.conf")
VERSION = "ClamAV 1.0.7/27459/Tue Nov 19 09:38:00 2024"
# The test file that every scanner reports, so that a verdict can be seen to differ.
SIGNATURE = b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE"


def setting(text: str, name: str, fallback: str) -> str:
    """Return one setting of the configuration."""
    found = re.search(rf"(?m)^{name}\s+(\S+)", text)
    return found[1] if found else fallback


def verdict(content: bytes) -> str:
    """Return the scanner's line about streamed content."""
    found = SIGNATURE in content
    return "stream: Eicar-Test-Signature FOUND" if found else "stream: OK"


class _Conversation(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        first = self.rfile.read(1)
        end = b"\0" if first == b"z" else b"\n"
        line = b"" if first in (b"z", b"n") else first
        while (byte := self.rfile.read(1)) not in (b"", end):
            line += byte
        self.wfile.write(self._reply(line.strip()).encode() + end)

    def _reply(self, line: bytes) -> str:
        word = line.split(b" ")[0]
        if word == b"INSTREAM":
            return verdict(self._stream())
        if word in (b"SCAN", b"CONTSCAN"):
            return f"{line.partition(b' ')[2].decode('utf-8', 'replace')}: OK"
        replies = {b"PING": "PONG", b"VERSION": VERSION}
        return replies.get(word, "UNKNOWN COMMAND")

    def _stream(self) -> bytes:
        content = b""
        while size := struct.unpack("!I", self.rfile.read(4))[0]:
            content += self.rfile.read(size)
        return content


def main() -> int:
    """Serve where the configuration says."""
    text = CONFIGURATION.read_text()
    host = setting(text, "TCPAddr", "localhost")
    port = int(setting(text, "TCPSocket", "3310"))
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    serve(sorted({(str(row[4][0]), port) for row in found}), _Conversation)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
