"""fail2ban runs, now and after a boot."""

from collections.abc import Iterator

from zmward.change import Change
from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.firewall._nodes import others, spares
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.shapes.repair import (
    Uncurable,
    manager,
    package,
    repair,
    started,
)
from zmward.controls.shapes.unittext import unit_text
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.addresses import ADDRESSES
from zmward.sources.directory import SERVERS
from zmward.sources.fail2ban import FAIL2BAN, Fail2ban
from zmward.sources.packages import PACKAGES
from zmward.sources.units import UNITS, Unit, unit

_OTHERS = ("crowdsec", "sshguard")


_PACKAGE = "fail2ban"
_UNIT = "fail2ban.service"


def _spared(facts: Facts, host: str) -> None:
    """Refuse to start what would ban the installation's own servers."""
    found = Fail2ban((), (), {})
    if not facts.absent(FAIL2BAN, host):
        found = facts.read(FAIL2BAN, host)
    names = {n for n, address in others(facts, host) if not spares(found, n, address)}
    if names:
        raise Uncurable(
            f"Other servers are not spared yet: {', '.join(sorted(names))}. Install "
            "fail2ban, put their addresses into ignoreip (`zmward plan --only "
            "fail2ban-spares-own-nodes`), then start it."
        )


def _install(facts: Facts, host: str) -> Change:
    _spared(facts, host)
    if manager(facts, host) == "dnf":
        raise Uncurable(
            "fail2ban comes from EPEL here: enable that repository, `dnf install "
            "fail2ban`, then plan again."
        )
    return package(facts, host, _PACKAGE)


def _start(facts: Facts, host: str, found: Unit) -> Change:
    _spared(facts, host)
    if not found.exists:
        _install(facts, host)
    return started(facts, host, found.name or _UNIT, new=not found.exists)


def _layers(found: Unit) -> Iterator[tuple[Layer, bool, str]]:
    yield Layer.RUNNING, found.runs, f"fail2ban is {found.active}"
    yield Layer.LASTING, found.lasts, f"fail2ban is {found.boot or 'not installed'}"


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    units = facts.read(UNITS, host)
    found = unit(units, "fail2ban")
    others_run = [name for name in _OTHERS if unit(units, name).runs]
    if others_run and not found.runs:
        names = ", ".join(others_run)
        reason = f"{names} runs instead; what it watches is not looked at"
        yield unknown(Layer.RUNNING, host, reason)
        return
    if not found.exists:
        yield deviates(
            Layer.RUNNING,
            host,
            "fail2ban is not installed",
            "installed",
            source="units",
            **repair(lambda: _install(facts, host)),
        )
    for layer, good, text in _layers(found):
        if good:
            yield sound(layer, host, source="units", seen=text)
        else:
            yield deviates(
                layer,
                host,
                text,
                "active and enabled",
                source="units",
                **repair(lambda: _start(facts, host, found)),
            )


CONTROL = Control(
    id="fail2ban-runs",
    title="fail2ban runs, now and after a boot",
    why="Guessing of passwords goes on all day; only what is banned stops.",
    impact="An address that fails too often is shut out for a while.",
    severity=Severity.MEDIUM,
    tips=("T05",),
    locks_out="users who mistype often, and everyone behind one address",
    check=on_hosts(
        Layer.RUNNING,
        (UNITS, FAIL2BAN, PACKAGES, SERVERS, ADDRESSES),
        _look,
        cures=True,
    ),
    refs=("https://github.com/fail2ban/fail2ban",),
    note=(
        "It bans by the address in the log: first the proxies' addresses must be "
        "trusted, or it bans the proxy."
    ),
    examples=(
        passes(raw={"units": unit_text("fail2ban")}),
        fails(
            fail2ban=Fail2ban((), (), {}),
            raw={"units": unit_text("fail2ban", boot="disabled")},
        ),
        fails(raw={"units": unit_text("fail2ban", active="failed")}),
        fails(
            absent=("fail2ban",),
            packages={"apt": "2.4"},
            raw={"units": unit_text("ssh")},
        ),
        fails(
            absent=("fail2ban",),
            packages={"dnf": "4.7"},
            raw={"units": unit_text("ssh")},
        ),
        fails(  # a second server, of which no address is known
            fail2ban=Fail2ban((), (), {}),
            servers={"mta1.example.com": {}},
            raw={"units": unit_text("fail2ban", active="inactive")},
        ),
        unsure(raw={"units": unit_text("crowdsec")}),
        unsure(missing=("units",)),
    ),
)
