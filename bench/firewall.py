"""100,000 bans: what they cost each new packet, to load and to check.

New connections come from sources that are not banned and end in the last rule, which
drops them: the shortest way through a kernel, on which a slow rule shows most. One
processor only sends, the other only receives and is sent more than it can take, so
that what is counted at the last rule is what the rules let through in that time.
"""

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lab.aimed import HERE
from lab.frames import frame
from lab.policies import policies
from lab.wire import Wire, wire

from bench.measure import Result, medians, seconds
from zmward.firewall.openings import Policy, Sources
from zmward.firewall.packet import TCP, Packet
from zmward.firewall.ranges import address, network, ranges
from zmward.firewall.render_iptables import iptables
from zmward.firewall.render_nftables import nftables

BANS, PAIRS, LOADS = 100_000, 9, 3
FRAMES = 65_536
SPAN, TURNS = 0.1, 15
SLOWER, LONGEST = 0.10, 3.0
RULES = 50_000
_SINGLE = 0.3
_SENDER, _RECEIVER = 0, 1
_SOFTIRQ = 7
_BANNED, _UNLISTED = network("100.64.0.0/10")[1], network("172.16.0.0/12")[1]


def _bans() -> tuple[int, ...]:
    dice = random.Random(5)  # noqa: S311  # the same in every run
    return tuple(sorted(dice.sample(range(*_BANNED), BANS)))


def _frames(
    path: Path, span: tuple[int, int], chosen: tuple[int, ...] | None = None
) -> int:
    """Write first packets of connections to a closed port; return their size."""
    dice = random.Random(7)  # noqa: S311  # the same in every run
    made = []
    for number in range(FRAMES):
        packet = Packet(
            *("ipv4", dice.choice(chosen) if chosen else dice.randint(*span)),
            *(HERE["ipv4"], TCP),
            dice.randint(1024, 65535),
            9,
            entry="eth0",
        )
        made.append(frame(packet, number))
    path.write_bytes(b"".join(made))
    return len(made[0])


@dataclass(frozen=True)
class _Line:
    """A server with rules, who floods it, and what its last rule has counted."""

    link: Wire
    flooder: subprocess.Popen[str]
    counted: Callable[[], int]

    def flood(self, span: float) -> tuple[int, float]:
        """Send as fast as can be; return how many packets went out in what time."""
        if self.flooder.stdin is None or self.flooder.stdout is None:
            raise RuntimeError("the flooder has no pipes")
        self.flooder.stdin.write(f"{span}\n")
        self.flooder.stdin.flush()
        sent, taken = self.flooder.stdout.readline().split()
        return int(sent), float(taken)


def _worked() -> float:
    """Return for how many seconds the receiving processor has taken packets."""
    lines = Path("/proc/stat").read_text().splitlines()
    words = next(line for line in lines if line.startswith(f"cpu{_RECEIVER} ")).split()
    return int(words[_SOFTIRQ]) / os.sysconf("SC_CLK_TCK")


_Lines = dict[str, _Line]


@contextmanager
def _flooder(link: Wire, path: Path, size: int) -> Iterator[subprocess.Popen[str]]:
    """Give a process that sends on demand from the other end of a wire."""
    argv = ["ip", "netns", "exec", link.sender, sys.executable, "-m", "bench.flood"]
    argv += [str(path), str(size), str(_SENDER)]
    pipe = subprocess.PIPE
    root = Path(__file__).parents[1]
    process = subprocess.Popen(argv, stdin=pipe, stdout=pipe, text=True, cwd=root)
    try:
        yield process
    finally:
        process.communicate()


def _rates_of(lines: Sequence[_Line]) -> tuple[float, ...]:
    """Return how many packets come to each last rule in a second of work on them.

    All are flooded in turns, so that what else the machine does is shared. The
    receiver's processor may have other work besides: only the time in which it takes
    packets counts, as the kernel tells it.
    """
    counted = [one.counted() for one in lines]
    worked = [0.0 for _ in lines]
    for _ in range(TURNS):
        for number, one in enumerate(lines):
            before = _worked()
            one.flood(SPAN)
            worked[number] += _worked() - before
    return tuple(
        (one.counted() - before) / taken
        for one, before, taken in zip(lines, counted, worked, strict=True)
    )


def _ours(link: Wire) -> int:
    """Return the counter of our last rule: what came by it was let in by none."""
    told = json.loads(
        link.inside("nft", "-j", "list", "chain", "inet", "zmward", "input")
    )
    rules = [row["rule"] for row in told["nftables"] if "rule" in row]
    return int(_packets(rules[-1]))


def _packets(rule: dict[str, list[dict[str, dict[str, int]]]]) -> int:
    return next(s["counter"]["packets"] for s in rule["expr"] if "counter" in s)


def _banned(link: Wire) -> int:
    """Return the counter of the rule that asks the set of bans."""
    told = json.loads(
        link.inside("nft", "-j", "list", "chain", "inet", "zmward", "input")
    )
    rules = [row["rule"] for row in told["nftables"] if "rule" in row]
    return next(_packets(rule) for rule in rules if '"@bans4"' in json.dumps(rule))


def _linear(link: Wire) -> int:
    told = link.inside("iptables-legacy", "-vxnL", "LAST")
    return int(told.splitlines()[-1].split()[0])


def _linear_text(bans: tuple[int, ...]) -> str:
    """Return one rule for each ban, as the guides make them."""
    return "\n".join(
        (
            *("*filter", ":INPUT ACCEPT [0:0]", ":LAST - [0:0]"),
            "-A INPUT -i lo -j ACCEPT",
            "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
            *(f"-A INPUT -s {address(n, 'ipv4')}/32 -j DROP" for n in bans),
            "-A INPUT -p tcp -m multiport --dports 22,25,80,443,587,993 -j ACCEPT",
            *("-A INPUT -j LAST", "-A LAST -j DROP", "COMMIT", ""),
        )
    )


def _receiving(link: Wire) -> None:
    """Let one processor do all the work on packets that come in."""
    path = "/sys/class/net/eth0/queues/rx-0/rps_cpus"
    link.inside("sh", "-c", f"echo {1 << _RECEIVER:x} > {path}")


def _load(link: Wire, argv: list[str], path: Path) -> float:
    return seconds(["ip", "netns", "exec", link.server, *argv, str(path)])


_WAYS = {
    "without": (["nft", "-f"], _ours),
    "with": (["nft", "-f"], _ours),
    "linear": (["iptables-legacy-restore"], _linear),
}


def _text(name: str, policy: Policy, bans: tuple[int, ...]) -> str:
    if name == "linear":
        return _linear_text(bans)
    listed = Sources(ranges((n, n) for n in bans)) if name == "with" else None
    return nftables(policy, listed)


@contextmanager
def _lines(place: Path, policy: Policy, bans: tuple[int, ...]) -> Iterator[_Lines]:
    """Give a server for each rule set, all loaded, and one that floods each."""
    size = _frames(place / "unlisted", _UNLISTED)
    with ExitStack() as stack:
        shown: _Lines = {}
        for name, (argv, counted) in _WAYS.items():
            link = stack.enter_context(wire())
            _receiving(link)
            (place / name).write_text(_text(name, policy, bans))
            _load(link, argv, place / name)
            flooder = stack.enter_context(_flooder(link, place / "unlisted", size))
            shown[name] = _Line(link, flooder, partial(counted, link))
        yield shown


def _show_all_traverse(line: _Line, place: Path) -> None:
    """Fail unless all that is sent comes to the last rule, or is caught by the bans."""
    before = line.counted()
    sent, _ = line.flood(SPAN)
    if line.counted() - before != sent:
        raise RuntimeError("some packets never came to the last rule")
    size = _frames(place / "banned", _BANNED, _bans())
    before = _banned(line.link)
    with _flooder(line.link, place / "banned", size) as flooder:
        sent, _ = _Line(line.link, flooder, line.counted).flood(SPAN)
    if _banned(line.link) - before != sent:
        raise RuntimeError("some banned packets came by the bans")


def _rates(place: Path, policy: Policy, bans: tuple[int, ...]) -> Result:
    with _lines(place, policy, bans) as shown:
        for one in shown.values():
            one.flood(SPAN)
        _show_all_traverse(shown["with"], place)
        both = (shown["without"], shown["with"])
        pairs = [_rates_of(both) for _ in range(PAIRS)]
        (linear,) = _rates_of((shown["linear"],))
    ratio = statistics.median(banned / bare for bare, banned in pairs)
    bare, banned = (statistics.median(column) for column in zip(*pairs, strict=True))
    return Result(
        f"new packets through the rules with {BANS} bans, per second of the receiving "
        "processor, against the same policy with none; all came to the last rule",
        f"{banned / 1000:.0f} against {bare / 1000:.0f} kpps, {ratio:.2f} of it "
        f"(median of {PAIRS} pairs); one rule for each ban: {linear / 1000:.1f} kpps",
        f"≥ {1 - SLOWER:.2f}",
        ratio >= 1 - SLOWER,
    )


def _loads(place: Path, policy: Policy, bans: tuple[int, ...]) -> Result:
    def loading(name: str, *argv: str) -> Callable[[], float]:
        path = place / name
        path.write_text(_text(name, policy, bans))

        def load() -> float:
            with wire() as link:
                return _load(link, list(argv), path)

        return load

    ours, linear, legacy = medians(
        LOADS,
        loading("with", "nft", "-f"),
        loading("linear", "iptables-nft-restore"),
        loading("linear", "iptables-legacy-restore"),
    )
    return Result(
        f"{BANS} bans loaded by nft -f, against one rule each by iptables-restore",
        f"{ours:.2f} s against {linear:.2f} s (median of {LOADS}; its older kind, "
        f"which is not the system's own: {legacy:.2f} s)",
        "no slower",
        ours <= linear,
    )


def _saved(policy: Policy) -> str:
    """Return rules as people gather them: bans, and openings for single addresses."""
    dice = random.Random(11)  # noqa: S311  # the same in every run
    head, _, tail = iptables(policy, "ipv4").replace("-F INPUT\n", "").partition("-A ")
    ports = (22, 25, 80, 443, 587, 993, 7071, 8443)
    lines = []
    for number in dice.sample(range(*_BANNED), RULES):
        source = f"-A INPUT -s {address(number, 'ipv4')}/32"
        if dice.random() < _SINGLE:
            source += f" -p tcp -m tcp --dport {dice.choice(ports)} -j ACCEPT"
        else:
            source += " -j DROP"
        lines.append(source)
    return head + "\n".join(lines) + "\n-A " + tail


def _checks(place: Path, policy: Policy) -> Result:
    path = place / "saved"
    path.write_text(_saved(policy))
    argv = [sys.executable, "-m", "bench.check_rules", str(path)]
    restore = ["unshare", "-n", "iptables-nft-restore", "--test", str(path)]
    taken, peer = medians(LOADS, lambda: seconds(argv), lambda: seconds(restore))
    return Result(
        f"{RULES} rules of iptables-save read and compared with a policy, for all "
        "sources, process start included; the peer only parses them (restore --test)",
        f"{taken:.2f} s, the peer {peer:.2f} s (median of {LOADS})",
        f"≤ {LONGEST:.0f} s",
        taken <= LONGEST,
    )


def measure() -> list[Result]:
    """Measure all on wires of their own."""
    bans, policy = _bans(), policies()["plain"]
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        return [
            _rates(place, policy, bans),
            _loads(place, policy, bans),
            _checks(place, policy),
        ]
