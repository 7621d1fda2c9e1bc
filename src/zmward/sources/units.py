"""systemd's units that matter here, asked in one go."""

import msgspec

from zmward.sources.source import Snippet, Source, Unreadable

NAMES = (
    *("chrony.service", "chronyd.service", "systemd-timesyncd.service"),
    *("ntp.service", "ntpd.service", "ntpsec.service", "openntpd.service"),
    *("nftables.service", "ufw.service", "firewalld.service", "iptables.service"),
    *("ip6tables.service", "netfilter-persistent.service"),
    *("zmward-firewall.service", "zmward-follow.service"),
    *("fail2ban.service", "crowdsec.service", "sshguard.service"),
    *("rsyslog.service", "syslog-ng.service", "filebeat.service"),
    *("elastic-agent.service", "wazuh-agent.service", "promtail.service"),
    *("fluent-bit.service", "td-agent.service", "vector.service"),
    *("splunkforwarder.service", "SplunkForwarder.service", "nxlog.service"),
    *("alloy.service", "otelcol-contrib.service", "systemd-journal-upload.service"),
    "zmward-log-access.service",
    *("haveged.service", "rngd.service", "rng-tools.service"),
    *("ssh.service", "sshd.service", "apt-daily.timer", "dnf-makecache.timer"),
)


class Unit(msgspec.Struct, frozen=True):
    """One unit; `boot` is its UnitFileState (enabled, disabled, masked, …)."""

    name: str
    loaded: str
    active: str
    boot: str = ""

    @property
    def exists(self) -> bool:
        """Say whether systemd found a unit file."""
        return self.loaded not in ("not-found", "error", "bad-setting")

    @property
    def runs(self) -> bool:
        """Say whether the unit is active now; one that crashes is `activating`."""
        return self.active in ("active", "reloading")

    @property
    def lasts(self) -> bool:
        """Say whether the unit comes up at boot."""
        return self.boot in ("enabled", "static", "indirect", "generated", "alias")


Units = dict[str, Unit]
_MISSING = Unit("", "not-found", "inactive")


def unit(units: Units, *names: str) -> Unit:
    """Return the first of the names that exists; an absent one otherwise."""
    found = (units[f"{name}.service"] for name in names if f"{name}.service" in units)
    return next((one for one in found if one.exists), _MISSING)


def parse(answer: str) -> Units:
    """Read blocks of `Key=value` lines, one block per unit, by asked-for name."""
    found: Units = {}
    for block in answer.split("\n\n"):
        values = {}
        for line in block.splitlines():
            key, equals, value = line.partition("=")
            if not equals:
                raise Unreadable(f"systemctl: not a property: {line[:60]!r}")
            values[key] = value
        if not values:
            continue
        if not {"Id", "LoadState", "ActiveState"} <= values.keys():
            raise Unreadable("systemctl: a unit without its states")
        one = Unit(
            values["Id"],
            values["LoadState"],
            values["ActiveState"],
            values.get("UnitFileState", ""),
        )
        # An alias (ssh.service, sshd.service) answers with its real name.
        for name in {one.name, *values.get("Names", "").split()}:
            found[name] = one
    if not found:
        raise Unreadable("systemctl names no unit")
    return found


UNITS = Source(
    name="units",
    about="Services that protect, log and keep time: running now and at boot.",
    question=Snippet(
        "set -- \\\n    "
        + " \\\n    ".join(NAMES)
        + r"""
if ! [ -d /run/systemd/system ]; then
    printf 'systemd does not run here\n' >&2
    return 1
fi
# systemd looks in many places for a unit that does not exist, so it is asked about
# those only that do.
found=
for name in "$@"; do
    for folder in /etc/systemd/system /run/systemd/system /run/systemd/generator \
        /usr/local/lib/systemd/system /usr/lib/systemd/system /lib/systemd/system \
        /run/systemd/generator.late; do
        if [ -e "$folder/$name" ] || [ -L "$folder/$name" ]; then
            found="$found $name"
            break
        fi
    done
done
# shellcheck disable=SC2086  # names of units, one word each
limit systemctl show --property=Id,Names,LoadState,ActiveState,UnitFileState \
    ${found:-systemd-journald.service}
"""
    ),
    parse=parse,
)
