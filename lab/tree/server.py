"""Global config and the servers, as the installer leaves them."""

from collections.abc import Container, Mapping

from lab.nodes import SINGLE, Node
from lab.tree.identity import identifier, secret, stamp
from lab.tree.ldif import Entry, one
from lab.tree.skeleton import ROLE, defaults
from lab.zimbra.schema import Attribute

HOST = SINGLE[0].host
DOMAIN = "example.test"
SPAM = f"spam.lq0c8zfm@{DOMAIN}"
HAM = f"ham.bt5kq2rw@{DOMAIN}"
VIRUS = f"virus-quarantine.w1xv7n3s@{DOMAIN}"

_MIME = (
    ("all", (), "UnknownTypeHandler", (), "All Documents"),
    ("message/rfc822", (), "MessageRFC822Handler", (), "Mail Message"),
    ("text/calendar", (), "TextCalendarHandler", ("ics", "vcs"), "iCalendar Document"),
    ("text/enriched", (), "TextEnrichedHandler", ("txe",), "Enriched Text Document"),
    (
        *("text/html", ("application/x-zimbra-doc",)),
        *("com.zimbra.cs.mime.handler.TextHtmlHandler", ("html", "htm")),
        "HTML Document",
    ),
    ("text/plain", (), "TextPlainHandler", ("text", "txt"), "Plain Text Document"),
)

ZIMLETS = (
    "com_zimbra_adminversioncheck",
    "com_zimbra_attachcontacts",
    "com_zimbra_attachmail",
    "com_zimbra_bulkprovision",
    "com_zimbra_cert_manager",
    "com_zimbra_clientuploader",
    "com_zimbra_date",
    "com_zimbra_email",
    "com_zimbra_mailarchive",
    "com_zimbra_phone",
    "com_zimbra_proxy_config",
    "com_zimbra_srchhighlighter",
    "com_zimbra_tooltip",
    "com_zimbra_url",
    "com_zimbra_viewmail",
    "com_zimbra_webex",
    "com_zimbra_ymemoticons",
    "zimbra-zimlet-additional-signature-settings",
    "zimbra-zimlet-calendar-subscription",
)


def global_config(rows: Mapping[str, Attribute]) -> list[Entry]:
    """Return cn=config and the MIME table below it."""
    values = defaults(rows, "globalConfig") | one(
        cn="config",
        zimbraAuthTokenKey=f"0:{secret('auth token key', 40)}",
        zimbraCsrfTokenKey=f"0:{secret('csrf token key', 40)}",
        zimbraDefaultDomainName=DOMAIN,
        zimbraLogHostname=HOST,
        zimbraVersionCheckServer=identifier(HOST),
        zimbraVersionCheckNotificationEmail=f"admin@{DOMAIN}",
        zimbraVersionCheckNotificationEmailFrom=f"admin@{DOMAIN}",
        zimbraSpamIsSpamAccount=SPAM,
        zimbraSpamIsNotSpamAccount=HAM,
        zimbraAmavisQuarantineAccount=VIRUS,
    )
    config = "cn=config,cn=zimbra"
    mime = one(cn="mime", description="for storing MIME configuration")
    return [
        Entry(config, (*ROLE, "zimbraGlobalConfig"), values),
        Entry(f"cn=mime,{config}", ROLE, mime),
        *(_mime(row, config) for row in _MIME),
    ]


def _mime(
    row: tuple[str, tuple[str, ...], str, tuple[str, ...], str], config: str
) -> Entry:
    name, also, handler, extensions, description = row
    values = {
        "cn": [name],
        "zimbraMimeType": [name, *also],
        "zimbraMimeIndexingEnabled": ["TRUE"],
        "zimbraMimeHandlerClass": [handler],
        "zimbraMimeFileExtension": list(extensions),
        "description": [description],
    }
    return Entry(f"cn={name},cn=mime,{config}", ("zimbraMimeEntry",), values)


def server(version: str, node: Node, public_key: str = "") -> Entry:
    """Return a server entry with what the installer asks and sets."""
    major, minor, micro = version.split(".")
    host = node.host
    values = one(
        cn=host,
        zimbraId=identifier(host),
        zimbraCreateTimestamp=stamp(700),
        zimbraServiceHostname=host,
        zimbraIPMode="ipv4",
        zimbraMailMode="https",
        zimbraReverseProxyMailMode="https",
        zimbraMailPort="8080",
        zimbraMailProxyPort="80",
        zimbraMailSSLPort="8443",
        zimbraMailSSLProxyPort="443",
        zimbraSmtpHostname=HOST,
        zimbraIsMonitorHost="TRUE",
        zimbraSshPublicKey=public_key or f"ssh-rsa {secret('ssh key', 43)} {host}",
        zimbraServerVersion=f"{version}_GA_4655",
        zimbraServerVersionMajor=major,
        zimbraServerVersionMinor=minor,
        zimbraServerVersionMicro=micro,
        zimbraServerVersionType="FOSS",
        zimbraServerVersionBuild="4655",
        zimbraMailLocalBind="TRUE",
    ) | {
        "zimbraServiceEnabled": list(node.services),
        "zimbraServiceInstalled": list(node.services),
    }
    if "mailbox" in node.services:
        values |= one(
            zimbraReverseProxyLookupTarget="TRUE",
            zimbraMtaAuthTarget="TRUE",
            zimbraSpellCheckURL=f"http://{HOST}:7780/aspell.php",
        )
    if "mta" in node.services:
        values |= one(zimbraMtaMyNetworks="127.0.0.0/8 [::1]/128 192.0.2.0/24")
    dn = f"cn={host},cn=servers,cn=zimbra"
    return Entry(dn, ("zimbraServer",), values)


def zimlets(removed: Container[str]) -> list[Entry]:
    """Return the zimlets that a new installation deploys, without the removed."""
    return [
        Entry(
            f"cn={name},cn=zimlets,cn=zimbra",
            ("zimbraZimletEntry",),
            one(
                cn=name,
                zimbraZimletKeyword=name,
                zimbraZimletVersion="1.0",
                zimbraZimletEnabled="TRUE",
                zimbraZimletIndexingEnabled="FALSE",
                zimbraZimletPriority=str(place),
                zimbraCreateTimestamp=stamp(700),
            ),
        )
        for place, name in enumerate(ZIMLETS)
        if name not in removed
    ]
