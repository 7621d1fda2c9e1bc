"""Reports to render: one of every control's examples, and one full of hostility."""

from datetime import date

from msgspec.structs import replace

from tests.examples import NODE, WHEN, facts_of
from zmward.control import Example, Severity, Status
from zmward.controls.registry import controls
from zmward.deviation import Deviation, Excerpt, Layer, State
from zmward.exposure import Exposure, Node, Socket
from zmward.exposure import exposure as map_of
from zmward.finding import Finding, Layers, Report, judge, rank
from zmward.firewall.grid import Cell, Grid, Row
from zmward.firewall.openings import Zone
from zmward.profile import Waiver

_TURNS = (
    *(Status.FAIL, Status.FAIL, Status.PASS, Status.FAIL, Status.UNKNOWN),
    *(Status.FAIL, Status.NOT_APPLICABLE, Status.PASS),
)
_SS = """\
tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=1,fd=3))
tcp LISTEN 0 100 *:25 *:* users:(("master",pid=2,fd=3))
tcp LISTEN 0 511 0.0.0.0:80 0.0.0.0:* users:(("nginx",pid=3,fd=3))
tcp LISTEN 0 128 127.0.0.1:389 0.0.0.0:* users:(("slapd",pid=4,fd=3))
tcp LISTEN 0 128 203.0.113.10:389 0.0.0.0:* users:(("slapd",pid=4,fd=4))
tcp LISTEN 0 511 0.0.0.0:443 0.0.0.0:* users:(("nginx",pid=3,fd=4))
tcp LISTEN 0 128 [::1]:3310 [::]:* users:(("clamd",pid=5,fd=3))
tcp LISTEN 0 128 *:7071 *:* users:(("java",pid=6,fd=3))
tcp LISTEN 0 128 0.0.0.0:11211 0.0.0.0:* users:(("memcached",pid=7,fd=3))
udp UNCONN 0 0 0.0.0.0:11211 0.0.0.0:* users:(("memcached",pid=7,fd=4))
"""


def _judged() -> list[Finding]:
    found = []
    told = (control for control in controls().values() if control.examples)
    for number, control in enumerate(told):
        wanted = _TURNS[number % len(_TURNS)]
        examples = {e.status: e for e in control.examples}
        example = examples.get(wanted, control.examples[0])
        found.append(judge(control, facts_of(example)))
    return found


def exposure(rules: str | None = '> nft\n{"nftables": []}') -> Exposure:
    """Return what a node listens on, and another node that was not seen."""
    raw = {"listeners": _SS}
    if rules is not None:
        raw["firewall"] = rules
    example = Example(Status.PASS, {"raw": raw, "servers": {"mta2.example.com": {}}})
    return map_of(facts_of(example))


def finding(control: str = "a-control", **changed: object) -> Finding:
    """Return a failed finding with one deviation, and what is changed of it."""
    plain = Finding(
        control=control,
        title="Something is as it should be",
        severity=Severity.MEDIUM,
        tips=("T01",),
        status=Status.FAIL,
        reason="",
        layers=Layers(declared=State.BAD),
        deviations=(
            Deviation("global", "x: 1", "2", Layer.DECLARED, no_cure="By hand."),
        ),
        evidence=(Excerpt("directory", "x: 1"),),
        waiver=None,
        impact="Somebody must wait.",
        why="It matters.",
        topic="mta",
        locks_out="",
        effort="none",
    )
    return replace(plain, **changed)


def report(*findings: Finding, **changed: object) -> Report:
    """Return a report of some findings, or of all controls' examples."""
    own = findings or tuple(_judged())
    whole = Report(
        host=NODE,
        when=WHEN,
        zmward="0.1.0",
        version="10.1.20",
        hosts_seen=(NODE,),
        hosts_missing=("mta2.example.com",),
        findings=tuple(sorted(own, key=rank)),
        exposure=exposure(),
    )
    return replace(whole, **changed)


def waived(until: str = "2026-12-01", control: str = "a-waived-control") -> Finding:
    """Return a waived finding."""
    waiver = Waiver(
        control=control,
        reason="The old scanner cannot do better",
        approver="the head of operations",
        until=date.fromisoformat(until),
        ticket="OPS-17",
    )
    return finding(control, status=Status.WAIVED, waiver=waiver)


HOSTILE = (
    "<script>alert(1)</script>",
    "</script><script>alert(2)</script>",
    '"><img src=x onerror=alert(3)>',
    "\x1b[2J\x1b]0;owned\x07\x9b31m",
    "\u202egnp.exe\u2066\u200b\ufeff",
    "{{ 7*7 }}{% raw %}",
    "a\nb\r\tc\x00d",
    "\udce9\ud800",
    "javascript:alert(4)",
    "</style><!-- --><![CDATA[",
)


def hostile(text: str) -> Report:
    """Return a report in which every word that a server can choose is `text`."""
    mean = finding(
        text,
        title=text,
        reason=f"{text}: {text}; {text}",
        deviations=(
            Deviation(text, text, text, Layer.DECLARED, no_cure=text),
            Deviation(f"account:{text}", text, text, Layer.RUNNING, no_cure=text),
            Deviation(f"account:{text}2", text, text, Layer.RUNNING, no_cure=text),
        ),
        evidence=(Excerpt(text, text),),
        impact=text,
        why=text,
        topic=text,
        locks_out=text,
        refs=(text, f"https://example.com/{text}"),
        note=text,
        tips=("T01", text),
    )
    silent = replace(mean, control="b", status=Status.UNKNOWN)
    sockets = (Socket(text, text, 1, text, "everywhere", "unknown"),)
    cells: tuple[Cell, ...] = ("open", "part", "unknown", "closed")
    zones: tuple[Zone, ...] = ("internet", "clients", "admin", "named")
    grid = Grid(zones, (Row(text, (text,), cells, "cluster"),))
    return report(
        mean,
        silent,
        waived(control=text),
        host=text,
        version=text,
        zmward=text,
        hosts_seen=(text,),
        hosts_missing=(text,),
        lapsed=(text,),
        exposure=Exposure((Node(text, sockets, text, text, grid),)),
    )
