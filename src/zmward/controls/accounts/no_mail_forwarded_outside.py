"""No account forwards its mail to another organisation."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import on_directory
from zmward.controls.shapes.service import unless_wanted
from zmward.deviation import Judgement, Layer, deviates, sound
from zmward.facts import Facts
from zmward.sources.accounts import ACCOUNTS, Accounts, Group
from zmward.sources.directory import DOMAINS

_HOW = {
    "own": "the user's own forward",
    "hidden": "a forward that the user does not see",
    "filter": "a filter that redirects",
}


def _look(facts: Facts) -> Iterator[Judgement]:
    inside = {domain.name.lower() for domain in facts.domains()}
    found = [
        (way, domain, group)
        for way, domains in facts.read(ACCOUNTS).forwards.items()
        for domain, group in domains.items()
        if domain not in inside
    ]
    if not found:
        yield sound(Layer.DECLARED, "directory")
    for way, domain, group in found:
        yield deviates(
            Layer.DECLARED,
            f"{way} to {domain}",
            f"{_HOW.get(way, way)}, {group.count}: {', '.join(group.names)}",
            "none",
            no_cure="Ask the users; `zmward accounts` will review forwards.",
            source="ldap-accounts",
        )


def _forwards(way: str, domain: str) -> Accounts:
    found = {way: {domain: Group(1, ("user@example.com",))}}
    return Accounts(1, (), {}, {}, found)


CONTROL = Control(
    id="no-mail-forwarded-outside",
    title="No account forwards its mail to another organisation",
    why=(
        "A forward or a redirecting filter is how a thief keeps reading after the"
        " password was changed, and how data leaves the house."
    ),
    impact="Users read their mail here.",
    severity=Severity.MEDIUM,
    tips=("T30",),
    roles=("mailbox",),
    check=unless_wanted(
        "forwarding", on_directory(Layer.DECLARED, (ACCOUNTS, DOMAINS), _look)
    ),
    refs=(),
    note=(
        "Filters are found by the word redirect in the script of the account. "
        "Where users may forward, name forwarding as wanted in the profile."
    ),
    examples=(
        passes(
            domains={"example.com": {}}, ldap_accounts=_forwards("own", "example.com")
        ),
        fails(
            domains={"example.com": {}},
            ldap_accounts=_forwards("own", "elsewhere.example"),
        ),
        fails(
            domains={"example.com": {}},
            ldap_accounts=_forwards("hidden", "elsewhere.example"),
        ),
        fails(
            domains={"example.com": {}},
            ldap_accounts=_forwards("filter", "elsewhere.example"),
        ),
        unconcerned(
            domains={},
            ldap_accounts=_forwards("own", "elsewhere.example"),
            profile={"services": {"forwarding": "wanted"}},
        ),
        unsure(domains={}, missing=("ldap-accounts",)),
    ),
)
