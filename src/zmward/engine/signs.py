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
from zmward.guards import SIGNS, last_way_in, signs
from zmward.plan import Plan
from zmward.profile import Profile
from zmward.sources.registry import sources

_ALWAYS = {"identity", "localconfig"}
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


def _of_accounts(plan: Plan) -> tuple[SetAttr, ...]:
    changes = (step.change for step in plan.steps)
    own = (change for change in changes if isinstance(change, SetAttr))
    return tuple(change for change in own if change.target.startswith("account:"))


def keep_the_last(changes: Iterable[SetAttr], facts: Facts) -> None:
    """Refuse to touch the only administrator who can log in, as it is now."""
    for change in changes:
        words = last_way_in(change, facts)
        if words:
            raise Refused(f"{change.target}: {words}. Nothing was changed.")


def suspicions(
    door: Door, plan: Plan, known: Mapping[str, Control], profile: Profile, version: str
) -> tuple[str, ...]:
    """Return the controls that show a sign of compromise on the host now."""
    domains, accounts = tuple(_shut(plan)), _of_accounts(plan)
    wanted = (*SIGNS, _KEEPS_ONE) if domains or accounts else SIGNS
    chosen = tuple(known[name] for name in wanted)
    needed = {name for control in chosen for name in control.check.needs} | _ALWAYS
    asked = [source for source in sources().values() if source.name in needed]
    evidence = collect(door, asked, version)
    findings = audit(evidence, chosen, profile).findings
    keep_an_administrator(domains, findings)
    keep_the_last(accounts, Facts(evidence, profile, moment(evidence.when)))
    return signs(findings)
