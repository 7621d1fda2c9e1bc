"""No security update of the operating system waits to be installed."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.updates import UPDATES

_DAY = 86_400
_FRESH = 7 * _DAY
_ASK = {
    "apt": "`apt list --upgradable`",
    "dnf": "`dnf updateinfo list --security`",
}


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    found = facts.read(UPDATES, host)
    ask = f"ask {_ASK[found.manager]}, or `zmward patches`"
    if found.security is None:
        yield unknown(
            Layer.RUNNING, host, f"nobody has counted the updates here: {ask}"
        )
        return
    text = f"{found.security} security updates of {found.waiting} wait"
    if found.security:
        yield deviates(
            Layer.RUNNING,
            host,
            text,
            "0 security updates wait",
            no_cure="Install them (`apt upgrade`), restart what they touch; "
            "`zmward plan` will do it with the repair of packages.",
            source="updates",
        )
    elif facts.now.timestamp() - found.lists > _FRESH:
        yield unknown(
            Layer.RUNNING, host, f"{text}, but the package lists are old: {ask}"
        )
    elif found.counted < found.lists - 2 * _DAY:
        yield unknown(Layer.RUNNING, host, f"{text}, but that count is old: {ask}")
    else:
        yield sound(Layer.RUNNING, host, source="updates", seen=text)


CONTROL = Control(
    id="os-security-updates-installed",
    title="No security update of the operating system waits",
    why="A published fix is also the description of the hole that it closes.",
    impact="Services that are updated restart.",
    severity=Severity.HIGH,
    tips=("T01",),
    check=on_hosts(Layer.RUNNING, (UPDATES,), _look),
    refs=("https://wiki.debian.org/UnattendedUpgrades",),
    note=(
        "It reads the update notifier's own count and simulates nothing. When to "
        "install, by rating: low in the monthly window, medium by the end of the work "
        "week, high at once. What is below /opt/zimbra/common gets no updates from "
        "the system's maker."
    ),
    examples=(
        passes(
            now="2026-11-21T12:00:00+00:00",
            raw={
                "updates": "manager apt\nlists 1795250000\ncounted 1795250010\n"
                "note \nnote 0 updates can be applied immediately.\n"
            },
        ),
        fails(
            raw={
                "updates": "manager apt\nlists 1795250000\ncounted 1795250010\n"
                "note 7 updates can be applied immediately.\n"
                "note 2 of these updates are standard security updates.\n"
            }
        ),
        unsure(
            raw={
                "updates": "manager apt\nlists 1790000000\ncounted 1790000010\n"
                "note 0 updates can be applied immediately.\n"
            }
        ),
        unsure(raw={"updates": "manager dnf\nlists 1795250000\n"}),
    ),
)
