"""What is not a user: system accounts, aliases, lists, resources, data sources."""

from lab.tree.domains import LOCAL, PORTAL, domain_dn
from lab.tree.identity import identifier, stamp
from lab.tree.ldif import Entry, one
from lab.tree.people import account
from lab.tree.server import HAM, HOST, SPAM, VIRUS

_SYSTEM = (SPAM, HAM, VIRUS, f"galsync.kq8w2m@{LOCAL}")

_ALIASES = (
    ("postmaster", "admin"),
    ("root", "admin"),
    ("office", "user001"),
    ("sales", "user002"),
    ("dr.accents", "user003"),
)

_LISTS: tuple[tuple[str, tuple[str, ...], dict[str, str]], ...] = (
    ("all-staff", ("user005", "user010", "user020", "oldadmin"), {}),
    ("admins", ("admin", "helpdesk"), {"zimbraIsAdminGroup": "TRUE"}),
    ("outside", ("user001",), {"zimbraMailStatus": "enabled"}),
)

_RESOURCES = (("room-a", "Location"), ("room-b", "Location"), ("beamer", "Equipment"))


def system_accounts() -> list[Entry]:
    """Return the accounts that spam training, quarantine and GAL use."""
    own = one(
        zimbraIsSystemResource="TRUE",
        zimbraIsSystemAccount="TRUE",
        zimbraHideInGal="TRUE",
        amavisBypassSpamChecks="TRUE",
        zimbraAttachmentsIndexingEnabled="FALSE",
        zimbraMailQuota="0",
    )
    return [
        account(
            address,
            own if address != VIRUS else own | one(zimbraMailMessageLifetime="30d"),
            created=700,
        )
        for address in _SYSTEM
    ]


def aliases() -> list[Entry]:
    """Return the alias entries; their targets carry the address too."""
    people = f"ou=people,{domain_dn(LOCAL)}"
    return [
        Entry(
            f"uid={alias},{people}",
            ("zimbraAlias",),
            one(
                uid=alias,
                zimbraId=identifier(f"alias {alias}"),
                zimbraAliasTargetId=identifier(f"{target}@{LOCAL}"),
                zimbraCreateTimestamp=stamp(500),
            ),
        )
        for alias, target in _ALIASES
    ]


def alias_addresses() -> dict[str, list[str]]:
    """Return each target's aliases."""
    found: dict[str, list[str]] = {}
    for alias, target in _ALIASES:
        found.setdefault(f"{target}@{LOCAL}", []).append(f"{alias}@{LOCAL}")
    return found


def distribution_lists() -> list[Entry]:
    """Return the lists with their members."""
    people = f"ou=people,{domain_dn(LOCAL)}"
    entries = []
    for name, members, own in _LISTS:
        address = f"{name}@{LOCAL}"
        forwards = [f"{member}@{LOCAL}" for member in members]
        if name == "outside":
            forwards.append("somebody@elsewhere.test")
        values = one(
            uid=name,
            cn=name,
            displayName=name,
            mail=address,
            zimbraId=identifier(address),
            zimbraMailAlias=address,
            zimbraMailHost=HOST,
            zimbraMailStatus="enabled",
            zimbraCreateTimestamp=stamp(450),
        ) | one(**own)
        values["zimbraMailForwardingAddress"] = forwards
        classes = ("zimbraDistributionList", "zimbraMailRecipient")
        entries.append(Entry(f"uid={name},{people}", classes, values))
    return entries


def resources() -> list[Entry]:
    """Return the calendar resources."""
    entries = []
    for name, kind in _RESOURCES:
        own = one(
            displayName=name,
            zimbraCalResType=kind,
            zimbraAccountCalendarUserType="RESOURCE",
            zimbraCalResAutoAcceptDecline="TRUE",
        )
        entry = account(f"{name}@{LOCAL}", own, created=400)
        classes = (*entry.classes, "zimbraCalendarResource")
        entries.append(Entry(entry.dn, classes, entry.attributes))
    return entries


def below_accounts(*, sources: bool) -> list[Entry]:
    """Return data sources where there are any, an identity and a signature."""
    people = f"ou=people,{domain_dn(LOCAL)}"
    fetched = [
        _source("user004", "pop3", "Old provider", "995", people),
        _source("user007", "imap", "Private mail", "993", people),
        _source("user003", "imap", "Portal", "993", people),
    ]
    return [
        *(fetched if sources else ()),
        Entry(
            f"zimbraPrefIdentityName=Second,uid=user001,{people}",
            ("zimbraIdentity",),
            one(
                zimbraPrefIdentityName="Second",
                zimbraPrefIdentityId=identifier("identity user001"),
                zimbraPrefFromAddress=f"office@{LOCAL}",
            ),
        ),
        Entry(
            f"zimbraSignatureName=Work,uid=user001,{people}",
            ("zimbraSignature",),
            one(
                zimbraSignatureName="Work",
                zimbraSignatureId=identifier("signature user001"),
                zimbraPrefMailSignature="Regards\nThe office",
            ),
        ),
    ]


def _source(owner: str, kind: str, name: str, port: str, people: str) -> Entry:
    values = one(
        zimbraDataSourceName=name,
        zimbraDataSourceId=identifier(f"data source {owner} {name}"),
        zimbraDataSourceType=kind,
        zimbraDataSourceEnabled="TRUE",
        zimbraDataSourceHost=f"{kind}.elsewhere.test",
        zimbraDataSourcePort=port,
        zimbraDataSourceConnectionType="ssl",
        zimbraDataSourceUsername=owner,
        zimbraDataSourceFolderId="257",
        zimbraCreateTimestamp=stamp(350),
    )
    extra = {"pop3": "zimbraPop3DataSource", "imap": "zimbraImapDataSource"}[kind]
    dn = f"zimbraDataSourceName={name},uid={owner},{people}"
    return Entry(dn, ("zimbraDataSource", extra), values)


PORTAL_GROUP = f"cn=members,cn=groups,{domain_dn(PORTAL)}"


def dynamic_groups() -> list[Entry]:
    """Return one dynamic group."""
    address = f"members@{PORTAL}"
    values = one(
        cn="members",
        displayName="Members",
        mail=address,
        zimbraId=identifier(address),
        zimbraMailAlias=address,
        zimbraMailHost=HOST,
        zimbraMailStatus="enabled",
        zimbraIsACLGroup="FALSE",
        memberURL=(
            f"ldap:///ou=people,{domain_dn(PORTAL)}??sub?(zimbraAccountStatus=active)"
        ),
    )
    classes = ("zimbraGroup", "zimbraMailRecipient")
    return [Entry(PORTAL_GROUP, classes, values)]
