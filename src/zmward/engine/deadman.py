"""The dead man's switch: takes an unconfirmed run back, whatever becomes of us.

A transient timer runs the rollback's script; two enabled units run it after a reboot,
files before the network and sshd, the rest once the directory answers.
"""

from zmward.change import Mode
from zmward.doors.files import beside, discard, must, remove_file, replace_bytes
from zmward.doors.host import Door
from zmward.engine.state import Run
from zmward.engine.undo_script import UNITS
from zmward.errors import Fault, Refused

_WANTS = tuple(f"{UNITS}/{name}.target.wants" for name in ("sysinit", "multi-user"))
# `systemctl isolate` stops whatever does not belong to its target.
_STAYS = ("--timer-property=IgnoreOnIsolate=yes", "--property=IgnoreOnIsolate=yes")
_EARLY = """\
[Unit]
Description=Take back the unconfirmed zmward run {run} (files)
DefaultDependencies=no
After=local-fs.target
Before=network-pre.target zmward-firewall.service ufw.service sysinit.target
Before=ssh.service sshd.service ssh.socket
Wants=network-pre.target
[Service]
Type=oneshot
# Without it what hangs there would keep the host from starting.
TimeoutStartSec=300
ExecStart=/bin/sh {script} early
[Install]
WantedBy=sysinit.target
"""
_LATE = """\
[Unit]
Description=Take back the unconfirmed zmward run {run} (directory and services)
After=zimbra.service network.target remote-fs.target
RequiresMountsFor={script}
[Service]
Type=simple
ExecStart=/bin/sh {script} late
[Install]
WantedBy=multi-user.target
"""


def _boot_units(run: Run) -> dict[str, str]:
    words = {"run": run.id, "script": run.script}
    return {
        f"zmward-early-{run.id}.service": _EARLY.format(**words),
        f"zmward-late-{run.id}.service": _LATE.format(**words),
    }


def timers(run: Run) -> tuple[str, str]:
    """Return the two names of the switch: one waits while the other is set anew."""
    return f"zmward-undo-{run.id}", f"zmward-again-{run.id}"


def _runs(door: Door, timer: str) -> bool:
    return not door.run(("systemctl", "is-active", "-q", f"{timer}.timer")).code


def start_timer(door: Door, run: Run, seconds: int) -> None:
    """Start the timer; one that runs ends only when the new one runs."""
    old, fresh = timers(run)
    waiting = _runs(door, old)
    if not waiting:
        old, fresh = fresh, old
        waiting = _runs(door, old)
    elif _runs(door, fresh):
        # Somebody died between the start of one and the end of the other.
        _stop(door, fresh)
    words = (
        *("systemd-run", f"--unit={fresh}", f"--on-active={seconds}s"),
        *("--timer-property=AccuracySec=1s", "--collect", "--quiet"),
    )
    act = ("/bin/sh", run.script, "timer")
    # Not every systemd takes the property from there.
    if door.run((*words, *_STAYS, *act)).code:
        must(door.run((*words, *act)), "systemd-run", "the dead man's switch")
    if not _runs(door, fresh):
        raise Fault("systemd-run", "its timer does not run", "the dead man's switch")
    if waiting:
        _stop(door, old)


def postpone(door: Door, run: Run, seconds: int) -> None:
    """Let a switch that waits wait longer, so that it does not fire meanwhile."""
    if any(_runs(door, timer) for timer in timers(run)):
        start_timer(door, run, seconds)


def at_work(door: Door, run: Run) -> bool:
    """Say whether a switch that has fired is taking the run back now."""
    names = (*timers(run), f"zmward-late-{run.id}")
    asked = (("systemctl", "is-active", "-q", f"{name}.service") for name in names)
    return any(not door.run(argv).code for argv in asked)


def _stop(door: Door, timer: str) -> None:
    door.run(("systemctl", "stop", f"{timer}.timer"))
    door.run(("systemctl", "reset-failed", f"{timer}.service"))


def stop_timer(door: Door, run: Run) -> None:
    """Stop the timer, if it runs."""
    for timer in timers(run):
        _stop(door, timer)


def arm(door: Door, run: Run, seconds: int) -> None:
    """Set the switch, timer and boot, or refuse: no switch, no apply."""
    try:
        units = _boot_units(run)
        for name, text in units.items():
            path, mode = f"{UNITS}/{name}", Mode(0o644, "root", "root")
            replace_bytes(door, path, text.encode(), mode, token=run.id)
        must(door.run(("systemctl", "daemon-reload")), "systemctl", "daemon-reload")
        must(door.run(("systemctl", "enable", "-q", *units)), "systemctl", "enable")
        for name in units:
            argv = ("systemctl", "is-enabled", "-q", name)
            must(door.run(argv), "systemctl", name)
        # What is changed next may lie on another disk, and be there before the links.
        must(door.run(("sync", "--", *_WANTS)), "sync", UNITS)
        start_timer(door, run, seconds)
    except (Fault, Refused) as error:
        disarm(door, run)
        raise Refused(
            f"No dead man's switch can be set, so nothing was changed: {error}"
        ) from error


def disarm(door: Door, run: Run) -> None:
    """Remove the timer and the boot units."""
    stop_timer(door, run)
    units = tuple(_boot_units(run))
    door.run(("systemctl", "disable", "-q", *units))
    for name in units:
        discard(door, (beside(f"{UNITS}/{name}", run.id),))
        remove_file(door, f"{UNITS}/{name}")
    door.run(("systemctl", "daemon-reload"))
