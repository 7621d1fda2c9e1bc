"""Zimbra sends no SNMP notices, or is new enough for them."""

from collections.abc import Iterator

from zmward.catalog.level import level
from zmward.change import SetLocalConfig
from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.localconfig import LOCALCONFIG
from zmward.sources.packages import PACKAGES

_KEY = "snmp_notify"
_OFF = ("0", "no", "false", "")
_FIX = (10, 1, 20)


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    value = facts.read(LOCALCONFIG, host).own.get(_KEY)
    if value is None:
        reason = f"{_KEY} is not in localconfig.xml, and its default is not known"
        yield unknown(Layer.DECLARED, host, reason)
        return
    if value.lower() in _OFF:
        seen = f"{_KEY} = {value}"
        yield sound(Layer.DECLARED, host, source="localconfig", seen=seen)
        return
    packages = facts.read(PACKAGES, host)
    version = packages.get("zimbra-patch", packages.get("zimbra-core", ""))
    found = level(version)
    if found is None:
        yield unknown(Layer.DECLARED, host, "the installed version is not known")
    elif found >= _FIX:
        seen = f"{_KEY} = {value}, Zimbra {version}"
        yield sound(Layer.DECLARED, host, source="packages", seen=seen)
    else:
        yield deviates(
            Layer.DECLARED,
            host,
            f"{_KEY} = {value}, Zimbra {version}",
            f"{_KEY} = 0, or Zimbra 10.1.20 or newer",
            cure=SetLocalConfig(host, _KEY, value, "0"),
            source="localconfig",
        )


CONTROL = Control(
    id="snmp-notices-off-or-fixed",
    title="Zimbra sends no SNMP notices, or is new enough for them",
    why=(
        "Before 10.1.20 text from log lines reached the program that sends the "
        "notices, so whoever writes a log line could inject options."
    ),
    impact="The monitoring gets no more SNMP notices about services that stop.",
    severity=Severity.MEDIUM,
    tips=("T01",),
    locks_out="a monitoring that lives on these SNMP notices",
    check=on_hosts(Layer.DECLARED, (LOCALCONFIG, PACKAGES), _look, cures=True),
    refs=("https://wiki.zimbra.com/wiki/Zimbra_Releases",),
    examples=(
        passes(localconfig={"snmp_notify": "0"}),
        passes(
            localconfig={"snmp_notify": "yes"},
            packages={"zimbra-patch": "10.1.21.1789981200-1"},
        ),
        fails(
            localconfig={"snmp_notify": "yes"},
            packages={"zimbra-patch": "10.1.4.1731412800-1"},
        ),
        unsure(localconfig={}),
    ),
)
