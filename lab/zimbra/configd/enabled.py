"""Asks whether a service is enabled here: exit status 0 for yes, 1 for no."""

import sys
from collections.abc import Sequence

from .main import read


def main(argv: Sequence[str]) -> int:
    """Return 0 when one of the named services is enabled."""
    inputs = read()
    return 0 if any(inputs.enabled(service) for service in argv) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
