"""The package manager has looked for updates within the last week."""

from collections.abc import Iterator

from zmward.change import Act
from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.os._apt import drop_in
from zmward.controls.shapes.basic import look, on_hosts
from zmward.controls.shapes.repair import repair, started
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.aptconf import APT_CONF
from zmward.sources.own_files import OWN_FILES
from zmward.sources.units import UNITS
from zmward.sources.updates import UPDATES

_DAY = 86_400
_MOST = 7


_TIMERS = {"apt": "apt-daily.timer", "dnf": "dnf-makecache.timer"}
_FETCH = {
    "apt": "`apt-get update` says why the lists do not arrive: mend the network, the "
    "proxy or the sources that it names.",
    "dnf": "`dnf makecache --refresh` says why the lists do not arrive: mend the "
    "network, the proxy or the repositories that it names.",
}
_HELD_BACK = (
    "Find out who has set it and why: `apt-config dump APT::Periodic` shows what else "
    "begins once it is taken out, unattended upgrades for one."
)
_DAILY = 'APT::Periodic::Update-Package-Lists "1";'


def _timer(facts: Facts, host: str, name: str) -> Iterator[Judgement]:
    unit = facts.read(UNITS, host).get(name)
    if unit is None or not unit.exists:
        yield deviates(
            Layer.LASTING,
            host,
            f"there is no {name}",
            "lists that are fetched every day",
            no_cure="Have cron run `apt-get update` or `dnf makecache` every day.",
            source="units",
        )
    elif not (unit.runs and unit.lasts):
        yield deviates(
            Layer.LASTING,
            host,
            f"{name} is {unit.active} and {unit.boot}",
            "active and enabled",
            source="units",
            **repair(lambda: started(facts, host, name)),
        )


def _periodic(facts: Facts, host: str) -> Iterator[Judgement]:
    found = facts.read(APT_CONF, host)
    if not found.daily:
        yield deviates(
            Layer.LASTING,
            host,
            'apt does nothing by itself: APT::Periodic::Enable is "0"',
            _DAILY,
            source="apt-conf",
            no_cure=_HELD_BACK,
        )
    elif not found.lists:
        yield deviates(
            Layer.LASTING,
            host,
            "apt's configuration fetches no lists by itself",
            _DAILY,
            source="apt-conf",
            **repair(lambda: drop_in(facts, host, _DAILY)),
        )


def _old(facts: Facts, host: str, manager: str) -> Iterator[Judgement]:
    """Say what keeps the lists from being fetched, where they are old."""
    timer = _TIMERS[manager]
    yield from look(Layer.LASTING, host, lambda: _timer(facts, host, timer))
    if manager == "apt":
        yield from look(Layer.LASTING, host, lambda: _periodic(facts, host))


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    found = facts.read(UPDATES, host)
    if not found.lists:
        reason = "the package manager keeps no list here"
        yield unknown(Layer.RUNNING, host, reason)
        return
    days = (facts.now.timestamp() - found.lists) / _DAY
    text = f"package lists are {max(days, 0):.0f} days old"
    if days <= _MOST:
        yield sound(Layer.RUNNING, host, source="updates", seen=text)
        return
    causes = tuple(_old(facts, host, found.manager))
    # Where all is on that fetches them, fetching them is what fails.
    off = any(cause.deviation and cause.deviation.cure for cause in causes)
    yield deviates(
        Layer.RUNNING,
        host,
        text,
        f"at most {_MOST} days",
        cure=Act(host, f"refresh-{found.manager}") if off else None,
        no_cure="" if off else _FETCH[found.manager],
        source="updates",
    )
    yield from causes


CONTROL = Control(
    id="os-package-lists-fresh",
    title="The package manager looked for updates within the last week",
    why="A server that never asks hears of no fix; old lists make it look up to date.",
    impact=(
        "Reading the lists changes no package; unattended upgrades, where they are on, "
        "find new ones again."
    ),
    severity=Severity.MEDIUM,
    tips=("T01",),
    check=on_hosts(
        Layer.RUNNING, (UPDATES, UNITS, APT_CONF, OWN_FILES), _look, cures=True
    ),
    refs=(),
    examples=(
        passes(raw={"updates": "manager apt\nlists 1795250000\n"}),
        fails(raw={"updates": "manager apt\nlists 1790000000\n"}),
        fails(
            raw={
                "updates": "manager apt\nlists 1790000000\n",
                "units": "Id=apt-daily.timer\nLoadState=loaded\n"
                "ActiveState=inactive\nUnitFileState=disabled\n",
                "apt-conf": "> /etc/apt/apt.conf.d/20auto-upgrades\n"
                ' APT::Periodic::Update-Package-Lists "0";\n',
                "own-files": "end\n",
            }
        ),
        fails(raw={"updates": "manager dnf\nlists 1790000000\n"}),
        unsure(raw={"updates": "manager dnf\nlists 0\n"}),
    ),
)
