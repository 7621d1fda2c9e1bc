"""What should be so before an upgrade; what cannot be known is unknown, never well."""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from zmward.evidence import Missing, Unseen
from zmward.facts import Facts
from zmward.i18n import Said, fill, mark, spoken
from zmward.patches.installed import half_done
from zmward.patches.overview import Overview
from zmward.sources.directory import SERVERS
from zmward.sources.listeners import LISTENERS
from zmward.sources.packages import PACKAGES

STATES: Final = ("bad", "unknown", "well")


class Ready(msgspec.Struct, frozen=True):
    """One thing: `state` is bad, unknown or well; `step` is what to do about it."""

    subject: str
    state: str
    said: Said | str
    step: str = ""

    @property
    def text(self) -> str:
        """Return what was seen, in English."""
        return spoken(self.said)


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
            unseen = mark("{node}: which build it has is not known")
            text = fill(unseen, node=node.name)
            yield Ready(mark("target"), "unknown", text)
    for line, step in moves.items():
        names = ", ".join(step.nodes)
        form = mark("{nodes}: {line} → {version}, holes that this closes: {count}")
        text = fill(
            form,
            nodes=names,
            line=line,
            version=step.version,
            count=len(step.closes),
        )
        within = step.version.startswith(f"{line}.") or step.version == line
        other = mark("read the release notes on moving between lines")
        step_text = "" if within else other
        yield Ready("target", "well" if within else "unknown", text, step_text)
    levels = {
        level for node in overview.nodes for one in node.levels for level in one.levels
    }
    if len(levels) > 1:
        differ = mark("nodes or components differ: {levels}")
        text = fill(differ, levels=", ".join(sorted(levels)))
        step_text = mark("bring all to one build first")
        yield Ready(mark("same level"), "bad", text, step_text)


def whole(facts: Facts) -> Iterator[Ready]:
    """Yield whether every package is wholly in place."""
    subject = mark("packages")
    for host in facts.hosts():
        try:
            facts.read(PACKAGES, host)
        except Unseen as signal:
            yield Ready(subject, "unknown", f"{host}: {signal.missing.reason}")
            continue
        half = half_done(facts, host)
        texts = tuple(
            fill(mark("{name} is {state}"), name=name, state=state)
            for name, (state, _) in half.items()
        )
        if texts:
            step = mark("finish or undo the last installation first: dpkg --audit")
            yield Ready(
                subject, "bad", fill("{host}: {texts}", host=host, texts=texts), step
            )
        else:
            whole_ = fill(mark("{host}: no package is half in place"), host=host)
            yield Ready(subject, "well", whole_)


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
            text = fill(mark("{host}: the directory has no such server"), host=host)
            yield Ready("services", "unknown", text)
            continue
        except Unseen as signal:
            yield _unseen(host, signal.missing)
            continue
        silent = sorted(
            s for s, port in _PORTS.items() if s in enabled and port not in ports
        )
        if silent:
            text = fill(
                mark("{host}: enabled, but nothing listens: {services}"),
                host=host,
                services=", ".join(silent),
            )
            yield Ready(
                *("services", "bad", text),
                step=mark("zmcontrol status, then repair it first"),
            )
        else:
            heard = mark("{host}: what is enabled and has a fixed port listens")
            text = fill(heard, host=host)
            yield Ready("services", "well", text)


def _unseen(host: str, missing: Missing) -> Ready:
    text = f"{host}: {missing.reason}"
    step = mark("run zmcontrol status as zimbra")
    return Ready(mark("services"), "unknown", text, step)


def unasked(*subjects: tuple[str, str]) -> Iterator[Ready]:
    """Yield what nobody looked at, so that nobody thinks that somebody did."""
    for subject, step in subjects:
        yield Ready(subject, "unknown", mark("zmward did not look at it"), step)
