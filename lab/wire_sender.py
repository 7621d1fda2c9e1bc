"""Sends frames that come as lines: an interface, and hexadecimal digits."""

import socket
import sys
import time

BURST = 64


def main() -> None:
    """Send all frames, with a breath after each burst so that none is lost."""
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    for number, line in enumerate(sys.stdin):
        name, digits = line.split()
        raw.sendto(bytes.fromhex(digits), (name, 0))
        if number % BURST == BURST - 1:
            time.sleep(0.002)
    time.sleep(0.05)


main()
