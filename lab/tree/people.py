"""Three hundred users, most of them ordinary."""

from lab.tree.domains import EXTERNAL, LOCAL, PORTAL, domain_dn
from lab.tree.identity import USER_PASSWORD, identifier, salted_hash, stamp
from lab.tree.ldif import Entry, Values, one
from lab.tree.server import HOST
from lab.tree.skeleton import STAFF_COS

TOTAL = 300
_STALE = 90
CLASSES = ("inetOrgPerson", "zimbraAccount", "amavisAccount")

# Scripts and accents that a report and a CSV must survive.
_NAMES = (
    "User {n}",
    "Üser {n}",
    "Usuario Ñandú {n}",
    "Пользователь {n}",
    "用户 {n}",
    "مستخدم {n}",
    "Χρήστης {n}",
    'O\'User-{n}, Dept. "A"',
)


def account(
    address: str, own: Values, *, created: float = 600, password: str = USER_PASSWORD
) -> Entry:
    """Return one account with what provisioning writes, and its own values."""
    uid, _, domain = address.partition("@")
    values: dict[str, list[str]] = one(
        uid=uid,
        cn=uid,
        sn=uid,
        mail=address,
        zimbraId=identifier(address),
        zimbraCreateTimestamp=stamp(created),
        zimbraAccountStatus="active",
        zimbraMailHost=HOST,
        zimbraMailTransport=f"lmtp:{HOST}:7025",
        zimbraMailStatus="enabled",
        zimbraMailDeliveryAddress=address,
        zimbraPasswordModifiedTime=stamp(created),
        userPassword=salted_hash(password, address),
    )
    values |= {name: list(given) for name, given in own.items()}
    if "displayName" in own:
        values["cn"] = list(own["displayName"])
    dn = f"uid={uid},ou=people,{domain_dn(domain)}"
    return Entry(dn, CLASSES, {name: given for name, given in values.items() if given})


def ordinary(count: int, stale: str) -> list[Entry]:
    """Return that many users; those long unused have that account status."""
    return [_ordinary(number, stale) for number in range(1, count + 1)]


def _ordinary(number: int, stale: str) -> Entry:
    domain = _domain(number)
    address = f"user{number:03}@{domain}"
    name = _NAMES[number % len(_NAMES)].format(n=number)
    own = one(displayName=name, zimbraCOSId=STAFF_COS if number % 5 == 0 else "")
    if number % 5:
        del own["zimbraCOSId"]
    last_logon = _days_since_logon(number)
    if last_logon is not None:
        own["zimbraLastLogonTimestamp"] = [stamp(last_logon)]
    if last_logon is None or last_logon > _STALE:
        own["zimbraAccountStatus"] = [stale]
    return account(address, own, created=600 - number)


def _domain(number: int) -> str:
    if number % 8 == 0:
        return EXTERNAL
    return PORTAL if number % 15 == 0 else LOCAL


def _days_since_logon(number: int) -> float | None:
    """Return how long ago: one in twenty-five never, one in twelve long ago."""
    if number % 25 == 0:
        return None
    if number % 12 == 0:
        return 200 + number % 90
    return number % 20 + 0.25
