"""What ufw would load from its files, as chains and rules: for one that is off too.

It is put together as ufw's own start does it, in its table `filter`: its chains, then
before.rules, after.rules and user.rules, then the policy. Programs of the site's own
(before.init and after.init) are not among its files.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from msgspec.structs import replace

from zmward.firewall import iptables
from zmward.firewall.loaded import joined
from zmward.firewall.openings import FAMILIES
from zmward.firewall.ranges import Family
from zmward.firewall.rules import Ruleset
from zmward.sources.firewallfiles import FirewallFiles
from zmward.sources.source import Unreadable

_SETTINGS: Final = "/etc/default/ufw"
_DIGITS: Final[Mapping[Family, str]] = {"ipv4": "", "ipv6": "6"}
# In this order a packet that comes in meets them.
_INPUT: Final = (
    *("before-logging-input", "before-input", "after-input"),
    *("after-logging-input", "reject-input", "track-input"),
)
_OTHERS: Final = (
    *("logging-deny", "logging-allow", "skip-to-policy-input"),
    *("skip-to-policy-output", "skip-to-policy-forward"),
    *("user-input", "user-output", "user-forward", "user-limit", "user-limit-accept"),
    *("user-logging-input", "user-logging-output", "user-logging-forward"),
)
_POLICIES: Final = {"accept": "ACCEPT", "drop": "DROP", "reject": "REJECT"}


class _Tables:
    """Tables while files are put into them; a chain that is declared again is empty."""

    def __init__(self) -> None:
        self._found: dict[str, dict[str, list[str]]] = {}
        self._policies: dict[str, str] = {}

    def declare(self, table: str, chain: str, policy: str = "-") -> None:
        """Make a chain, or empty it; what the kernel has itself keeps its rules."""
        chains = self._found.setdefault(table, {})
        if policy == "-" or chain not in chains:
            chains[chain] = []
        self._policies[f"{table} {chain}"] = policy

    def _rules(self, table: str, chain: str) -> list[str]:
        chains = self._found.get(table, {})
        if chain not in chains:
            raise Unreadable(f"there is no chain {chain[:60]!r} in {table}")
        return chains[chain]

    def add(self, table: str, chain: str, rule: str) -> None:
        """Put a rule behind those of a chain."""
        self._rules(table, chain).append(f"-A {chain} {rule}")

    def insert(self, table: str, chain: str, rule: str) -> None:
        """Put a rule before those of a chain, or at the place that it names."""
        number, _, rest = rule.partition(" ")
        place, text = (int(number), rest) if number.isdecimal() else (1, rule)
        rules = self._rules(table, chain)
        if not 0 < place <= len(rules) + 1:
            raise Unreadable(f"there is no place {place} in {chain[:60]}")
        rules.insert(place - 1, f"-A {chain} {text}")

    def text(self) -> str:
        """Return all of them as iptables-save would."""
        lines: list[str] = []
        for table, chains in self._found.items():
            lines.append(f"*{table}")
            lines += (f":{c} {self._policies[f'{table} {c}']} [0:0]" for c in chains)
            lines += (line for own in chains.values() for line in own)
            lines.append("COMMIT")
        return "\n".join(lines)


def _parts(text: str) -> tuple[str, str]:
    chain, _, rule = text.strip().partition(" ")
    return chain, rule.strip()


def _load(tables: _Tables, path: str, text: str) -> None:
    """Put a file for iptables-restore into the tables, as its --noflush does."""
    table = ""
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        kind, _, rest = line.partition(" ")
        try:
            if line.startswith("*"):
                table = line[1:]
            elif line == "COMMIT":
                table = ""
            elif line.startswith(":"):
                tables.declare(table, kind[1:], rest.partition(" ")[0])
            elif kind in ("-A", "--append"):
                tables.add(table, *_parts(rest))
            elif kind in ("-I", "--insert"):
                tables.insert(table, *_parts(rest))
            else:
                raise Unreadable(f"{line[:60]!r} is not understood")  # noqa: TRY301  # the line's number is told below
        except (Unreadable, ValueError) as error:
            raise Unreadable(f"{path}: line {number}: {error}") from error
    if table:
        raise Unreadable(f"{path}: the table {table[:40]} has no COMMIT")


def _file(files: FirewallFiles, path: str) -> str:
    found = files.files.get(path)
    if found is None:
        raise Unreadable(f"{path} was not seen")
    return found


def _policy(files: FirewallFiles) -> str:
    said = files.setting(_SETTINGS, "DEFAULT_INPUT_POLICY")
    if said not in _POLICIES:
        raise Unreadable(f"DEFAULT_INPUT_POLICY in {_SETTINGS} is not known: {said!r}")
    return _POLICIES[said]


def _frame(prefix: str, policy: str) -> Iterator[str]:
    """Yield the lines by which ufw begins: its chains, in the kernel's chain."""
    yield from ("*filter", f":INPUT {policy.replace('REJECT', 'DROP')} [0:0]")
    yield from (":FORWARD DROP [0:0]", ":OUTPUT ACCEPT [0:0]")
    ways = (n.replace("input", w) for n in _INPUT for w in ("input", "output"))
    forward = (name.replace("input", "forward") for name in _INPUT)
    for name in (*ways, *forward, *_OTHERS):
        yield f":{prefix}-{name} - [0:0]"
    yield from (f"-A INPUT -j {prefix}-{name}" for name in _INPUT)
    yield f"-A {prefix}-skip-to-policy-input -j {policy}"
    if policy == "REJECT":
        yield f"-A {prefix}-reject-input -j REJECT"
    if policy == "ACCEPT":
        for kind in ("tcp", "udp"):
            new = "-m conntrack --ctstate NEW -j ACCEPT"
            yield f"-A {prefix}-track-input -p {kind} {new}"
    yield "COMMIT"


def _without_ipv6() -> str:
    """Return what ufw loads where its settings leave IPv6 out: all is dropped."""
    return "*filter\n:INPUT DROP [0:0]\n-A INPUT -i lo -j ACCEPT\nCOMMIT\n"


def _text(files: FirewallFiles, family: Family) -> str:
    if family == "ipv6" and files.setting(_SETTINGS, "IPV6") != "yes":
        return _without_ipv6()
    digit = _DIGITS[family]
    prefix = f"ufw{digit}"
    tables = _Tables()
    _load(tables, "ufw's own chains", "\n".join(_frame(prefix, _policy(files))))
    for name in ("before", "after", "user"):
        path = f"/etc/ufw/{name}{digit}.rules"
        _load(tables, path, _file(files, path))
    chain = f"{prefix}-before-input"
    tables.add("filter", chain, f"-j {prefix}-user-input")
    return tables.text()


def would_load(files: FirewallFiles) -> Ruleset:
    """Return the rules of both families; Unreadable, with the reason, where not known.

    They stand as ufw would load them into an empty packet filter.
    """
    texts = ((_text(files, family), family) for family in FAMILIES)
    return _nameless(joined(iptables.parse(text, family) for text, family in texts))


def _nameless(found: Ruleset) -> Ruleset:
    """Take the numbers of lines away: nobody has a file that has them."""
    return Ruleset(
        {
            place: replace(
                chain,
                line=0,
                rules=tuple(replace(rule, line=0) for rule in chain.rules),
            )
            for place, chain in found.chains.items()
        }
    )
