"""Runs every comparison and prints what was promised beside what was measured."""

import sys

from bench import (
    accounts,
    audit,
    check,
    firewall,
    integrity,
    logs,
    repair,
    scan,
    scan_testssl,
    scan_tls,
    start,
)
from bench.measure import table

PARTS = {
    "start": start,
    "audit": audit,
    "accounts": accounts,
    "repair": repair,
    "check": check,
    "firewall": firewall,
    "scan": scan,
    "scan-tls": scan_tls,
    "scan-testssl": scan_testssl,
    "logs": logs,
    "integrity": integrity,
}


def main(names: list[str]) -> int:
    """Run the named parts, or all; exit code 1 where a promise was missed."""
    results = []
    if unknown := [name for name in names if name not in PARTS]:
        sys.exit(f"There is no {unknown[0]}; there are: {', '.join(PARTS)}.")
    for name in names or list(PARTS):
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        results += PARTS[name].measure()
    print(table(results))
    return 0 if all(result.kept for result in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
