"""The newest installed kernel runs and no reboot is pending."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.facts import Facts
from zmward.sources.kernel import KERNEL, order

# Oracle's, ELRepo's and Debian's other lines of kernels.
_KINDS = ("uek", "elrepo", "cloud-", "-rt", "+rt", "debug")
_NO_CURE = "Reboot in a window; stop Zimbra first with `zmcontrol stop`."


def _flavour(release: str) -> tuple[str, ...]:
    """Return what tells kernels apart that do not follow each other."""
    last = release.rpartition("-")[2]
    kinds = [kind for kind in _KINDS if kind in release]
    return (last if last.isalpha() else "", *kinds)


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    found = facts.read(KERNEL, host)
    if found.reboot is not None:
        waiting = ", ".join(name for name in found.reboot if name != "required")
        text = f"a reboot is pending{f' for {waiting}' if waiting else ''}"
        yield deviates(Layer.RUNNING, host, text, "no reboot pending", no_cure=_NO_CURE)
        return
    if not found.installed:
        reason = f"kernel {found.running} belongs to no package of this host"
        yield not_concerned(Layer.RUNNING, host, reason)
        return
    if found.running not in found.installed:
        reason = f"kernel {found.running} runs, which is not in /boot"
        yield unknown(Layer.RUNNING, host, reason)
        return
    kin = [k for k in found.installed if _flavour(k) == _flavour(found.running)]
    newest = max(kin, key=order)
    if order(newest) > order(found.running):
        yield deviates(
            Layer.RUNNING, host, f"{found.running} runs", newest, no_cure=_NO_CURE
        )
    else:
        yield sound(
            Layer.RUNNING, host, source="kernel", seen=f"{found.running} is the newest"
        )


CONTROL = Control(
    id="kernel-newest-runs",
    title="The newest installed kernel runs",
    why="A fixed kernel protects only after the reboot that starts it.",
    impact="A reboot stops the mail service for some minutes.",
    severity=Severity.MEDIUM,
    tips=("T01",),
    check=on_hosts(Layer.RUNNING, (KERNEL,), _look),
    refs=(),
    note=(
        "In a container the kernel is the host's, so the question does not arise. Red "
        "Hat's systems leave no mark when a library needs a reboot: ask "
        "`needs-restarting -r` there."
    ),
    examples=(
        passes(
            raw={
                "kernel": "running 5.15.0-125-generic\nimage 5.15.0-91-generic\n"
                "image 5.15.0-125-generic\n"
            }
        ),
        passes(
            raw={
                "kernel": "running 5.14.0-503.11.1.el9_5.x86_64\n"
                "image 5.14.0-427.13.1.el9_4.x86_64\n"
                "image 5.14.0-503.11.1.el9_5.x86_64\n"
            }
        ),
        passes(
            raw={
                "kernel": "running 4.18.0-553.el8_10.x86_64\n"
                "image 4.18.0-553.el8_10.x86_64\n"
                "image 5.15.0-206.153.7.el8uek.x86_64\n"
            }
        ),
        fails(
            raw={
                "kernel": "running 5.15.0-91-generic\nimage 5.15.0-91-generic\n"
                "image 5.15.0-125-generic\n"
            }
        ),
        fails(
            raw={
                "kernel": "running 6.1.0\nreboot required\nreboot linux-image-generic\n"
            }
        ),
        unsure(raw={"kernel": "running 6.6.1-custom\nimage 5.15.0-91-generic\n"}),
        unconcerned(raw={"kernel": "running 6.18.44\n"}),
    ),
)
