"""libexec/postjournal: hands the session on to Postfix' reinjection port.

It keeps no journal; the way that the mail takes is the real one.
"""

import os
import select
import socket
import sys
from typing import Any

# Either is where zmconfigd lets Postfix listen, depending on zimbraIPMode.
REINJECTION = (("127.0.0.1", 10028), ("::1", 10028))
LONGEST = 300
CHUNK = 65536


def relay(given: int, answered: int, far: socket.socket) -> None:
    """Copy bytes both ways until one side is done."""
    watched: list[Any] = [given, far]
    while True:
        ready, _, _ = select.select(watched, [], [], LONGEST)
        if not ready:
            return
        if far in ready:
            chunk = far.recv(CHUNK)
            if not chunk:
                return
            _write(answered, chunk)
        if given in ready:
            chunk = os.read(given, CHUNK)
            if not chunk:
                return
            far.sendall(chunk)


def _write(answered: int, chunk: bytes) -> None:
    while chunk:
        chunk = chunk[os.write(answered, chunk) :]


def main() -> int:
    """Join standard input and output to the reinjection port."""
    for address in REINJECTION:
        try:
            with socket.create_connection(address, timeout=LONGEST) as far:
                relay(sys.stdin.fileno(), sys.stdout.fileno(), far)
        except ConnectionRefusedError:
            continue
        return 0
    sys.stdout.write("421 4.3.2 no reinjection port answers\r\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
