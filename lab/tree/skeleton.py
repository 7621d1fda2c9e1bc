"""The branches of cn=zimbra, its service principals, COS and global entries."""

from collections.abc import Mapping

from lab.tree.identity import identifier, salted_hash, stamp
from lab.tree.ldif import Entry, Values, one
from lab.zimbra.schema import Attribute

ROLE = ("organizationalRole",)
PERSON = ("zimbraAccount", "organizationalPerson", "inetOrgPerson")

# Ids that every Zimbra installation shares.
DEFAULT_COS = "e00428a1-0c00-11d9-836a-000d93afea2a"
EXTERNAL_COS = "f27456a8-0c00-11d9-280a-286d93afea2g"
STAFF_COS = identifier("cos staff")

BRANCHES = (
    ("cn=zimbra", "zimbra", "Zimbra Systems Application Data"),
    ("cn=admins,cn=zimbra", "admins", "admin accounts"),
    ("cn=appaccts,cn=zimbra", "appaccts", "application accounts"),
    ("cn=groups,cn=zimbra", "groups", "global dynamic groups"),
    ("cn=zimlets,cn=zimbra", "zimlets", "for storing Zimlet configuration"),
    ("cn=cos,cn=zimbra", "cos", ""),
    ("cn=servers,cn=zimbra", "servers", ""),
    ("cn=alwaysOnClusters,cn=zimbra", "alwaysOnClusters", ""),
    ("cn=ucservices,cn=zimbra", "ucservices", ""),
    ("cn=xmppcomponents,cn=zimbra", "xmppcomponents", ""),
    ("cn=sharelocators,cn=zimbra", "sharelocators", ""),
)

# uid, branch, zimbraId, localconfig key of the password, what it is for
PRINCIPALS = (
    (
        *("zimbra", "admins", "e0fafd89-1360-11d9-8661-000a95d98ef2"),
        *("zimbra_ldap_password", "The master zimbra admin account"),
    ),
    (
        *("zmreplica", "admins", "D020C0FE-4F5E-11DC-B033-C3A8E67A905E"),
        *("ldap_replication_password", "The zimbra replication account"),
    ),
    (
        *("zmnginx", "appaccts", "DA336C18-4F5E-11DC-8514-DCA8E67A905E"),
        *("ldap_nginx_password", "The zimbra nginx account"),
    ),
    (
        *("zmpostfix", "appaccts", "a8255e5f-142b-4aa0-8aab-f8591b6455ba"),
        *("ldap_postfix_password", "The zimbra postfix account"),
    ),
    (
        *("zmamavis", "appaccts", "12A0779A-88B6-11DC-AA4B-97F9DEB0B34E"),
        *("ldap_amavis_password", "The zimbra amavis account"),
    ),
    (
        *("zmbes-searcher", "appaccts", "30C08DC0-DB30-11E0-A9E3-832DA18C185A"),
        *("ldap_bes_searcher_password", "The zimbra BES searcher account"),
    ),
)
_GLOBAL_ADMINS = ("zimbra", "zmnginx")


def branches() -> list[Entry]:
    """Return the containers of cn=zimbra."""
    entries = []
    for dn, name, description in BRANCHES:
        text = {"description": [description]} if description else {}
        entries.append(Entry(dn, ROLE, {"cn": [name], **text}))
    grant = one(cn="globalgrant", description="acl target for global grants")
    entries.append(Entry("cn=globalgrant,cn=zimbra", ("zimbraAclTarget",), grant))
    return entries


def principals(passwords: Mapping[str, str]) -> list[Entry]:
    """Return the accounts under which Zimbra's own services bind."""
    entries = []
    for uid, branch, number, key, purpose in PRINCIPALS:
        values = one(
            uid=uid,
            cn=uid,
            sn=uid,
            zimbraId=number,
            zimbraAccountStatus="active",
            zimbraIsSystemResource="TRUE",
            description=purpose,
            userPassword=salted_hash(passwords[key], uid),
        )
        if uid in _GLOBAL_ADMINS:
            values["zimbraIsAdminAccount"] = ["TRUE"]
        if uid == "zimbra":
            values["zimbraLastLogonTimestamp"] = [stamp(0)]
        entries.append(Entry(f"uid={uid},cn={branch},cn=zimbra", PERSON, values))
    return entries


def defaults(rows: Mapping[str, Attribute], where: str) -> dict[str, list[str]]:
    """Return what a new installation writes to that entry."""
    return {
        row.name: list(row.defaults[where])
        for row in rows.values()
        if where in row.defaults
    }


def classes_of_service(rows: Mapping[str, Attribute]) -> list[Entry]:
    """Return the three classes of service."""
    common = defaults(rows, "cos")
    external = common | defaults(rows, "externalCos")
    staff = common | one(
        zimbraMailQuota="5368709120",
        zimbraPasswordMinLength="8",
        zimbraFeatureMailForwardingEnabled="FALSE",
        zimbraCreateTimestamp=stamp(700),
    )
    return [
        _cos("default", DEFAULT_COS, "The default COS", common),
        _cos(
            "defaultExternal", EXTERNAL_COS, "The default external users COS", external
        ),
        _cos("staff", STAFF_COS, "Employees", staff),
    ]


def _cos(name: str, number: str, description: str, values: Values) -> Entry:
    own = one(cn=name, zimbraId=number, description=description)
    return Entry(f"cn={name},cn=cos,cn=zimbra", ("zimbraCOS",), {**own, **values})
