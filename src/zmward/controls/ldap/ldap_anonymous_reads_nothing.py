"""Nobody reads the directory without a password."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.shapes.outside_ldap import READS_NOTHING
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.slapd import SLAPD, Access, Slapd

_HARMLESS = ("none", "auth", "disclose", "=0", "=x", "=xd", "=d", "+0")


def _strangers(rule: Access) -> Iterator[str]:
    for who, right in rule.grants:
        # A condition such as `ssf=128` or a peer's address may stand behind `*`.
        first = who.split()[0] if who.split() else who
        if first in ("*", "anonymous") and right not in _HARMLESS:
            yield f"by {who} {right}"


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    slapd = facts.read(SLAPD, host)
    access = slapd.access
    if "authc" in " ".join(slapd.settings.get("olcrequires", ())).split():
        seen = "olcRequires: authc"
        yield sound(Layer.RENDERED, host, source="slapd", seen=seen)
        return
    if not access:
        yield unknown(Layer.RENDERED, host, "slapd's main database has no rules at all")
        return
    found = [
        f"to {rule.what[:60]} {grant}" for rule in access for grant in _strangers(rule)
    ]
    if found:
        yield deviates(
            Layer.RENDERED,
            host,
            "; ".join(found),
            "no more than auth for anonymous",
            no_cure="Close it with `/opt/zimbra/libexec/zmldapanon -d`.",
            source="slapd",
        )
    else:
        seen = f"{len(access)} rules, none for anonymous readers"
        yield sound(Layer.RENDERED, host, source="slapd", seen=seen)


_AUTH = Access("attrs=userPassword", (("anonymous", "auth"),))
_BOOK = (("users", "read"), ("anonymous", "read"))

CONTROL = Control(
    id="ldap-anonymous-reads-nothing",
    title="Nobody reads the directory without a password",
    why="A list of all names and addresses is where spam and guessing begin.",
    impact="Address books that ask without a login get nothing.",
    severity=Severity.HIGH,
    tips=("S6",),
    roles=("ldap",),
    locks_out="address books that ask without a login",
    check=on_hosts(Layer.RENDERED, (SLAPD,), _look, role="ldap"),
    refs=("https://www.openldap.org/doc/admin26/access-control.html",),
    note=(
        "Every user who binds with his own password still reads the address-book "
        "attributes of all accounts; that is how Zimbra's rules are shipped."
    ),
    outside=READS_NOTHING,
    examples=(
        passes(slapd=Slapd((_AUTH, Access("attrs=cn", (("users", "read"),))), {})),
        fails(slapd=Slapd((_AUTH, Access("attrs=cn", _BOOK)), {})),
        fails(slapd=Slapd((Access("*", (("*", "read"),)),), {})),
        passes(
            slapd=Slapd((Access("*", (("*", "read"),)),), {"olcrequires": ("authc",)})
        ),
        unsure(slapd=Slapd((), {})),
        unsure(missing=("slapd",)),
    ),
)
