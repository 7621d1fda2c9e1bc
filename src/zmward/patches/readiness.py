"""What should be so before an upgrade; what cannot be known is unknown, never well."""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from zmward.evidence import Missing, Unseen
from zmward.facts import Facts
from zmward.i18n import mark
from zmward.patches.overview import Overview
from zmward.sources.directory import SERVERS
from zmward.sources.listeners import LISTENERS

STATES: Final = ("bad", "unknown", "well")


class Ready(msgspec.Struct, frozen=True):
    """One thing: `state` is bad, unknown or well; `step` is what to do about it."""

    subject: str
    state: str
    text: str
    step: str = ""


# Subject → the controls that speak for it.
CONTROLS: Final[Mapping[str, tuple[str, ...]]] = {
    mark("branch"): ("zimbra-branch-supported",),
    mark("repository"): ("zimbra-repository-enabled",),
    mark("operating system"): (
        *("os-release-supported", "zimbra-platform-matches-system"),
        *("os-security-updates-installed", "kernel-newest-runs"),
    ),
    mark("backups"): ("backup-recent", "backup-restore-rehearsed"),
    mark("certificates"): (
        *("certificates-not-about-to-expire", "certificates-match-their-keys"),
        "certificate-chains-whole",
    ),
}
# A service → a port that it always listens on.
_PORTS: Final[Mapping[str, int]] = {
    "ldap": 389,
    "mailbox": 7025,
    "mta": 25,
    "memcached": 11211,
}
# Subjects that no source asks about, and how a person finds them out.
DISK: Final = (
    mark("disk"),
    mark("df -h /opt/zimbra /tmp /var: the packages need room"),
)
IMMUTABLE: Final = (
    mark("immutable files"),
    mark("lsattr -d /opt/zimbra/jetty*: packages cannot write where an i is set"),
)
TEMPLATES: Final = (
    mark("own templates"),
    mark("compare the templates and skins you changed with those of the packages"),
)


def path(overview: Overview) -> Iterator[Ready]:
    """Yield to which build each line of releases can go."""
    moves = {step.line: step for step in reversed(overview.steps)}
    for node in overview.nodes:
        if not node.line:
            text = f"{node.name}: which build it has is not known"
            yield Ready("target", "unknown", text)
    for line, step in moves.items():
        names = ", ".join(step.nodes)
        text = f"{names}: {line} → {step.version} closes {len(step.closes)} holes"
        within = step.version.startswith(f"{line}.") or step.version == line
        step_text = "" if within else "read the release notes on moving between lines"
        yield Ready("target", "well" if within else "unknown", text, step_text)
    levels = {
        level for node in overview.nodes for one in node.levels for level in one.levels
    }
    if len(levels) > 1:
        text = f"nodes or components differ: {', '.join(sorted(levels))}"
        yield Ready("same level", "bad", text, "bring all to one build first")


def services(facts: Facts) -> Iterator[Ready]:
    """Yield whether what is enabled listens; that it works well is another matter."""
    for host in facts.hosts():
        try:
            enabled = next(
                one.own("zimbraServiceEnabled")
                for one in facts.read(SERVERS)
                if one.name == host
            )
            ports = {one.port for one in facts.read(LISTENERS, host)}
        except StopIteration:
            yield Ready(
                "services", "unknown", f"{host}: the directory has no such server"
            )
            continue
        except Unseen as signal:
            yield _unseen(host, signal.missing)
            continue
        silent = sorted(
            s for s, port in _PORTS.items() if s in enabled and port not in ports
        )
        if silent:
            text = f"{host}: enabled, but nothing listens: {', '.join(silent)}"
            yield Ready(
                "services", "bad", text, "zmcontrol status, then repair it first"
            )
        else:
            text = f"{host}: what is enabled and has a fixed port listens"
            yield Ready("services", "well", text)


def _unseen(host: str, missing: Missing) -> Ready:
    text = f"{host}: {missing.reason}"
    return Ready("services", "unknown", text, "run zmcontrol status as zimbra")


def unasked(*subjects: tuple[str, str]) -> Iterator[Ready]:
    """Yield what nobody looked at, so that nobody thinks that somebody did."""
    for subject, step in subjects:
        yield Ready(subject, "unknown", "zmward did not look at it", step)
