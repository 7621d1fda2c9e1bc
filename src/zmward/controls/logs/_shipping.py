"""Who carries log lines away: rsyslog, and agents that are known by their units."""

from collections.abc import Collection

from zmward.facts import Facts
from zmward.sources.logging import Logging
from zmward.sources.selectors import Lines
from zmward.sources.source import matches
from zmward.sources.units import UNITS, unit

_AGENTS = (
    *("filebeat", "elastic-agent", "wazuh-agent", "promtail", "fluent-bit", "td-agent"),
    *("vector", "splunkforwarder", "SplunkForwarder", "nxlog", "alloy"),
    *("otelcol-contrib", "syslog-ng", "systemd-journal-upload"),
)


def agents(facts: Facts, host: str) -> list[str]:
    """Return the agents that run on a host; what they ship is not looked at."""
    units = facts.read(UNITS, host)
    return sorted(
        {unit(units, name).name for name in _AGENTS if unit(units, name).runs}
    )


def names(host: str) -> set[str]:
    """Return how a host calls itself: what is sent there stays."""
    return {host, host.partition(".")[0]}


def file_sent(found: Logging, path: str, but: Collection[str]) -> Lines:
    """Return which lines of a plain file rsyslog sends to a host that counts."""
    lines = Lines()
    for one in found.watched:
        if matches(path, one.path):
            lines |= found.sent(one.ruleset, one.lines, but)
    return lines


def told(found: Logging, but: Collection[str]) -> str:
    """Return what is sent to hosts that count, as the files say it."""
    some = [
        f"{step.said or 'what comes there'} to {step.forward.target} "
        f"({step.forward.file}{'' if name in found.own else f', ruleset {name}'})"
        for name, steps in found.rulesets.items()
        for step in steps
        if step.forward and step.forward.away(but).may
    ]
    return "; ".join(some)
