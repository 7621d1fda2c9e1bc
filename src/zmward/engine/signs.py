"""Looks at a host anew for what must stop a repair: an intruder, the last way in."""

from collections.abc import Iterable, Iterator, Mapping

from zmward.change import SetAttr
from zmward.control import Control, Status
from zmward.controls.shapes.authentication import FALLBACK
from zmward.doors.host import Door
from zmward.engine.audit import audit
from zmward.engine.collect import collect
from zmward.errors import Refused
from zmward.facts import Facts
from zmward.finding import Finding, moment
from zmward.guards import REQUIRED, SIGNS, refusal, signs
from zmward.plan import Plan
from zmward.profile import Profile
from zmward.sources.accounts import ACCOUNTS
from zmward.sources.directory import DOMAINS, SERVERS
from zmward.sources.extensions import EXTENSIONS
from zmward.sources.packages import PACKAGES
from zmward.sources.registry import sources

_ALWAYS = {"identity", "localconfig"}
_OF_REFUSALS = {
    source.name for source in (ACCOUNTS, DOMAINS, EXTENSIONS, PACKAGES, SERVERS)
}
_KEEPS_ONE = "no-fallback-to-local-passwords"


def _shut(plan: Plan) -> Iterator[str]:
    """Yield the domains that a plan leaves to another directory alone."""
    for step in plan.steps:
        change = step.change
        if (
            isinstance(change, SetAttr)
            and change.attribute == FALLBACK
            and change.after != ("TRUE",)
        ):
            yield change.target


def keep_an_administrator(domains: Iterable[str], findings: Iterable[Finding]) -> None:
    """Refuse to shut out the last administrator with a password of Zimbra's own."""
    found = next((f for f in findings if f.control == _KEEPS_ONE), None)
    for domain in domains:
        if found is None or found.status is Status.UNKNOWN:
            reason = found.reason if found else "not judged"
            raise Refused(f"Whether an administrator stays is not known: {reason}.")
        if any(d.subject == domain and d.cure is None for d in found.deviations):
            raise Refused(
                f"{FALLBACK} of {domain}: no other global administrator has a local "
                "password now. Make one in a domain with local passwords first."
            )


def _delicate(plan: Plan) -> tuple[SetAttr, ...]:
    """Return what only the host's own state of now can allow."""
    changes = (step.change for step in plan.steps)
    own = (change for change in changes if isinstance(change, SetAttr))
    return tuple(
        change
        for change in own
        if change.target.startswith("account:") or change.attribute == REQUIRED
    )


def still_allowed(changes: Iterable[SetAttr], facts: Facts) -> None:
    """Refuse what the planner would refuse by what is so now.

    The only administrator who can log in is not touched, and no second factor is
    required that no program asks for.
    """
    for change in changes:
        words = refusal(change, facts)
        if words:
            raise Refused(f"{change.target}: {words}. Nothing was changed.")


def suspicions(
    door: Door, plan: Plan, known: Mapping[str, Control], profile: Profile, version: str
) -> tuple[str, ...]:
    """Return the controls that show a sign of compromise on the host now."""
    domains, delicate = tuple(_shut(plan)), _delicate(plan)
    wanted = (*SIGNS, _KEEPS_ONE) if domains else SIGNS
    chosen = tuple(known[name] for name in wanted)
    needed = {name for control in chosen for name in control.check.needs} | _ALWAYS
    needed |= _OF_REFUSALS if delicate else set()
    asked = [source for source in sources().values() if source.name in needed]
    evidence = collect(door, asked, version)
    findings = audit(evidence, chosen, profile).findings
    keep_an_administrator(domains, findings)
    still_allowed(delicate, Facts(evidence, profile, moment(evidence.when)))
    return signs(findings)
