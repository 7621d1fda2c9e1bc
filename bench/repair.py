"""A plan of 60 attributes on 12 objects, applied and read back on a node."""

from datetime import UTC, datetime

from lab.crash_plan import said
from lab.node import HOST, Lab
from lab.product import install

from bench.measure import Result, medians, seconds
from zmward.change import SetAttr
from zmward.plan import Host, Plan, described, folded, order
from zmward.reports.plan_json import render

RUNS = 5
LONGEST = 3.0
PLAN = "root/bench-plan.json"
CLASSES, ACCOUNTS = ("cos:default", "cos:staff"), 10
ZMPROV = "runuser -u zimbra -- /opt/zimbra/bin/zmprov -l"
ATTRIBUTES = (
    *("zimbraFeatureTasksEnabled", "zimbraFeatureBriefcasesEnabled"),
    *("zimbraFeatureGalEnabled", "zimbraFeatureTaggingEnabled"),
    "zimbraFeatureHtmlComposeEnabled",
)
# A look before, the write, the read back; a login, one look at all, a flush, an end.
PER_OBJECT, PER_RUN = 3, 6
# As the server itself counts what reaches its admin port.
COUNT = """
cat /opt/zimbra/log/access_log.* 2>/dev/null | grep -c 'POST /service/admin/soap'
"""


def _objects(lab: Lab) -> tuple[str, ...]:
    """Return two classes of service and ten ordinary accounts."""
    names = said(lab, f"{ZMPROV} gaa example.test").split()
    users = [f"account:{name}" for name in sorted(names) if name.startswith("user")]
    return (*CLASSES, *users[:ACCOUNTS])


def _changes(lab: Lab) -> list[SetAttr]:
    found = []
    for target in _objects(lab):
        kind, _, name = target.partition(":")
        # Without -e, an account would show what its class of service sets.
        words = f"gc {name}" if kind == "cos" else f"ga -e {name}"
        lines = said(lab, f"{ZMPROV} {words} {' '.join(ATTRIBUTES)}").splitlines()
        own = dict(line.split(": ", 1) for line in lines if ": " in line)
        for name in ATTRIBUTES:
            before = (own[name],) if name in own else None
            after = ("TRUE",) if before == ("FALSE",) else ("FALSE",)
            found.append(SetAttr(target, name, before, after))
    return found


def _prepare(lab: Lab) -> None:
    install(lab)
    steps = sorted((described(c, (), (HOST,)) for c in _changes(lab)), key=order)
    host = Host(HOST, said(lab, "cat /etc/machine-id").strip())
    now = datetime.now(UTC).isoformat(timespec="seconds")
    plan = Plan(host, now, "1", tuple(steps), folded(steps), (), hosts_seen=(HOST,))
    path = lab.root / PLAN
    path.write_text(render(plan))
    path.chmod(0o600)


def _applied(lab: Lab) -> float:
    """Return how long the whole command takes; then give the old values back."""
    argv = ["zmward", "apply", f"/{PLAN}", "--yes", "--console", "--quiet"]
    taken = seconds(lab.argv("mail", argv))
    run = said(lab, "ls -1 /var/lib/zmward/runs").split()[-1]
    seconds(lab.argv("mail", ["zmward", "rollback", run, "--yes", "--quiet"]))
    said(lab, "rm -rf /var/lib/zmward/runs/*")
    return taken


def _requests(lab: Lab) -> int:
    """Return how many requests one apply costs, as the server's access log counts."""
    before = int(said(lab, COUNT))
    argv = ["zmward", "apply", f"/{PLAN}", "--yes", "--console", "--quiet"]
    seconds(lab.argv("mail", argv))
    asked = int(said(lab, COUNT)) - before
    run = said(lab, "ls -1 /var/lib/zmward/runs").split()[-1]
    seconds(lab.argv("mail", ["zmward", "rollback", run, "--yes", "--quiet"]))
    said(lab, "rm -rf /var/lib/zmward/runs/*")
    return asked


def measure() -> list[Result]:
    """Boot a default node and measure on it."""
    lab = Lab("bench-repair", "default")
    lab.up()
    try:
        _prepare(lab)
        asked = _requests(lab)
        (taken,) = medians(RUNS, lambda: _applied(lab))
    finally:
        lab.down()
    objects = len(CLASSES) + ACCOUNTS
    number = objects * len(ATTRIBUTES)
    most = PER_OBJECT * objects + PER_RUN
    return [
        Result(
            f"{number} attributes on {objects} objects applied and read back, "
            "process start and verification included",
            f"{taken:.2f} s (median of {RUNS})",
            "≤ 3 s",
            taken <= LONGEST,
        ),
        Result(
            "requests of one apply, counted by the server's access log: a look before, "
            "one write and one read back for each object",
            f"{asked} for {objects} objects",
            f"≤ {most}",
            asked <= most,
        ),
    ]
