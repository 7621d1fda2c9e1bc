"""From evidence to a report: every control judged on the same facts."""

from collections.abc import Iterable
from datetime import datetime

from zmward.catalog.advisories import Active
from zmward.control import Control
from zmward.errors import NotZimbra
from zmward.evidence import Answer, Evidence, Missing, Unseen
from zmward.exposure import exposure
from zmward.facts import Facts
from zmward.finding import Report, judge, moment, rank
from zmward.outside import looked_at
from zmward.profile import Profile
from zmward.sources.identity import IDENTITY
from zmward.sources.localconfig import LOCALCONFIG
from zmward.sources.packages import PACKAGES
from zmward.waivers import lapsed


def _version(facts: Facts) -> str:
    for host in facts.evidence.hosts:
        try:
            packages = facts.read(PACKAGES, host)
        except Unseen:
            continue
        for name in ("zimbra-patch", "zimbra-core"):
            if name in packages:
                return packages[name]
    return ""


def _machine(facts: Facts) -> str:
    """Return the hash of the first host's machine id, for which a plan will be."""
    for host in facts.evidence.hosts[:1]:
        try:
            return facts.read(IDENTITY, host).machine
        except Unseen:
            continue
    return ""


def require_zimbra(evidence: Evidence) -> None:
    """Refuse evidence of a host that shows no sign of Zimbra."""
    for host in evidence.hosts:
        packages = evidence.answer(host, PACKAGES.name)
        listed = isinstance(packages, Answer) and " zimbra-" in packages.text
        config = evidence.answer(host, LOCALCONFIG.name)
        if listed or not isinstance(config, Missing) or config.kind != "absent":
            return
    raise NotZimbra(
        f"{', '.join(evidence.hosts) or 'The evidence'} shows no Zimbra: no zimbra-* "
        "package and no /opt/zimbra/conf/localconfig.xml. Run zmward on a Zimbra "
        "server, or give one with --host USER@HOST."
    )


def audit(
    evidence: Evidence,
    controls: Iterable[Control],
    profile: Profile,
    now: datetime | None = None,
    *,
    inside: bool = True,
    catalog: Active | None = None,
) -> Report:
    """Judge the controls; the time is the evidence's own unless `now` is given.

    Without `inside`, only what `zmward scan` saw is judged. `catalog` are the
    advisories that count, where they are others than those that zmward brings.
    """
    facts = Facts(evidence, profile, now or moment(evidence.when), catalog)
    looked = looked_at(facts)
    findings = [
        judge(control, facts, inside=inside)
        for control in controls
        if (control.outside and looked) or (inside and not control.outside_only)
    ]
    return Report(
        host=", ".join(evidence.hosts),
        when=evidence.when,
        zmward=evidence.zmward,
        version=_version(facts),
        hosts_seen=evidence.hosts,
        hosts_missing=facts.unseen_hosts(),
        findings=tuple(sorted(findings, key=rank)),
        lapsed=lapsed(facts),
        exposure=exposure(facts),
        machine=_machine(facts),
    )
