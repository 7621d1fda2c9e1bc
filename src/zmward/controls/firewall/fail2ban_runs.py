"""fail2ban runs, now and after a boot."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.shapes.unittext import unit_text
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.units import UNITS, unit

_OTHERS = ("crowdsec", "sshguard")


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    units = facts.read(UNITS, host)
    found = unit(units, "fail2ban")
    others = [name for name in _OTHERS if unit(units, name).runs]
    if others and not found.runs:
        reason = f"{', '.join(others)} runs instead; what it watches is not looked at"
        yield unknown(Layer.RUNNING, host, reason)
        return
    for layer, good, text in (
        (Layer.RUNNING, found.runs, f"fail2ban is {found.active}"),
        (Layer.LASTING, found.lasts, f"fail2ban is {found.boot or 'not installed'}"),
    ):
        if good:
            yield sound(layer, host, source="units", seen=text)
        else:
            yield deviates(
                layer,
                host,
                text,
                "active and enabled",
                no_cure="Install it, add jails for Zimbra (`zmward logs bans`), then "
                "`systemctl enable --now fail2ban`.",
                source="units",
            )


CONTROL = Control(
    id="fail2ban-runs",
    title="fail2ban runs, now and after a boot",
    why="Guessing of passwords goes on all day; only what is banned stops.",
    impact="An address that fails too often is shut out for a while.",
    severity=Severity.MEDIUM,
    tips=("T05",),
    locks_out="users who mistype often, and everyone behind one address",
    check=on_hosts(Layer.RUNNING, (UNITS,), _look),
    refs=("https://github.com/fail2ban/fail2ban",),
    note=(
        "It bans by the address in the log: first the proxies' addresses must be "
        "trusted, or it bans the proxy."
    ),
    examples=(
        passes(raw={"units": unit_text("fail2ban")}),
        fails(raw={"units": unit_text("fail2ban", boot="disabled")}),
        fails(raw={"units": unit_text("fail2ban", active="failed")}),
        fails(raw={"units": unit_text("ssh")}),
        unsure(raw={"units": unit_text("crowdsec")}),
        unsure(missing=("units",)),
    ),
)
