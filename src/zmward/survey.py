"""What a server shows that helps to write its profile."""

from collections.abc import Iterator

from zmward.evidence import Evidence, Unseen
from zmward.facts import Facts
from zmward.finding import moment
from zmward.profile import Profile


def _networks(facts: Facts) -> Iterator[tuple[str, str]]:
    common = facts.config().own("zimbraMtaMyNetworks")
    for server in facts.servers("mta"):
        values = server.own("zimbraMtaMyNetworks") or common
        yield f"networks.relays ({server.name})", " ".join(values) or "(not set)"


def _domains(facts: Facts) -> Iterator[tuple[str, str]]:
    domains = facts.domains()
    outside = [d.name for d in domains if d.one("zimbraAuthMech") not in ("", "zimbra")]
    keyed = [d.name for d in domains if d.own("zimbraPreAuthKey")]
    if outside:
        yield "external authentication", ", ".join(outside)
    if keyed:
        yield "pre-authentication", ", ".join(keyed)


def _proxies(facts: Facts) -> Iterator[tuple[str, str]]:
    trusted = facts.config().own("zimbraMailTrustedIP")
    if trusted:
        yield "networks.proxies (zimbraMailTrustedIP)", " ".join(trusted)


def survey(evidence: Evidence) -> dict[str, str]:
    """Return what was seen, by the profile's key or in words."""
    facts = Facts(evidence, Profile(), moment(evidence.when))
    found: dict[str, str] = {}
    for look in (_networks, _proxies, _domains):
        try:
            found.update(look(facts))
        except Unseen:
            continue
    return found
