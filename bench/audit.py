"""The whole audit on a node, against Lynis there; and over ssh with a far line."""

from lab.node import Lab
from lab.product import install
from lab.record import ssh_argv

from bench.measure import Result, medians, seconds

RUNS = 5
ANY = (0, 1, 3)
WHOLE = 2.0
FASTER = 10.0
FARTHER = 2.0
DELAY = "50ms"


def _lynis(lab: Lab) -> float:
    argv = ["lynis", "audit", "system", "--quick", "--no-colors", "--quiet"]
    return seconds(lab.argv("mail", argv), codes=range(256))


def _on_node(lab: Lab) -> tuple[list[Result], float]:
    program = install(lab)
    argv = lab.argv("mail", [program, "audit", "--quiet"])
    seconds(argv, ANY)
    (own,) = medians(RUNS, lambda: seconds(argv, ANY))
    lynis = _lynis(lab)
    results = [
        Result(
            "whole audit on the node, process start included",
            f"{own:.2f} s (median of {RUNS})",
            "≤ 2 s",
            own <= WHOLE,
        ),
        Result(
            "the same against Lynis on the same node",
            f"Lynis {lynis:.1f} s: {lynis / own:.0f} x faster",
            "≥ 10 x faster",
            lynis / own >= FASTER,
        ),
    ]
    return results, own


def _far(lab: Lab, own: float) -> Result:
    device = "mail"
    found = lab.run("outside", ["ip", "-o", "route", "get", "192.0.2.10"]).stdout
    device = found.split(" dev ")[1].split()[0]
    rule = ["tc", "qdisc", "add", "dev", device, "root", "netem", "delay", DELAY]
    lab.run("outside", rule)
    try:
        argv = ssh_argv(lab, "audit", "--quiet")
        seconds(argv, ANY)
        (far,) = medians(RUNS, lambda: seconds(argv, ANY))
    finally:
        lab.run("outside", ["tc", "qdisc", "del", "dev", device, "root"])
    return Result(
        f"the same over ssh with {DELAY} of added delay",
        f"{far:.2f} s, {far - own:.2f} s more than on the node",
        "≤ 2 s more",
        far - own <= FARTHER,
    )


def measure() -> list[Result]:
    """Boot a default node and measure on it."""
    lab = Lab("bench-audit", "default")
    lab.up()
    try:
        results, own = _on_node(lab)
        return [*results, _far(lab, own)]
    finally:
        lab.down()
