"""Knocks on a node from outside: connections, datagrams, protocols without ports.

It is run as a program; each argument is `source kind destination port count`. A line is
printed for each knock: what became of it.
"""

import socket
import sys

VRRP = 112
_PATIENCE = 5.0


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _tcp(source: str, destination: str, port: int) -> str:
    with socket.socket(_family(source), socket.SOCK_STREAM) as knock:
        knock.settimeout(_PATIENCE)
        knock.bind((source, 0))
        try:
            knock.connect((destination, port))
            return "answered" if knock.recv(1) else "closed"
        except ConnectionRefusedError:
            return "refused"
        except TimeoutError:
            return "silent"


def _udp(source: str, destination: str, port: int) -> str:
    with socket.socket(_family(source), socket.SOCK_DGRAM) as knock:
        knock.settimeout(_PATIENCE)
        knock.bind((source, 0))
        knock.connect((destination, port))
        knock.send(b"knock")
        try:
            return "answered" if knock.recv(100) else "closed"
        except ConnectionRefusedError:
            return "refused"
        except TimeoutError:
            return "silent"


def _raw(source: str, destination: str) -> str:
    with socket.socket(_family(source), socket.SOCK_RAW, VRRP) as knock:
        knock.bind((source, 0))
        knock.sendto(b"\x21\x01\x64\x01\x00\x01\x00\x00", (destination, 0))
    return "sent"


def knock(source: str, kind: str, destination: str, port: int) -> str:
    """Knock once and say what became of it."""
    if kind == "raw":
        return _raw(source, destination)
    return (_tcp if kind == "tcp" else _udp)(source, destination, port)


def main() -> None:
    """Do what the arguments say, in their order."""
    for argument in sys.argv[1:]:
        source, kind, destination, port, count = argument.split()
        for _ in range(int(count)):
            became = knock(source, kind, destination, int(port))
            sys.stdout.write(f"{source} {kind} {port} {became}\n")


if __name__ == "__main__":
    main()
