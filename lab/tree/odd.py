"""The accounts that an audit is for: administrators, overrides, guests, forwards."""

from lab.tree.domains import EXTERNAL, LOCAL, PORTAL
from lab.tree.identity import ADMIN_PASSWORD, TODAY, USER_PASSWORD, identifier, stamp
from lab.tree.ldif import Entry, Values, one
from lab.tree.people import account
from lab.tree.skeleton import EXTERNAL_COS

_LONG_AGO = 400.0
_ADMIN_VIEWS = ["accountListView", "downloadsView", "DLListView", "aliasListView"]


def _used(days_ago: float, **values: str) -> dict[str, list[str]]:
    return one(zimbraLastLogonTimestamp=stamp(days_ago), **values)


# address -> its own values; None of them is TRUE by accident.
ADMINISTRATORS: dict[str, Values] = {
    f"admin@{LOCAL}": _used(
        1, zimbraIsAdminAccount="TRUE", displayName="Administrator"
    ),
    f"oldadmin@{LOCAL}": _used(
        _LONG_AGO, zimbraIsAdminAccount="TRUE", displayName="Old administrator"
    ),
    f"neveradmin@{LOCAL}": one(
        zimbraIsAdminAccount="TRUE", displayName="Administrator never used"
    ),
    f"lockedadmin@{LOCAL}": _used(
        _LONG_AGO,
        zimbraIsAdminAccount="TRUE",
        zimbraAccountStatus="locked",
        displayName="Administrator, locked until needed",
    ),
    f"adminad@{EXTERNAL}": _used(
        5, zimbraIsAdminAccount="TRUE", displayName="Administrator of the AD domain"
    ),
    f"helpdesk@{LOCAL}": _used(
        2, zimbraIsDelegatedAdminAccount="TRUE", displayName="Help desk"
    )
    | {"zimbraAdminConsoleUIComponents": _ADMIN_VIEWS},
    f"oldhelpdesk@{LOCAL}": _used(
        300, zimbraIsDelegatedAdminAccount="TRUE", displayName="Former help desk"
    )
    | {"zimbraAdminConsoleUIComponents": _ADMIN_VIEWS},
    f"domainadmin@{PORTAL}": _used(
        9, zimbraIsDomainAdminAccount="TRUE", displayName="Administrator of the portal"
    ),
}

OVERRIDES: dict[str, Values] = {
    f"imap-off@{LOCAL}": _used(3, zimbraImapEnabled="FALSE", zimbraPop3Enabled="FALSE"),
    f"imap-on@{LOCAL}": _used(3, zimbraImapEnabled="TRUE"),
    f"pop-on@{LOCAL}": _used(3, zimbraPop3Enabled="TRUE"),
    f"twofactor@{LOCAL}": _used(
        3,
        zimbraFeatureTwoFactorAuthAvailable="TRUE",
        zimbraTwoFactorAuthEnabled="TRUE",
        zimbraTwoFactorAuthSecret="JBSWY3DPEHPK3PXP|lab",
    ),
    f"twofactor-required@{LOCAL}": _used(
        3,
        zimbraFeatureTwoFactorAuthAvailable="TRUE",
        zimbraFeatureTwoFactorAuthRequired="TRUE",
    ),
    f"long-session@{LOCAL}": _used(
        3, zimbraAuthTokenLifetime="30d", zimbraMailIdleSessionTimeout="0"
    ),
    f"any-sender@{LOCAL}": _used(3, zimbraAllowAnyFromAddress="TRUE"),
    f"second-sender@{LOCAL}": _used(3, zimbraAllowFromAddress="office@example.test"),
    f"short-address@{LOCAL}": _used(3, zimbraPrefShortEmailAddress="TRUE"),
    f"proxy-residue@{LOCAL}": _used(3, zimbraProxyAllowedDomains="*"),
    f"short-password@{LOCAL}": _used(3, zimbraPasswordMinLength="4"),
    f"public-shares@{LOCAL}": _used(3, zimbraPublicSharingEnabled="TRUE"),
}

STATUSES: dict[str, Values] = {
    f"{status}@{LOCAL}": _used(90, zimbraAccountStatus=status)
    for status in ("locked", "closed", "pending", "maintenance", "lockout")
}
STATUSES[f"lockout@{LOCAL}"] = _used(
    90, zimbraAccountStatus="lockout", zimbraPasswordLockoutLockedTime=stamp(0.01)
)

NAMES: dict[str, Values] = {
    f"markup@{LOCAL}": _used(2, displayName='<script>alert("display name")</script>'),
    f"escapes@{LOCAL}": _used(2, displayName="\x1b[31mred\x1b[0m \x1b]0;title\x07"),
    f"two-lines@{LOCAL}": _used(
        2, displayName="Two Lines", description="line one\nzimbraIsAdminAccount: TRUE"
    ),
    f"direction@{LOCAL}": _used(2, displayName="\u202etxet desrever\u202c"),
    f"blanks@{LOCAL}": _used(2, displayName="  two  blanks  ", description=" lead"),
}

_REDIRECT = (
    'require ["fileinto", "copy"];\n\n# {name}\n'
    'if anyof (header :contains ["subject"] "{word}") {{\n'
    '    redirect{how} "{target}";\n    stop;\n}}\n'
)

FORWARDS: dict[str, Values] = {
    f"forward-out@{LOCAL}": _used(
        4, zimbraPrefMailForwardingAddress="me@elsewhere.test"
    ),
    f"forward-in@{LOCAL}": _used(4, zimbraPrefMailForwardingAddress=f"user001@{LOCAL}"),
    f"forward-hidden@{LOCAL}": _used(4)
    | {"zimbraMailForwardingAddress": ["archive@elsewhere.test", f"user002@{LOCAL}"]},
    f"filter-out@{LOCAL}": _used(
        4,
        zimbraMailSieveScript=_REDIRECT.format(
            name="Invoices", word="invoice", how=" :copy", target="drop@elsewhere.test"
        ),
    ),
    f"filter-in@{LOCAL}": _used(
        4,
        zimbraMailSieveScript=_REDIRECT.format(
            name="Holiday", word="leave", how="", target=f"user003@{LOCAL}"
        ),
    ),
    f"filter-files@{LOCAL}": _used(
        4,
        zimbraMailSieveScript=(
            'require ["fileinto"];\n\n# Lists\n'
            'if header :contains "subject" "[list]" {\n'
            '    fileinto "Lists";\n}\n'
        ),
    ),
}


def _guest(name: str, days_ago: float, **own: str) -> tuple[str, Values]:
    values = _used(
        days_ago,
        displayName=name.replace(".", "@", 1),
        zimbraIsExternalVirtualAccount="TRUE",
        zimbraExternalUserMailAddress=name.replace(".", "@", 1),
        zimbraVirtualAccountInitialPasswordSet="TRUE",
        zimbraCOSId=EXTERNAL_COS,
        zimbraHideInGal="TRUE",
        **own,
    )
    return f"{name}@{LOCAL}", values


GUESTS: dict[str, Values] = dict(
    (
        _guest("visitor.partner.test", 10),
        _guest("auditor.partner.test", 250),
        _guest("supplier.elsewhere.test", 30),
        _guest(
            "former.elsewhere.test",
            120,
            zimbraAccountStatus="closed",
            zimbraExternalAccountDisabledTime=stamp(100),
        ),
    )
)

_GROUPS = (OVERRIDES, STATUSES, NAMES, FORWARDS, GUESTS)


def accounts() -> list[Entry]:
    """Return all odd accounts."""
    tokens = {"zimbraAuthTokens": _tokens()}
    entries = [
        account(
            address,
            {**own, **(tokens if address == f"admin@{LOCAL}" else {})},
            created=650,
            password=ADMIN_PASSWORD,
        )
        for address, own in ADMINISTRATORS.items()
    ]
    for group in _GROUPS:
        for address, own in group.items():
            entries.append(account(address, own, password=USER_PASSWORD))
    return entries


def _tokens() -> list[str]:
    """Return what logins leave behind: token number, expiry and server version."""
    expiry = int(TODAY.timestamp() * 1000)
    return [f"{number}|{expiry + number}|10.1.21_GA_4655" for number in (17, 4711)]


_HELPDESK = identifier(f"helpdesk@{LOCAL}")
HELPDESK_GRANTS = (
    f"{_HELPDESK} usr domainAdminConsoleRights",
    f"{_HELPDESK} usr +adminLoginAs",
)
