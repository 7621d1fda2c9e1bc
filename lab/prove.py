"""The proof: what zmward repairs on a node works, and all of it can be taken back."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from lab.errors import LabError
from lab.mirror import mirror, remove
from lab.node import Lab
from lab.product import install
from lab.record import ssh_argv
from lab.volatile import LARGEST, QUOTED, VOLATILE, compare

TIMEOUT = 900.0
JUDGED = (0, 1, 3)
REFUSED = 4
Way = Literal["over ssh", "on the node"]
WAYS: tuple[Way, ...] = ("over ssh", "on the node")
PLAN = "root/proof-plan.json"
_DPKG = "/var/lib/dpkg/status"
Finding = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """One claim of the proof: what was found, and whether it holds."""

    claim: str
    found: str
    holds: bool = True


@dataclass(frozen=True)
class Product:
    """zmward, run on a node or from outside against it."""

    lab: Lab
    way: Way

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run one verb and return how it ended."""
        argv = self.lab.argv("mail", ["/usr/local/bin/zmward", *words])
        if self.way == "over ssh":
            argv = ssh_argv(self.lab, *words)
        return subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )

    def must(self, codes: Sequence[int], *words: str) -> str:
        """Run one verb and return its answer; another exit code is an error."""
        done = self.run(*words)
        if done.returncode not in codes:
            said = done.stderr.strip()[-2000:]
            raise LabError(f"zmward {words[0]} {self.way}: {done.returncode}: {said}")
        return done.stdout

    def findings(self) -> dict[str, Finding]:
        """Audit, and return the findings by control."""
        report = json.loads(self.must(JUDGED, "audit", "--json", "--quiet"))
        return {finding["control"]: finding for finding in report["findings"]}

    def evidence(self) -> Mapping[str, Any]:
        """Return all that the node answers."""
        found: Mapping[str, Any] = json.loads(self.must((0,), "collect", "--quiet"))
        return found

    @property
    def plan(self) -> str:
        """Return where the plan lies, as the product sees it."""
        if self.way == "on the node":
            return f"/{PLAN}"
        return str(self.lab.directory / "proof-plan.json")

    def written(self) -> Mapping[str, Any]:
        """Return the plan that was made."""
        path = self.lab.root / PLAN
        if self.way == "over ssh":
            path = self.lab.directory / "proof-plan.json"
        found: Mapping[str, Any] = json.loads(path.read_text())
        path.chmod(0o600)
        return found


def curable(findings: Mapping[str, Finding]) -> list[str]:
    """Return the controls that fail and have a cure."""
    return [
        name
        for name, finding in findings.items()
        if finding["status"] == "FAIL"
        and any(deviation["cure"] for deviation in finding["deviations"])
    ]


def _after(
    controls: Sequence[str],
    before: Mapping[str, Finding],
    after: Mapping[str, Finding],
    plan: Mapping[str, Any],
) -> Iterator[Row]:
    """Judge what the audit after the repair says."""
    foreseen = {row["control"] for row in plan["foreseen"] if row["will"] == "FAIL"}
    failing = [name for name in controls if after[name]["status"] == "FAIL"]
    strange = [name for name in failing if name not in foreseen]
    cured = len(controls) - len(failing)
    named = [name for name in failing if name in foreseen]
    yield Row(
        "controls with a cure no longer fail",
        f"{cured} of {len(controls)} cured"
        + (f", forecast: {', '.join(named)}" if named else "")
        + (f"; NOT cured: {', '.join(strange)}" if strange else ""),
        not strange,
    )
    left = [
        f"{name}: {deviation['subject']}"
        for name in controls
        for deviation in after[name]["deviations"]
        if deviation["cure"]
    ]
    yield Row("no cure is left to be planned", "; ".join(left) or "none", not left)
    worse = [
        name
        for name, finding in after.items()
        if finding["status"] == "FAIL" and before[name]["status"] != "FAIL"
    ]
    unforeseen = [name for name in worse if name not in foreseen]
    yield Row(
        "nothing fails anew that the plan did not name",
        ", ".join(unforeseen) or f"{len(worse)} named beforehand",
        not unforeseen,
    )
    lost = [
        name
        for name in controls
        if after[name]["status"] == "UNKNOWN" and name not in foreseen
    ]
    yield Row("nothing became unknown", ", ".join(lost) or "nothing", not lost)


def _steady(finding: Finding) -> str:
    return QUOTED.sub("N", json.dumps(finding, sort_keys=True))


def _differs(one: Finding, two: Finding) -> str:
    """Return what two findings of a control do not share."""
    return ", ".join(f"{k}: {one[k]} → {two[k]}" for k in one if one[k] != two[k])


def _taken_back(
    before: Mapping[str, Finding],
    after: Mapping[str, Finding],
    wrong: Sequence[str],
    names: set[str],
) -> Iterator[Row]:
    """Judge what audit and evidence say after the rollback."""
    apart = [n for n in before if _steady(before[n]) != _steady(after[n])]
    said = [f"{name}: {_differs(before[name], after[name])}" for name in apart]
    yield Row(
        "after the rollback the audit equals the first",
        "; ".join(said) or f"{len(before)} findings the same",
        not apart,
    )
    yield Row(
        "evidence identical but for named values",
        "; ".join(wrong) or f"{len(names)} moved: {', '.join(sorted(names)) or '-'}",
        not wrong,
    )


def _applied(product: Product, signs: Sequence[str]) -> Iterator[Row | str]:
    """Apply the plan twice; give the run's id as the one string."""
    console = () if product.way == "over ssh" else ("--console",)
    words = ("apply", "--yes", "--quiet", *console, product.plan)
    if signs:
        refused = product.run(*words)
        named = refused.returncode == REFUSED and signs[0] in refused.stderr
        yield Row("signs of compromise are refused", ", ".join(signs), named)
        words = (*words, "--despite-signs-of-compromise")
    start = time.monotonic()
    said = json.loads(product.must(JUDGED, *words, "--json"))
    run = said["run"]
    yield run
    took = f"{time.monotonic() - start:.1f} s"
    failing = said["failing"]
    # Said so, and true: no catalog row restarts these.
    later = [f"not restarted: {name}" for name in said["not_restarted"]]
    yield Row("apply", "; ".join((took, *failing, *later)), not failing)
    if said["confirm_within"]:
        product.must((0,), "confirm", *console, run)
    again = product.must((0,), *words)
    yield Row("applied twice, nothing changes", again.strip(), "already" in again)


def _said(lab: Lab, script: str) -> str:
    return lab.run("mail", ["sh", "-c", script]).stdout.strip()


def _purge(lab: Lab, packages: Sequence[str], moment: str) -> None:
    """Take packages off again, with the trace that this leaves in dpkg's own time."""
    remove(lab, *packages)
    lab.run("mail", ["touch", "-d", f"@{moment}", _DPKG])


def _walk(product: Product) -> Iterator[Row]:
    """Walk through audit, plan, apply, audit, rollback, audit."""
    installed = _said(product.lab, f"stat -c %Y {_DPKG}")
    first, evidence = product.findings(), product.evidence()
    controls = curable(first)
    if not controls:
        raise LabError("nothing fails here that has a cure")
    only = ("--only", ",".join(controls))
    # The lab's logs are of one day.
    words = ("--quiet", "--despite-short-logs", "--output", product.plan)
    product.must((0,), "plan", *words, *only)
    plan = product.written()
    efforts = [change["effort"] for change in plan["changes"]]
    counts = [f"{efforts.count(e)} {e}" for e in ("safe", "window", "decision")]
    yield Row("plan", f"{len(efforts)} changes: {', '.join(counts)}", bool(efforts))
    run = ""
    for row in _applied(product, plan["signs"]):
        if isinstance(row, str):
            run = row
        else:
            yield row
    yield from _after(controls, first, product.findings(), plan)
    start = time.monotonic()
    said = product.run("rollback", "--yes", "--quiet", "--json", run)
    took = f"{time.monotonic() - start:.1f} s"
    good = said.returncode == 0
    yield Row("rollback", took if good else f"{took}: {said.stdout[-1500:]}", good)
    # What was installed stays, by zmward's own word: it is purged, then compared.
    packages = [c["package"] for c in plan["changes"] if "package" in c]
    outcomes = json.loads(said.stdout)["changes"] if good else ()
    stay = [one["change"] for one in outcomes if one["fate"] == "stays"]
    named = all(any(name in place for place in stay) for name in packages)
    yield Row("packages that stay are named", ", ".join(stay) or "none", named)
    if packages:
        _purge(product.lab, packages, installed)
    last = product.findings()
    yield from _taken_back(first, last, *compare(evidence, product.evidence()))


def prove(state: str, ways: Sequence[Way] = WAYS) -> list[Row]:
    """Prove one state on a node of its own and return the rows."""
    lab = Lab(f"prove-{state}", state)
    rows = []
    lab.up()
    try:
        install(lab)
        mirror(lab)
        # On a first boot it starts before zmconfigd has rendered the file it reads.
        lab.run("mail", ["systemctl", "try-restart", "zimbra-dnscache"])
        for way in ways:
            product = Product(lab, way)
            for row in _walk(product):
                rows.append(Row(f"{state}, {way}: {row.claim}", row.found, row.holds))
                _say(rows[-1])
    finally:
        lab.down()
    return rows


def _say(row: Row) -> None:
    mark = "holds " if row.holds else "FAILS "
    print(f"{mark} {row.claim:<72} {row.found}", flush=True)


def main(states: Sequence[str]) -> int:
    """Prove states, print the table; exit code 1 where something does not hold."""
    named = len(VOLATILE) <= LARGEST
    rows = [row for state in states for row in prove(state)]
    _say(Row(f"at most {LARGEST} values are volatile", str(len(VOLATILE)), named))
    for value in VOLATILE:
        print(f"       {value.source}, {value.name}: {value.reason}")
    held = sum(row.holds for row in rows)
    print(f"{held}/{len(rows)} claims hold")
    sys.stdout.flush()
    return 0 if named and held == len(rows) else 1
