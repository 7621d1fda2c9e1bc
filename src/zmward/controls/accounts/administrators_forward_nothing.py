"""Mail of administrators is not forwarded outside."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_directory
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.accounts import ACCOUNTS, Accounts, Admin, Group
from zmward.sources.directory import DOMAINS


def _out(facts: Facts) -> Iterator[tuple[str, Group]]:
    """Yield how mail goes outside, and whose."""
    inside = {domain.name.lower() for domain in facts.domains()}
    for way, domains in facts.read(ACCOUNTS).forwards.items():
        for domain, group in domains.items():
            if domain not in inside:
                yield way, group


def _look(facts: Facts) -> Iterator[Judgement]:
    admins = {admin.name for admin in facts.read(ACCOUNTS).admins}
    out = tuple(_out(facts))
    found = {
        (name, way) for way, group in out for name in group.names if name in admins
    }
    for name, way in sorted(found):
        yield deviates(
            Layer.DECLARED,
            f"account:{name}",
            _HOW[way],
            "no mail forwarded outside",
            no_cure=_CURES[way].format(name),
            source="ldap-accounts",
        )
    # An administrator's own record tells of forwards, but not of filters.
    asked = {admin.name for admin in facts.read(ACCOUNTS).admins if admin.forwards}
    open_ways = _HOW if asked - {name for name, _ in found} else ("filter",)
    unnamed = sum(g.count - len(g.names) for way, g in out if way in open_ways)
    if unnamed:
        reason = f"{unnamed} of the accounts that forward outside were not named"
        yield unknown(Layer.DECLARED, "directory", reason)
    elif not found:
        seen = f"{len(admins)} administrators, none forwards outside"
        yield sound(Layer.DECLARED, "directory", source="ldap-accounts", seen=seen)


_HOW = {
    "own": "mail is forwarded outside",
    "hidden": "mail is forwarded outside, unseen by the owner",
    "filter": "a filter redirects mail outside",
}
_CURES = {
    "own": "Ask the owner, then: zmprov ma {} zimbraPrefMailForwardingAddress ''",
    "hidden": "Ask the owner, then: zmprov ma {} zimbraMailForwardingAddress ''",
    "filter": "Let the owner of {} take the filter that redirects away.",
}
_ROOT = (Admin("root@example.com", "active", forwards=True),)


def _accounts(way: str, domain: str, count: int = 1) -> Accounts:
    forwards = {way: {domain: Group(count, ("root@example.com",))}}
    return Accounts(1, _ROOT, {}, {}, forwards)


CONTROL = Control(
    id="administrators-forward-nothing",
    title="Mail of administrators is not forwarded outside",
    why=(
        "Whoever reads the mail of an administrator resets passwords and learns "
        "of every alarm; a forward is also how a thief stays."
    ),
    impact="The administrator reads the mailbox itself.",
    severity=Severity.HIGH,
    tips=("T20", "T30"),
    roles=("mailbox",),
    check=on_directory(Layer.DECLARED, (ACCOUNTS, DOMAINS), _look),
    refs=(),
    note=(
        "It judges forwards of users, forwards that users do not see, and filters "
        "that redirect. A "
        "forward to a mailbox in a domain of this server is left alone: people keep "
        "a separate account for administration."
    ),
    examples=(
        passes(
            domains={"example.com": {}}, ldap_accounts=_accounts("own", "example.com")
        ),
        passes(domains={}, admins=(Admin("root@example.com", "active"),)),
        fails(
            domains={"example.com": {}}, ldap_accounts=_accounts("own", "evil.example")
        ),
        fails(
            domains={"example.com": {}},
            ldap_accounts=_accounts("hidden", "evil.example"),
        ),
        fails(
            domains={"example.com": {}},
            ldap_accounts=_accounts("filter", "evil.example"),
        ),
        unsure(
            domains={"example.com": {}},
            ldap_accounts=Accounts(
                1,
                _ROOT,
                {},
                {},
                {"own": {"evil.example": Group(30, ("u@example.com",))}},
            ),
        ),
        passes(
            domains={"example.com": {}},
            ldap_accounts=Accounts(
                1,
                (Admin("root@example.com", "active"),),
                {},
                {},
                {"own": {"evil.example": Group(30, ("u@example.com",))}},
            ),
        ),
        unsure(missing=("ldap-accounts",), domains={}),
        unsure(missing=("ldap-domains",), admins=_ROOT),
    ),
)
