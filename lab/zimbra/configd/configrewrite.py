"""libexec/configrewrite: asks zmconfigd to rewrite sections now."""

import socket
import sys
from collections.abc import Sequence

from .local import local_values

LONGEST = 60


def main(names: Sequence[str]) -> int:
    """Send one REWRITE and return 0 when it was carried out."""
    port = int(local_values()["zmconfigd_listen_port"])
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=LONGEST) as line:
            line.sendall(f"REWRITE {' '.join(names)}\n".encode())
            reply = line.makefile().readline().strip()
    except OSError as problem:
        print(f"zmconfigd does not answer: {problem}", file=sys.stderr)
        return 1
    return 0 if reply.startswith("SUCCESS") else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
