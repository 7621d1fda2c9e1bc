"""One more domain of many accounts, as LDIF for slapadd."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

DOMAIN = "bulk.test"
SUFFIX = "dc=bulk,dc=test"
START = datetime(2026, 11, 1, tzinfo=UTC)


def _head() -> Iterator[str]:
    yield (
        f"dn: {SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\n"
        "objectClass: zimbraDomain\no: bulk\ndc: bulk\nzimbraDomainType: local\n"
        f"zimbraDomainName: {DOMAIN}\nzimbraId: 00000000-0000-4000-8000-000000000000\n"
        "zimbraDomainStatus: active\n"
    )
    yield (
        f"dn: ou=people,{SUFFIX}\nobjectClass: organizationalRole\n"
        "ou: people\ncn: people\n"
    )


def _odd(number: int, dice: random.Random) -> Iterator[str]:
    """Yield what makes some accounts stand out: about one in eight."""
    if number % 50 == 0:
        yield f"zimbraPrefMailForwardingAddress: out{number}@example.net"
    if number % 40 == 0:
        yield "zimbraImapEnabled: TRUE"
    if number % 100 == 0:
        yield "zimbraAuthTokenLifetime: 30d"
    if number % 1000 == 0:
        yield "zimbraIsDelegatedAdminAccount: TRUE"
    if dice.random() < 0.05:  # noqa: PLR2004  # one in twenty is enrolled
        yield "zimbraTwoFactorAuthEnabled: TRUE"


def accounts(number: int) -> Iterator[str]:
    """Yield the domain and its accounts, the same on every run."""
    dice = random.Random(1)  # noqa: S311  # a sample, not a secret
    yield from _head()
    states = ("active",) * 95 + ("locked", "closed", "pending", "maintenance", "active")
    for n in range(number):
        seen = START - timedelta(
            days=dice.randrange(900), seconds=dice.randrange(86400)
        )
        stamp = seen.strftime("%Y%m%d%H%M%SZ")
        lines = [
            f"dn: uid=user{n},ou=people,{SUFFIX}",
            "objectClass: inetOrgPerson",
            "objectClass: zimbraAccount",
            "objectClass: amavisAccount",
            f"uid: user{n}",
            f"cn: User {n}",
            "sn: User",
            f"displayName: User {n}",
            f"mail: user{n}@{DOMAIN}",
            f"zimbraId: 10000000-0000-4000-8000-{n:012d}",
            f"zimbraMailDeliveryAddress: user{n}@{DOMAIN}",
            "zimbraMailHost: mail.example.test",
            "zimbraMailTransport: lmtp:mail.example.test:7025",
            "zimbraMailStatus: enabled",
            f"zimbraAccountStatus: {states[n % 100]}",
            f"zimbraCreateTimestamp: {stamp}",
            f"zimbraLastLogonTimestamp: {stamp}",
            *_odd(n, dice),
        ]
        yield "\n".join(lines) + "\n"
