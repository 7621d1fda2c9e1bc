"""The four ways in which a run that died is taken back, on a running node."""

import time
from typing import Literal, get_args

from lab.crash_plan import TIMEOUT, said
from lab.node import Lab
from lab.reboot import reboot

Way = Literal["rollback", "script", "timer", "reboot"]
WAYS: tuple[Way, ...] = get_args(Way)
# These need the switch that apply armed; before it, nothing has been changed.
ARMED: tuple[Way, ...] = ("timer", "reboot")
RUNS = "/var/lib/zmward/runs"
LONGEST = 120.0


def runs(lab: Lab) -> list[str]:
    """Return the runs that are on the node."""
    return said(lab, f"cd {RUNS} 2>/dev/null && ls -1").split()


def _by_rollback(lab: Lab, run: str) -> str:
    begun = said(lab, f"[ -e {RUNS}/{run}/plan.json ] && echo yes").strip()
    if not begun:
        return ""
    argv = ["zmward", "rollback", run, "--yes", "--quiet"]
    done = lab.run("mail", argv, timeout=TIMEOUT)
    lines = [row for row in done.stdout.splitlines() if "taken back  " not in row]
    told = "; ".join((*lines, done.stderr.strip()))
    return f"rollback {done.returncode}: {told}" if done.returncode else ""


def _by_script(lab: Lab, run: str) -> str:
    path = f"{RUNS}/{run}/rollback.sh"
    if not said(lab, f"[ -x {path} ] && echo yes").strip():
        # It is there before the first change, so there was none.
        return ""
    done = lab.run("mail", ["sh", path], timeout=TIMEOUT)
    return f"script {done.returncode}: {done.stdout}" if done.returncode else ""


def _switched(lab: Lab, run: str, way: Way) -> str:
    """Wait for what the switch does by itself; its last word is its failures."""
    limit = time.monotonic() + LONGEST
    units = f"systemctl list-units --all --plain --no-legend 'zmward*{run}*'"
    while time.monotonic() < limit:
        last = said(lab, f"cat {RUNS}/{run}/fired/failed 2>/dev/null").strip()
        if last and not said(lab, units).strip():
            return "" if last == "0" else f"{way}: {last} not taken back"
        time.sleep(0.25)
    return f"{way}: nothing was taken back; {said(lab, units)}"


def take_back(lab: Lab, way: Way) -> str:
    """Take back what a dead apply left, one way; return what went wrong."""
    found = runs(lab)
    if way == "reboot":
        reboot(lab, "power lost")
    wrong = []
    for run in found:
        match way:
            case "rollback":
                wrong.append(_by_rollback(lab, run))
            case "script":
                wrong.append(_by_script(lab, run))
            case "timer" | "reboot":
                wrong.append(_switched(lab, run, way))
    return "; ".join(word[-500:] for word in wrong if word)
