"""A small directory as zmslapcat dumps it, its configuration, and a dump of MariaDB."""

_ATTRIBUTES = (
    "zimbraId",
    "zimbraMailHost",
    "zimbraDomainName",
    "zimbraServiceHostname",
)
_CLASSES = {
    "zimbraGlobalConfig": "MUST cn",
    "zimbraServer": "MUST cn",
    "zimbraDomain": "MUST zimbraDomainName",
    "zimbraCOS": "MUST cn",
    "zimbraAccount": "MAY ( zimbraId $ zimbraMailHost )",
    "zimbraCalendarResource": "MAY zimbraId",
    "zimbraDistributionList": "MAY zimbraId",
    "zimbraAlias": "MAY zimbraId",
}


def _schema() -> str:
    lines = ["dn: cn={1}zimbra,cn=schema,cn=config", "objectClass: olcSchemaConfig"]
    lines += ["cn: {1}zimbra"]
    for number, name in enumerate(_ATTRIBUTES):
        lines += [
            f"olcAttributeTypes: {{{number}}}( 1.3.6.1.4.1.19348.2.1.{number + 1} NAME",
            f"  '{name}' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )",
        ]
    for number, (name, holds) in enumerate(_CLASSES.items()):
        kind = "STRUCTURAL" if number < 4 else "AUXILIARY"
        lines += [
            f"olcObjectClasses: {{{number}}}( 1.3.6.1.4.1.19348.2.2.{number + 1} NAME",
            f"  '{name}' SUP top {kind} {holds} )",
        ]
    return "\n".join(lines) + "\n\n"


_CORE = r"""dn: cn={0}core,cn=schema,cn=config
objectClass: olcSchemaConfig
cn: {0}core
olcAttributeTypes: {0}( 2.5.4.4 NAME ( 'sn' 'surname' ) SUP name )
olcObjectClasses: {0}( 2.5.6.6 NAME 'person' SUP top STRUCTURAL MUST ( sn $ cn ) )
olcObjectClasses: {1}( 1.3.6.1.1.3.1 NAME 'uidObject' SUP top AUXILIARY MUST uid )

"""


def config() -> bytes:
    """Return cn=config as zmslapcat -c writes it, with paths of another machine."""
    head = (
        "dn: cn=config\nobjectClass: olcGlobal\ncn: config\nolcPidFile: /nowhere/p\n\n"
    )
    modules = (
        "dn: cn=module{0},cn=config\nobjectClass: olcModuleList\ncn: module{0}\n"
        "olcModulePath: /opt/zimbra/nowhere\nolcModuleLoad: {0}back_mdb.la\n\n"
    )
    schema = "dn: cn=schema,cn=config\nobjectClass: olcSchemaConfig\ncn: schema\n\n"
    database = (
        "dn: olcDatabase={2}mdb,cn=config\nobjectClass: olcDatabaseConfig\n"
        "objectClass: olcMdbConfig\nolcDatabase: {2}mdb\nolcSuffix:\n"
        "olcDbDirectory: /opt/zimbra/data/ldap/mdb/db\nolcRootPW: {SSHA}secret\n\n"
    )
    return (head + modules + schema + _CORE + _schema() + database).encode()


def _entry(dn: str, *lines: str) -> str:
    return "\n".join((f"dn: {dn}", *lines)) + "\n\n"


def directory(accounts: int = 25) -> bytes:
    """Return a directory with some accounts, a resource, a list and an alias."""
    rows = [
        _entry("cn=zimbra", "objectClass: zimbraCOS", "cn: zimbra"),
        _entry("cn=config,cn=zimbra", "objectClass: zimbraGlobalConfig", "cn: config"),
        _entry("cn=servers,cn=zimbra", "objectClass: zimbraCOS", "cn: servers"),
        _entry(
            "cn=mail.example.test,cn=servers,cn=zimbra",
            *("objectClass: zimbraServer", "cn: mail.example.test"),
        ),
        _entry(
            "zimbraDomainName=example.test,cn=zimbra",
            *("objectClass: zimbraDomain", "zimbraDomainName: example.test"),
        ),
    ]
    kinds = ["zimbraAccount"] * accounts
    kinds += ["zimbraCalendarResource", "zimbraDistributionList", "zimbraAlias"]
    for number, kind in enumerate(kinds):
        more = (
            ["objectClass: zimbraAccount"] if kind == "zimbraCalendarResource" else []
        )
        rows.append(
            _entry(
                f"cn=u{number},zimbraDomainName=example.test,cn=zimbra",
                *("objectClass: person", f"objectClass: {kind}", *more),
                *(f"cn: u{number}", f"sn: {number}", f"zimbraId: {number:08}"),
            )
        )
    return "".join(rows).encode()


def tables(rows: int = 200) -> bytes:
    """Return a dump as mysqldump writes one of Zimbra's two databases."""
    values = ",".join(
        f"({n},1,'account-{n}','{'x' * 200}')" for n in range(1, rows + 1)
    )
    return (
        "-- MariaDB dump 10.19  Distrib 10.11.6-MariaDB, for Linux (x86_64)\n--\n"
        "CREATE DATABASE /*!32312 IF NOT EXISTS*/ `zimbra`;\nUSE `zimbra`;\n"
        "DROP TABLE IF EXISTS `mailbox`;\nCREATE TABLE `mailbox` (\n"
        "  `id` int NOT NULL,\n  `group_id` int NOT NULL,\n  `account_id` varchar(127),\n  `comment` text,\n"
        "  PRIMARY KEY (`id`)\n) ENGINE=InnoDB;\nLOCK TABLES `mailbox` WRITE;\n"
        f"INSERT INTO `mailbox` VALUES {values};\nUNLOCK TABLES;\n"
        "CREATE DATABASE /*!32312 IF NOT EXISTS*/ `mboxgroup1`;\nUSE `mboxgroup1`;\n"
        "CREATE TABLE `mail_item` (\n  `id` int NOT NULL\n) ENGINE=InnoDB;\n"
        "-- Dump completed on 2026-11-30  2:00:01\n"
    ).encode()
