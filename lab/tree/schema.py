"""The slapd schema of the lab: real names from the catalog, numbers of our own."""

from collections.abc import Iterable, Mapping

from lab.zimbra.schema import Attribute

# RFC 5612 sets this enterprise number aside for examples.
OID_BASE = "1.3.6.1.4.1.32473.10"

# Names that Debian's core, cosine and inetorgperson schemas already define.
STANDARD = frozenset(
    [
        "c",
        "cn",
        "co",
        "description",
        "destinationIndicator",
        "displayName",
        "facsimileTelephoneNumber",
        "givenName",
        "gn",
        "homePhone",
        "initials",
        "internationaliSDNNumber",
        "l",
        "mail",
        "mobile",
        "o",
        "objectClass",
        "ou",
        "pager",
        "physicalDeliveryOfficeName",
        "postOfficeBox",
        "postalAddress",
        "postalCode",
        "preferredDeliveryMethod",
        "registeredAddress",
        "sn",
        "st",
        "street",
        "streetAddress",
        "telephoneNumber",
        "teletexTerminalIdentifier",
        "telexNumber",
        "title",
        "uid",
        "userCertificate",
        "userPassword",
        "userSMIMECertificate",
        "x121Address",
    ]
)

_IA5 = (
    "EQUALITY caseIgnoreIA5Match SUBSTR caseIgnoreIA5SubstringsMatch "
    "SYNTAX 1.3.6.1.4.1.1466.115.121.1.26"
)
_TEXT = (
    "EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch "
    "SYNTAX 1.3.6.1.4.1.1466.115.121.1.15"
)
_EXACT = (
    "EQUALITY caseExactMatch SUBSTR caseExactSubstringsMatch "
    "SYNTAX 1.3.6.1.4.1.1466.115.121.1.15"
)
_INTEGER = (
    "EQUALITY integerMatch ORDERING integerOrderingMatch "
    "SYNTAX 1.3.6.1.4.1.1466.115.121.1.27"
)
_OCTETS = "EQUALITY octetStringMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.40"

# slapd checks booleans, integers and dates; enums, ranges and patterns are
# Zimbra's own business, and the directory takes whatever it is given.
SYNTAX = {
    "boolean": "EQUALITY booleanMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.7",
    "integer": _INTEGER,
    "long": _INTEGER,
    "port": _INTEGER,
    "gentime": (
        "EQUALITY generalizedTimeMatch ORDERING generalizedTimeOrderingMatch "
        "SYNTAX 1.3.6.1.4.1.1466.115.121.1.24"
    ),
    "astring": _IA5,
    "duration": _IA5,
    "email": _IA5,
    "cs_emailp": (
        "EQUALITY caseExactIA5Match SUBSTR caseExactIA5SubstringsMatch "
        "SYNTAX 1.3.6.1.4.1.1466.115.121.1.26"
    ),
    "cstring": _EXACT,
    "enum": _TEXT,
    "id": _TEXT,
    "regex": _TEXT,
    "string": _TEXT,
    "phone": (
        "EQUALITY telephoneNumberMatch SUBSTR telephoneNumberSubstringsMatch "
        "SYNTAX 1.3.6.1.4.1.1466.115.121.1.50"
    ),
    "ostring": _OCTETS,
    "binary": _OCTETS,
    "certificate": _OCTETS,
}

# catalog object -> (class name, kind of class, superior, other attributes)
CLASSES = {
    "mailRecipient": ("zimbraMailRecipient", "AUXILIARY", "top", ""),
    "globalConfig": ("zimbraGlobalConfig", "AUXILIARY", "top", ""),
    "server": ("zimbraServer", "STRUCTURAL", "top", "cn description"),
    "cos": ("zimbraCOS", "STRUCTURAL", "top", "cn description"),
    "domain": ("zimbraDomain", "AUXILIARY", "zimbraMailRecipient", "o dc"),
    "account": ("zimbraAccount", "AUXILIARY", "zimbraMailRecipient", "userPassword"),
    "calendarResource": ("zimbraCalendarResource", "AUXILIARY", "zimbraAccount", ""),
    "alias": ("zimbraAlias", "STRUCTURAL", "top", "uid"),
    "distributionList": ("zimbraDistributionList", "STRUCTURAL", "top", "uid cn"),
    "group": ("zimbraGroup", "STRUCTURAL", "top", "cn"),
    "groupDynamicUnit": ("zimbraGroupDynamicUnit", "STRUCTURAL", "top", "cn"),
    "groupStaticUnit": ("zimbraGroupStaticUnit", "STRUCTURAL", "top", "cn"),
    "dataSource": ("zimbraDataSource", "STRUCTURAL", "top", ""),
    "pop3DataSource": ("zimbraPop3DataSource", "AUXILIARY", "top", ""),
    "imapDataSource": ("zimbraImapDataSource", "AUXILIARY", "top", ""),
    "galDataSource": ("zimbraGalDataSource", "AUXILIARY", "top", ""),
    "identity": ("zimbraIdentity", "STRUCTURAL", "top", ""),
    "signature": ("zimbraSignature", "STRUCTURAL", "top", ""),
    "zimletEntry": ("zimbraZimletEntry", "STRUCTURAL", "top", "cn description"),
    "mimeEntry": ("zimbraMimeEntry", "STRUCTURAL", "top", "cn description"),
    "objectEntry": ("zimbraObjectEntry", "STRUCTURAL", "top", "cn description"),
    "timeZone": ("zimbraTimeZone", "STRUCTURAL", "top", "cn"),
    "aclTarget": ("zimbraAclTarget", "STRUCTURAL", "top", "cn description"),
    "alwaysOnCluster": ("zimbraAlwaysOnCluster", "STRUCTURAL", "top", "cn description"),
    "ucService": ("zimbraUCService", "STRUCTURAL", "top", "cn description"),
    "xmppComponent": ("zimbraXMPPComponent", "STRUCTURAL", "top", "cn description"),
    "shareLocator": ("zimbraShareLocator", "STRUCTURAL", "top", "cn"),
    "securityGroup": ("zimbraSecurityGroup", "AUXILIARY", "top", ""),
    "habGroup": ("zimbraHabGroup", "AUXILIARY", "top", ""),
    "addressList": ("zimbraAddressList", "STRUCTURAL", "top", "uid cn description"),
}

# Attributes of other programs that Zimbra's directory carries: name -> type.
FOREIGN = {
    "amavisAccount": {
        "amavisVirusLover": "boolean",
        "amavisBannedFilesLover": "boolean",
        "amavisBypassVirusChecks": "boolean",
        "amavisBypassSpamChecks": "boolean",
        "amavisSpamTagLevel": "astring",
        "amavisSpamTag2Level": "astring",
        "amavisSpamKillLevel": "astring",
        "amavisSpamModifiesSubj": "boolean",
        "amavisWhitelistSender": "email",
        "amavisBlacklistSender": "email",
        "amavisSpamQuarantineTo": "astring",
        "amavisSpamLover": "boolean",
        "amavisBadHeaderLover": "boolean",
        "amavisBypassBannedChecks": "boolean",
        "amavisBypassHeaderChecks": "boolean",
        "amavisVirusQuarantineTo": "astring",
        "amavisBannedQuarantineTo": "astring",
        "amavisMessageSizeLimit": "astring",
        "amavisLocal": "boolean",
    },
    "DKIM": {
        "DKIMIdentity": "astring",
        "DKIMSelector": "astring",
        "DKIMDomain": "astring",
        "DKIMKey": "string",
        "DKIMPublicKey": "string",
    },
}


def _attribute_type(number: int, name: str, kind: str, *, multi: bool) -> str:
    single = "" if multi else " SINGLE-VALUE"
    return f"( {OID_BASE}.1.{number} NAME '{name}' {SYNTAX[kind]}{single} )"


def _object_class(number: int, name: str, shape: str, may: Iterable[str]) -> str:
    listed = " $ ".join(sorted(set(may), key=str.lower))
    allowed = f" MAY ( {listed} )" if listed else ""
    return f"( {OID_BASE}.2.{number} NAME '{name}' {shape}{allowed} )"


def attribute_types(rows: Mapping[str, Attribute]) -> list[str]:
    """Return the olcAttributeTypes values."""
    foreign = [row for names in FOREIGN.values() for row in names.items()]
    return [
        _attribute_type(number, row.name, row.type, multi=row.multi)
        for number, row in enumerate(rows.values(), start=1)
        if row.name not in STANDARD
    ] + [
        _attribute_type(number, name, kind, multi=True)
        for number, (name, kind) in enumerate(foreign, start=9001)
    ]


def object_classes(rows: Mapping[str, Attribute]) -> list[str]:
    """Return the olcObjectClasses values."""
    zimbra = []
    for number, (kind, row) in enumerate(CLASSES.items(), start=1):
        name, shape, superior, also = row
        may = [a.name for a in rows.values() if kind in a.objects] + also.split()
        zimbra.append(_object_class(number, name, f"SUP {superior} {shape}", may))
    return zimbra + [
        _object_class(number, name, "SUP top AUXILIARY", names)
        for number, (name, names) in enumerate(FOREIGN.items(), start=901)
    ]
