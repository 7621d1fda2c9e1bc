"""No delegated administrator may hand rights on or log in as everybody."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_directory
from zmward.deviation import Judgement, Layer, deviates, sound
from zmward.evidence import Missing, Unseen
from zmward.facts import Facts
from zmward.sources.directory import CONFIG, COSES, DOMAINS, SERVERS
from zmward.sources.grants import GRANTS, Grant, grant
from zmward.sources.source import Unreadable

_EVERYWHERE = ("adminLoginAs", "adminLoginCalendarResourceAs")


def _grants(facts: Facts) -> Iterator[tuple[str, Grant]]:
    yield from (("globalgrant", one) for one in facts.read(GRANTS))
    entries = (facts.config(), *facts.coses(), *facts.domains(), *facts.servers())
    for entry in entries:
        for value in entry.own("zimbraACE"):
            try:
                yield entry.label, grant(value)
            except Unreadable as error:
                raise Unseen(Missing(f"{entry.label}: {error}")) from error


def _look(facts: Facts) -> Iterator[Judgement]:
    found = [(place, one) for place, one in _grants(facts) if not one.denied]
    bad = [
        (place, one)
        for place, one in found
        if one.delegable or (place == "globalgrant" and one.right in _EVERYWHERE)
    ]
    if not bad:
        seen = f"{len(found)} rights are granted"
        yield sound(Layer.DECLARED, "directory", source="ldap-grants", seen=seen)
    for place, one in bad:
        sign = "+" if one.delegable else ""
        yield deviates(
            Layer.DECLARED,
            place,
            f"{one.grantee} ({one.type}) has {sign}{one.right}",
            "rights that cannot be handed on",
            no_cure="See the grants with zmprov gg, then revoke with zmprov rvr.",
            source="ldap-grants",
        )


CONTROL = Control(
    id="rights-not-handed-on",
    title="No delegated administrator may hand rights on or log in as everybody",
    why=(
        "A right with a plus sign multiplies unseen, and adminLoginAs on "
        "everything reads every mailbox."
    ),
    impact="A global administrator grants rights instead.",
    severity=Severity.MEDIUM,
    tips=("T20",),
    roles=("mailbox",),
    check=on_directory(
        Layer.DECLARED, (GRANTS, CONFIG, COSES, DOMAINS, SERVERS), _look
    ),
    refs=(),
    note=(
        "Rights on single accounts and lists are not read; the rights of an "
        "administrators' group are those of all its members."
    ),
    examples=(
        passes(ldap_grants=(Grant("g1", "grp", "listAccount"),), cos={}, domains={}),
        fails(ldap_grants=(Grant("g1", "grp", "adminLoginAs"),), cos={}, domains={}),
        fails(
            ldap_grants=(),
            cos={},
            domains={"example.com": {"zimbraACE": "u1 usr +adminLoginAs"}},
        ),
        passes(
            ldap_grants=(),
            cos={},
            domains={"example.com": {"zimbraACE": "u1 usr -adminLoginAs"}},
        ),
        unsure(ldap_grants=(), cos={}, domains={"example.com": {"zimbraACE": "what"}}),
        unsure(missing=("ldap-grants",), cos={}, domains={}),
    ),
)
