"""Who else may carry log lines away: agents that are known by their units."""

from zmward.facts import Facts
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
