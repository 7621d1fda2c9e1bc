"""libexec/postjournal: says that nothing is journalled, as one SMTP reply."""

import sys


def main() -> int:
    """Refuse the session: the lab archives nothing."""
    sys.stdout.write("421 4.3.2 journaling is not part of this server\r\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
