"""Does for user zimbra what systemd lets only root do, to Zimbra's units alone.

On a real server the daemons are zimbra's own processes and need no such help.
"""

import subprocess
import sys

from .services import UNITS, VERBS

_LONGEST = 120
_LINE = 400


def main() -> int:
    """Answer one line, "VERB UNIT", on the socket that systemd hands over."""
    verb, _, unit = sys.stdin.readline(_LINE).strip().partition(" ")
    if verb not in VERBS or unit not in UNITS:
        print("refused")
        return 0
    done = subprocess.run(
        ["/usr/bin/systemctl", verb, unit],
        check=False,
        capture_output=True,
        text=True,
        timeout=_LONGEST,
    )
    print("ok" if done.returncode == 0 else f"failed {done.stderr.strip()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
