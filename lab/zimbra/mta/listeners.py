"""Serving small conversations on TCP, one thread each."""

import socket
import socketserver
import threading
from collections.abc import Iterable


class _Four(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64


class _Six(_Four):
    address_family = socket.AF_INET6

    def server_bind(self) -> None:
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        super().server_bind()


def serve(
    addresses: Iterable[tuple[str, int]],
    conversation: type[socketserver.BaseRequestHandler],
) -> None:
    """Listen on every address and never return."""
    servers = [
        (_Six if ":" in host else _Four)((host, port), conversation)
        for host, port in addresses
    ]
    threads = [threading.Thread(target=one.serve_forever) for one in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
