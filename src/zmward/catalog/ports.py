"""Zimbra's listening services as rows: port, what moves it, who may reach it."""

from functools import cache
from typing import Final, Literal

import msgspec

# `internet` is for everybody, `clients` for the site's users, `cluster` for other
# nodes of the installation; `loopback` for nobody but the host itself.
Exposure = Literal["internet", "clients", "admin", "cluster", "loopback"]
Encryption = Literal["none", "starttls", "tls", "own"]


class When(msgspec.Struct, frozen=True):
    """A setting whose value decides; `{host}` stands for the server's own name."""

    setting: str
    values: tuple[str, ...]
    local: bool = False


class Port(msgspec.Struct, frozen=True):
    """One service; `port` is the usual number, used where no setting is known.

    `attribute` (server, else global) or `key` (localconfig) moves the port; 0 closes.
    `roles` are names of zimbraServiceEnabled, any of them; none means every node.
    `direct` is the exposure where the installation has no proxy.
    `optional` services are opened only where the profile names them.
    `package` shows a service that zimbraServiceEnabled may leave out.
    `by_listener` marks what neither directory nor packages tell.
    `wanted` is the key of the profile's services that decides over it.
    """

    name: str
    port: int
    roles: tuple[str, ...]
    exposure: Exposure
    encryption: Encryption = "none"
    attribute: str = ""
    bind: str = ""
    key: str = ""
    protocols: tuple[str, ...] = ("tcp",)
    when: tuple[When, ...] = ()
    package: str = ""
    direct: Exposure | None = None
    optional: bool = False
    by_listener: bool = False
    wanted: str = ""
    remark: str = ""

    @property
    def roleless(self) -> bool:
        """Say whether it may run on a node whose roles do not show it."""
        return bool(self.package) or self.by_listener


def _true(*attributes: str) -> tuple[When, ...]:
    return tuple(When(attribute, ("TRUE",)) for attribute in attributes)


_CLEAR: Final = ("http", "both", "mixed", "redirect")
_TLS: Final = ("https", "both", "mixed", "redirect")
_MTA: Final = ("mta",)
_PROXY: Final = ("proxy",)
_STORE: Final = ("mailbox",)
_MAIL: Final = "zimbraReverseProxyMailEnabled"
_WEB: Final = "zimbraReverseProxyHttpEnabled"
_SUBMISSION: Final = "Where the profile names no client networks, say if it is wanted."

# Facts of the ports: what Postfix and nginx offer to clients.
_CLIENTS: Final = (
    Port("smtp", 25, _MTA, "internet", "starttls", remark="Mail from other servers."),
    Port("smtps", 465, _MTA, "clients", "tls", wanted="smtp_auth", remark=_SUBMISSION),
    Port("submission", 587, _MTA, "clients", "starttls", wanted="smtp_auth"),
    Port(
        *("http", 80, _PROXY, "internet", "none", "zimbraMailProxyPort"),
        when=(When("zimbraReverseProxyMailMode", _CLEAR), *_true(_WEB)),
        remark="Where the mode is redirect, it only sends browsers to HTTPS.",
    ),
    Port(
        *("https", 443, _PROXY, "internet", "tls", "zimbraMailSSLProxyPort"),
        when=(When("zimbraReverseProxyMailMode", _TLS), *_true(_WEB)),
        remark="Web client, SOAP, DAV, ActiveSync, EWS.",
    ),
    Port(
        *("pop3", 110, _PROXY, "clients", "starttls", "zimbraPop3ProxyBindPort"),
        when=_true(_MAIL, "zimbraReverseProxyMailPop3Enabled"),
        optional=True,
        wanted="pop",
    ),
    Port(
        *("pop3s", 995, _PROXY, "clients", "tls", "zimbraPop3SSLProxyBindPort"),
        when=_true(_MAIL, "zimbraReverseProxyMailPop3sEnabled"),
        wanted="pop",
    ),
    Port(
        *("imap", 143, _PROXY, "clients", "starttls", "zimbraImapProxyBindPort"),
        when=_true(_MAIL, "zimbraReverseProxyMailImapEnabled"),
        optional=True,
        wanted="imap",
    ),
    Port(
        *("imaps", 993, _PROXY, "clients", "tls", "zimbraImapSSLProxyBindPort"),
        when=_true(_MAIL, "zimbraReverseProxyMailImapsEnabled"),
        wanted="imap",
    ),
    Port(
        *("proxy-admin", 9071, _PROXY, "admin", "tls", "zimbraAdminProxyPort"),
        when=_true("zimbraReverseProxyAdminEnabled"),
        remark="Come by a tunnel, or name the networks of administrators.",
    ),
    Port(
        *("https-client-certificate", 3443, _PROXY, "clients", "tls"),
        "zimbraMailSSLProxyClientCertPort",
        when=(When("zimbraReverseProxyClientCertMode", ("on", "optional")),),
        optional=True,
    ),
)

_STORES: Final = (
    Port(
        *("mailbox-http", 8080, _STORE, "cluster", "none"),
        *("zimbraMailPort", "zimbraMailBindAddress"),
        when=(When("zimbraMailMode", _CLEAR),),
        direct="internet",
    ),
    Port(
        *("mailbox-https", 8443, _STORE, "cluster", "tls"),
        *("zimbraMailSSLPort", "zimbraMailSSLBindAddress"),
        when=(When("zimbraMailMode", _TLS),),
        direct="internet",
    ),
    Port(
        *("mailbox-admin", 7071, _STORE, "admin", "tls"),
        *("zimbraAdminPort", "zimbraAdminBindAddress"),
        remark="Other nodes need it; administrators can come by a tunnel.",
    ),
    Port(
        *("route-lookup", 7072, _STORE, "cluster", "tls"),
        *("zimbraExtensionBindPort", "zimbraExtensionBindAddress"),
        remark="May hand out tokens: for proxies only.",
    ),
    Port(
        *("mta-auth", 7073, _STORE, "cluster", "tls"),
        *("zimbraMtaAuthPort", "zimbraMtaAuthBindAddress"),
    ),
    Port(
        *("document-callback", 7074, _STORE, "cluster", "tls"),
        "zimbraDocumentEditingCallbackPort",
        by_listener=True,
    ),
    Port(
        *("mailbox-client-certificate", 9443, _STORE, "cluster", "tls"),
        *("zimbraMailSSLClientCertPort", "zimbraMailSSLClientCertBindAddress"),
        when=(
            When("zimbraMailSSLClientCertMode", ("NeedClientAuth", "WantClientAuth")),
        ),
        direct="clients",
        optional=True,
    ),
    Port(
        *("lmtp", 7025, _STORE, "cluster", "starttls"),
        *("zimbraLmtpBindPort", "zimbraLmtpBindAddress"),
        when=_true("zimbraLmtpServerEnabled"),
        remark="Asks for no password: for MTAs only.",
    ),
    Port(
        *("mailbox-pop3", 7110, _STORE, "cluster", "starttls"),
        *("zimbraPop3BindPort", "zimbraPop3BindAddress"),
        when=_true("zimbraPop3ServerEnabled"),
        direct="clients",
        optional=True,
        wanted="pop",
    ),
    Port(
        *("mailbox-pop3s", 7995, _STORE, "cluster", "tls"),
        *("zimbraPop3SSLBindPort", "zimbraPop3SSLBindAddress"),
        when=_true("zimbraPop3SSLServerEnabled"),
        direct="clients",
        wanted="pop",
    ),
    Port(
        *("mailbox-imap", 7143, _STORE, "cluster", "starttls"),
        *("zimbraImapBindPort", "zimbraImapBindAddress"),
        when=_true("zimbraImapServerEnabled"),
        direct="clients",
        optional=True,
        wanted="imap",
    ),
    Port(
        *("mailbox-imaps", 7993, _STORE, "cluster", "tls"),
        *("zimbraImapSSLBindPort", "zimbraImapSSLBindAddress"),
        when=_true("zimbraImapSSLServerEnabled"),
        direct="clients",
        wanted="imap",
    ),
    Port(
        *("message-channel", 7285, _STORE, "cluster", "none"),
        "zimbraMessageChannelPort",
        when=_true("zimbraMessageChannelEnabled"),
    ),
    Port(
        *("mariadb", 7306, _STORE, "loopback"),
        key="mysql_port",
        remark="mysql_bind_address unset means 127.0.0.1.",
    ),
    Port(
        *("xmpp", 5222, _STORE, "clients", "starttls", "zimbraChatXmppPort"),
        when=_true("zimbraChatServiceEnabled"),
        optional=True,
        by_listener=True,
    ),
    Port(
        *("xmpp-tls", 5223, _STORE, "clients", "tls", "zimbraChatXmppSslPort"),
        when=_true("zimbraChatServiceEnabled", "zimbraChatXmppSslPortEnabled"),
        optional=True,
        by_listener=True,
    ),
    Port(
        *("xmpp-federation", 5269, _STORE, "cluster", "starttls"),
        key="xmpp_server_socket_remoteport",
        by_listener=True,
    ),
    Port("xmpp-files", 7335, _STORE, "cluster", by_listener=True),
    Port("ng-mailboxes", 8735, _STORE, "cluster", "own", by_listener=True),
    Port("ng-configuration", 8736, _STORE, "cluster", "tls", by_listener=True),
    Port("ng-http", 8742, _STORE, "cluster", by_listener=True),
    Port("ng-https", 8743, _STORE, "cluster", "tls", by_listener=True),
    Port("jetty-stop", 7867, _STORE, "loopback", by_listener=True),
)

_COMPANIONS: Final = (
    Port(
        *("imapd", 8143, ("imapd",), "cluster", "starttls"),
        "zimbraRemoteImapBindPort",
        when=_true("zimbraRemoteImapServerEnabled"),
        package="zimbra-imapd",
    ),
    Port(
        *("imapd-tls", 8993, ("imapd",), "cluster", "tls"),
        "zimbraRemoteImapSSLBindPort",
        when=_true("zimbraRemoteImapSSLServerEnabled"),
        package="zimbra-imapd",
    ),
    Port("convertd", 7047, ("convertd",), "cluster", package="zimbra-convertd"),
    Port("spell", 7780, ("spell",), "cluster", package="zimbra-spell"),
    Port(
        *("onlyoffice", 7084, ("onlyoffice",), "cluster", "tls"),
        package="zimbra-onlyoffice",
    ),
    Port(
        *("onlyoffice-alternate", 7085, ("onlyoffice",), "cluster", "tls"),
        package="zimbra-onlyoffice",
    ),
    Port("rabbitmq", 5672, ("onlyoffice",), "loopback", by_listener=True),
    Port("rabbitmq-nodes", 25672, ("onlyoffice",), "loopback", by_listener=True),
    Port("erlang-names", 4369, ("onlyoffice",), "loopback", by_listener=True),
    Port("docs", 9980, (), "cluster", "tls", package="zimbra-docs"),
    Port(
        *("license-daemon", 8081, ("license-daemon",), "cluster"),
        package="zimbra-license-daemon",
    ),
    Port("ssdb", 8888, (), "cluster", by_listener=True),
    Port(
        *("statistics", 10663, ("logger",), "loopback"),
        key="logger_zmrrdfetch_port",
    ),
    Port("logger-database", 7307, ("logger",), "loopback", by_listener=True),
    Port(
        *("ssh", 22, (), "admin", "own", "zimbraRemoteManagementPort"),
        remark="sshd's own settings decide the port.",
    ),
    Port(
        *("snmp", 161, ("snmp",), "admin"),
        protocols=("udp",),
        by_listener=True,
        optional=True,
    ),
    Port(
        *("snmp-traps", 162, ("snmp",), "admin"),
        protocols=("udp",),
        by_listener=True,
        optional=True,
    ),
    Port(
        "notification",
        7035,
        _STORE,
        "loopback",
        "none",
        "zimbraNotifyBindPort",
        protocols=("udp",),
        by_listener=True,
        remark="Out of use since 4.0.",
    ),
    Port(
        "notification-tls",
        7036,
        _STORE,
        "loopback",
        "none",
        "zimbraNotifySSLBindPort",
        protocols=("udp",),
        by_listener=True,
    ),
    Port(
        *("zmconfigd", 7171, (), "loopback"),
        key="zmconfigd_listen_port",
        remark="Takes commands without a password.",
    ),
    Port("ldap", 389, ("ldap",), "cluster", "starttls", key="ldap_port"),
    Port(
        *("ldaps", 636, ("ldap",), "cluster", "tls"),
        by_listener=True,
        remark="Only where ldap_bind_url or ldap_url holds ldaps://.",
    ),
    Port(
        *("memcached", 11211, ("memcached",), "cluster", "none"),
        *("zimbraMemcachedBindPort", "zimbraMemcachedBindAddress"),
        remark="Asks for no password; empty bind address means all.",
    ),
    Port("dns", 53, ("dnscache",), "loopback", protocols=("tcp", "udp")),
    Port(
        *("syslog", 514, (), "cluster"),
        protocols=("udp",),
        when=(When("zimbraLogHostname", ("{host}",)),),
    ),
    Port("syslog-tcp", 514, (), "cluster", by_listener=True),
)

_CHAIN: Final = (
    Port("amavis", 10024, ("amavis",), "loopback"),
    Port("amavis-return", 10025, _MTA, "loopback"),
    Port("amavis-own", 10026, ("amavis",), "loopback"),
    Port("postjournal", 10027, _MTA, "loopback", remark="Declared even where off."),
    Port("reinject", 10028, _MTA, "loopback"),
    Port("archive", 10029, _MTA, "loopback"),
    Port("dkim-return", 10030, _MTA, "loopback"),
    Port(
        *("policyd", 10031, ("cbpolicyd",), "loopback"),
        attribute="zimbraCBPolicydBindPort",
    ),
    Port("amavis-signed", 10032, ("amavis",), "loopback"),
    Port("opendkim", 8465, ("opendkim",), "loopback"),
    Port(
        *("clamav", 3310, ("antivirus",), "loopback", "none"),
        *("zimbraClamAVListenPort", "zimbraClamAVBindAddress"),
        remark="Takes SHUTDOWN without a password.",
    ),
    Port("amavis-forwarder", 23232, ("amavis",), "loopback", by_listener=True),
    Port("amavis-snmp", 23233, ("amavis",), "loopback", by_listener=True),
    Port(
        *("milter", 7026, _MTA, "loopback", "none"),
        *("zimbraMilterBindPort", "zimbraMilterBindAddress"),
        when=_true("zimbraMilterServerEnabled"),
    ),
    Port(
        *("antispam-database", 7308, ("antispam",), "loopback"),
        key="antispam_mysql_port",
        when=(When("antispam_mysql_enabled", ("true",), local=True),),
    ),
)

PORTS: Final = (*_CLIENTS, *_STORES, *_COMPANIONS, *_CHAIN)


@cache
def ports() -> dict[str, Port]:
    """Return every row by its name."""
    return {row.name: row for row in PORTS}
