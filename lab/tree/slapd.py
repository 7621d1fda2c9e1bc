"""The configuration of slapd (cn=config), as a Zimbra LDAP server has it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.tree.ldif import Entry, ldif_text, one
from lab.tree.schema import attribute_types, object_classes
from lab.zimbra.access import opened
from lab.zimbra.schema import Attribute

STANDARD_SCHEMAS = ("core", "cosine", "inetorgperson")

_ADMINS = 'by dn.children="cn=admins,cn=zimbra" write'
_POSTFIX = 'by dn.base="uid=zmpostfix,cn=appaccts,cn=zimbra" read'
_AMAVIS = 'by dn.base="uid=zmamavis,cn=appaccts,cn=zimbra" read'
_NGINX = 'by dn.base="uid=zmnginx,cn=appaccts,cn=zimbra" read'

_SECRETS = (
    "zimbraZimletUserProperties,zimbraGalLdapBindPassword,zimbraGalLdapBindDn,"
    "zimbraAuthTokenKey,zimbraPreAuthKey,zimbraPasswordHistory,"
    "zimbraIsAdminAccount,zimbraAuthLdapSearchBindPassword,"
    "zimbraTwoFactorAuthSecret,zimbraTwoFactorAuthScratchCodes,"
    "zimbraAppSpecificPassword,zimbraAuthTokens,zimbraCsrfTokenData"
)
_ADDRESS_BOOK = (
    "cn,co,company,dc,displayName,givenName,gn,initials,l,mail,o,ou,"
    "physicalDeliveryOfficeName,postalCode,sn,st,street,streetAddress,"
    "telephoneNumber,title,uid,homePhone,pager,mobile,facsimileTelephoneNumber"
)
_DELIVERY = (
    "zimbraId,zimbraMailAddress,zimbraMailAlias,zimbraMailCanonicalAddress,"
    "zimbraMailCatchAllAddress,zimbraMailCatchAllCanonicalAddress,"
    "zimbraMailCatchAllForwardingAddress,zimbraMailDeliveryAddress,"
    "zimbraMailForwardingAddress,zimbraPrefMailForwardingAddress,"
    "zimbraMailHost,zimbraMailStatus,zimbraMailTransport,zimbraDomainName,"
    "zimbraDomainType,zimbraPrefMailLocalDeliveryDisabled"
)

# The first rule that matches decides; where nobody is named, slapd answers
# noSuchObject instead of insufficientAccess.
ACCESS = (
    f"to attrs=userPassword by anonymous auth {_ADMINS}",
    f'to dn.subtree="cn=zimbra" {_ADMINS}',
    f"to attrs={_SECRETS} {_ADMINS}",
    f"to attrs=objectClass {_ADMINS} {_POSTFIX} {_AMAVIS} {_NGINX} by users read",
    f"to attrs=@amavisAccount {_ADMINS} {_AMAVIS}",
    (
        "to attrs=zimbraAllowFromAddress,DKIMIdentity,DKIMSelector,DKIMDomain,DKIMKey"
        f" {_ADMINS} {_POSTFIX}"
    ),
    (
        f'to filter="(!(zimbraHideInGal=TRUE))" attrs={_ADDRESS_BOOK}'
        f" {_ADMINS} {_POSTFIX} {_AMAVIS} by users read"
    ),
    f"to attrs={_DELIVERY} {_ADMINS} {_POSTFIX} {_AMAVIS} {_NGINX}",
    f"to attrs=entry {_ADMINS} {_POSTFIX} {_AMAVIS} {_NGINX} by users read",
    f"to * {_ADMINS}",
)

INDEXES = (
    "objectClass eq",
    "cn,displayName,givenName,sn,uid pres,eq,sub",
    "mail,zimbraMailDeliveryAddress,zimbraMailAlias,zimbraMailForwardingAddress eq,sub",
    "zimbraId,zimbraCOSId,zimbraAliasTargetId,zimbraForeignPrincipal eq",
    "zimbraDomainName,zimbraMailHost,zimbraVirtualHostname eq,sub",
    "zimbraMailCatchAllAddress eq,sub",
    "entryUUID,entryCSN eq",
)


_TLS_1_2 = "3.3"
_MODERN = "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"


@dataclass(frozen=True)
class Layout:
    """Where one slapd keeps its things and who is its root."""

    database: str
    state: str
    root_password: str
    schemas: Path
    certificate: str = ""
    key: str = ""
    tls_protocol_minimum: str = "3.1"
    tls_cipher_suite: str = "MEDIUM:HIGH"
    minimum_strength: str = "0"
    log_level: str = "49152"
    anonymous: bool = False
    modules: str = "/usr/lib/ldap"


def _global(layout: Layout) -> Entry:
    values = {
        "cn": ["config"],
        "olcArgsFile": [f"{layout.state}/slapd.args"],
        "olcPidFile": [f"{layout.state}/slapd.pid"],
        "olcLogLevel": [layout.log_level],
        "olcToolThreads": ["2"],
        "olcSizeLimit": ["unlimited"],
        "olcTimeLimit": ["unlimited"],
        "olcSecurity": [f"ssf={layout.minimum_strength}"],
        "olcLocalSSF": ["256"],
    }
    # Debian's slapd is built with GnuTLS: it keeps olcTLSProtocolMin and does not
    # act on it, and its cipher suites are priority strings.
    if layout.certificate:
        values |= {
            "olcTLSCertificateFile": [layout.certificate],
            "olcTLSCertificateKeyFile": [layout.key],
            "olcTLSProtocolMin": [layout.tls_protocol_minimum],
            "olcTLSVerifyClient": ["never"],
        }
        if layout.tls_protocol_minimum >= _TLS_1_2:
            values["olcTLSCipherSuite"] = [_MODERN]
    return Entry("cn=config", ("olcGlobal",), values)


def _module_list(layout: Layout) -> Entry:
    values = {
        "cn": ["module{0}"],
        "olcModulePath": [layout.modules],
        "olcModuleLoad": ["back_mdb", "back_monitor", "pw-sha2"],
    }
    return Entry("cn=module{0},cn=config", ("olcModuleList",), values)


def _databases(layout: Layout) -> list[Entry]:
    root = "cn=config"
    main: dict[str, list[str]] = {
        "olcDatabase": ["{2}mdb"],
        "olcSuffix": [""],
        # The password stands at {0}config, whose root this is.
        "olcRootDN": [root],
        "olcDbDirectory": [layout.database],
        "olcDbMaxSize": ["4294967296"],
        "olcDbIndex": list(INDEXES),
        "olcAccess": [
            f"{{{n}}}{opened(rule) if layout.anonymous else rule}"
            for n, rule in enumerate(ACCESS)
        ],
        "olcLastMod": ["TRUE"],
        "olcSizeLimit": ["unlimited"],
    }
    front = one(olcDatabase="{-1}frontend")
    config = one(
        olcDatabase="{0}config", olcRootDN=root, olcRootPW=layout.root_password
    )
    monitor = one(olcDatabase="{1}monitor", olcAccess="{0}to * by dn=cn=config read")
    return [
        Entry(
            "olcDatabase={-1}frontend,cn=config",
            ("olcDatabaseConfig", "olcFrontendConfig"),
            front,
        ),
        Entry("olcDatabase={0}config,cn=config", ("olcDatabaseConfig",), config),
        Entry(
            "olcDatabase={1}monitor,cn=config",
            ("olcDatabaseConfig", "olcMonitorConfig"),
            monitor,
        ),
        Entry(
            "olcDatabase={2}mdb,cn=config",
            ("olcDatabaseConfig", "olcMdbConfig"),
            main,
        ),
    ]


def configuration(layout: Layout, rows: Mapping[str, Attribute]) -> str:
    """Return the whole of cn=config as LDIF for slapadd -n 0."""
    schema = Entry("cn=schema,cn=config", ("olcSchemaConfig",), one(cn="schema"))
    zimbra = Entry(
        "cn=zimbra,cn=schema,cn=config",
        ("olcSchemaConfig",),
        {
            "cn": ["zimbra"],
            "olcAttributeTypes": attribute_types(rows),
            "olcObjectClasses": object_classes(rows),
        },
    )
    standard = [
        (layout.schemas / f"{name}.ldif").read_text(encoding="utf-8")
        for name in STANDARD_SCHEMAS
    ]
    head = ldif_text([_global(layout), _module_list(layout), schema])
    tail = ldif_text([zimbra, *_databases(layout)])
    return "\n".join([head, *standard, tail])
