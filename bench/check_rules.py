"""Compares a file of iptables-save with a policy, as `firewall check` does."""

import sys
from pathlib import Path

from lab.policies import policies

from zmward.firewall.compare import compare
from zmward.firewall.iptables import parse

if __name__ == "__main__":
    rules = parse(Path(sys.argv[1]).read_text(), "ipv4")
    print(len(compare(policies()["plain"], rules, "eth0")))
