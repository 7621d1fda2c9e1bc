"""opendkim of the lab: speaks the milter protocol and lets every message pass."""

import os
import socketserver
import struct
import syslog

from .listeners import serve

ADDRESSES = (("127.0.0.1", 8465), ("::1", 8465))
PROTOCOL_VERSION = 6
# Commands that carry no reply: macros, abort, quit.
SILENT = {b"D", b"A", b"Q", b"K"}


def reply(command: bytes, body: bytes) -> bytes | None:
    """Return the answer to one packet, None where the protocol expects none."""
    if command == b"O":
        version = min(PROTOCOL_VERSION, struct.unpack("!I", body[:4])[0])
        return b"O" + struct.pack("!III", version, 0, 0)
    if command in SILENT:
        return None
    return b"a" if command == b"E" else b"c"


class _Conversation(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        while len(head := self.rfile.read(4)) == 4:  # noqa: PLR2004 -- a packet's size
            packet = self.rfile.read(struct.unpack("!I", head)[0])
            command, body = packet[:1], packet[1:]
            if command == b"Q":
                return
            answer = reply(command, body)
            if answer is not None:
                self.wfile.write(struct.pack("!I", len(answer)) + answer)


def main() -> int:
    """Serve on the loopback addresses that exist here."""
    syslog.openlog("opendkim", syslog.LOG_PID, syslog.LOG_MAIL)
    syslog.syslog(syslog.LOG_INFO, "OpenDKIM Filter v2.11.0 starting (lab)")
    usable = [one for one in ADDRESSES if ":" not in one[0] or _has_ipv6()]
    serve(usable, _Conversation)
    return 0


def _has_ipv6() -> bool:
    return os.path.exists("/proc/net/if_inet6")  # noqa: PTH110 -- one word to ask


if __name__ == "__main__":
    raise SystemExit(main())
