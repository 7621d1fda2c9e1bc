"""Listens on the ports that its argument names, in both families, until it is ended."""

import json
import selectors
import socket
import sys


def main(told: str) -> None:
    """Listen; take no connection in, and send each datagram back."""
    asked = json.loads(told)
    selector = selectors.DefaultSelector()
    for family, every in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
        for kind, ports in (
            (socket.SOCK_STREAM, asked["tcp"]),
            (socket.SOCK_DGRAM, asked["udp"]),
        ):
            for port in ports:
                wire = socket.socket(family, kind)
                wire.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    wire.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                wire.bind((every, port))
                if kind == socket.SOCK_STREAM:
                    wire.listen(1024)
                selector.register(wire, selectors.EVENT_READ, (wire, kind))
    print("ready", flush=True)
    while True:
        for key, _ in selector.select():
            wire, kind = key.data
            if kind == socket.SOCK_STREAM:
                wire.accept()[0].close()
            else:
                wire.sendto(*wire.recvfrom(4096))


if __name__ == "__main__":
    main(sys.argv[1])
