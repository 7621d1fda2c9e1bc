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
    if found.security and found.changed > found.counted:
        reason = f"{text} by a count from before the last change of packages: {ask}"
        yield unknown(Layer.RUNNING, host, reason)
    elif found.security:
        yield deviates(
            Layer.RUNNING,
            host,
            text,
            "0 security updates wait",
            no_cure="Install them with `unattended-upgrade -v`, which takes the "
            "system's own only (`apt upgrade` takes Zimbra's patches along; with dnf: "
            "`dnf upgrade --security --exclude='zimbra*'`), and restart what they "
            "touch. No plan does it, since an old version cannot be given back.",
            source="updates",
        )
    elif facts.now.timestamp() - found.lists > _FRESH:
        yield unknown(
            Layer.RUNNING, host, f"{text}, but the package lists are old: {ask}"
        )
    elif found.counted < found.lists - 2 * _DAY:
        yield unknown(Layer.RUNNING, host, f"{text}, but that count is old: {ask}")
    elif found.beyond:
        reason = f"{text}; {found.beyond} more are for subscribers of Ubuntu Pro only"
        yield unknown(Layer.RUNNING, host, f"{reason}: see `pro security-status`")
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
        unsure(
            raw={
                "updates": "manager apt\nlists 1795250000\ncounted 1795250010\n"
                "note 0 updates can be applied immediately.\nnote 45 additional "
                "security updates can be applied with ESM Apps.\n"
            }
        ),
        unsure(
            raw={
                "updates": "manager apt\nlists 1795250000\ncounted 1795250010\n"
                "changed 1795250900\nnote 7 updates can be applied immediately.\n"
                "note 2 of these updates are standard security updates.\n"
            }
        ),
        unsure(raw={"updates": "manager dnf\nlists 1795250000\n"}),
    ),
)
