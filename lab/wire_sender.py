"""Sends frames that come as lines of hexadecimal digits; runs in a namespace."""

import socket
import sys
import time

BURST = 64


def main() -> None:
    """Send all frames, with a breath after each burst so that none is lost."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
        raw.bind(("eth0", 0))
        for number, line in enumerate(sys.stdin):
            raw.send(bytes.fromhex(line))
            if number % BURST == BURST - 1:
                time.sleep(0.002)
    time.sleep(0.05)


main()
