"""What zmconfigd does by itself after a change, by attribute and localconfig key.

A section that watches an input renders its files anew within a minute and then
restarts (for the MTA: reloads) the services named here. An attribute that no row
names is read live by mailboxd, or by a service that must be restarted by hand.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec


class Section(msgspec.Struct, frozen=True):
    """One section: what it renders, and which services it restarts by itself."""

    name: str
    files: tuple[str, ...]
    restarts: tuple[str, ...]
    role: str


_CONF = "/opt/zimbra/conf"
_POSTFIX = "/opt/zimbra/common/conf"

SECTIONS: Final[Mapping[str, Section]] = {
    section.name: section
    for section in (
        Section(
            "mta",
            (
                f"{_POSTFIX}/main.cf",
                f"{_POSTFIX}/master.cf",
                f"{_CONF}/postfix_header_checks",
            ),
            ("mta",),
            "mta",
        ),
        Section(
            "amavis",
            (f"{_CONF}/amavisd.conf",),
            ("antivirus", "amavis", "mta"),
            "amavis",
        ),
        Section(
            "antivirus",
            (f"{_CONF}/clamd.conf", f"{_CONF}/freshclam.conf"),
            ("antivirus", "mta"),
            "antivirus",
        ),
        Section(
            "antispam",
            ("/opt/zimbra/data/spamassassin/localrules/salocal.cf",),
            ("antispam", "mta"),
            "antispam",
        ),
        Section(
            "opendkim",
            (f"{_CONF}/opendkim.conf", f"{_CONF}/opendkim-localnets.conf"),
            ("opendkim",),
            "opendkim",
        ),
        Section(
            "sasl",
            (f"{_CONF}/saslauthd.conf", f"{_CONF}/sasl2/smtpd.conf"),
            ("mta", "sasl"),
            "mta",
        ),
        Section(
            "mailbox",
            (f"{_CONF}/log4j.properties", "/opt/zimbra/mailboxd/etc/jetty.xml"),
            ("mailbox",),
            "mailbox",
        ),
        Section(
            "proxy",
            (f"{_CONF}/nginx.conf", f"{_CONF}/nginx/includes"),
            ("nginxproxy",),
            "proxy",
        ),
        Section("ldap", (), (), "ldap"),
        Section(
            "cbpolicyd",
            (f"{_CONF}/cbpolicyd.conf",),
            ("cbpolicyd", "mta"),
            "cbpolicyd",
        ),
        Section("dhparam", (f"{_CONF}/dhparam.pem",), (), "mta"),
    )
}

# Inputs whose section is not told by their name (facts §9.2).
_NAMED: Final[Mapping[str, tuple[str, ...]]] = {
    "zimbraMtaMyNetworks": ("mta", "amavis", "antispam", "opendkim"),
    "zimbraMtaBlockedExtension": ("amavis", "mta"),
    "zimbraMtaSaslSmtpdMechList": ("sasl",),
    "zimbraMtaAntiSpamLockMethod": ("antispam",),
    "zimbraSSLDHParam": ("dhparam",),
    "zimbraMtaMaxMessageSize": ("mta", "antivirus"),
    "zimbraAmavisMaxServers": ("amavis", "mta"),
    "zimbraIPMode": ("mta", "amavis", "opendkim", "mailbox", "dnscache"),
    "zimbraSSLExcludeCipherSuites": ("mailbox",),
    "zimbraLogToSyslog": ("mailbox",),
    "zimbraHttpNumThreads": ("mailbox",),
    "zimbraFileUploadMaxSize": ("proxy",),
    "zimbraSpamKillPercent": ("amavis",),
    "zimbraSpamTagPercent": ("amavis",),
    "zimbraSpamSubjectTag": ("amavis",),
    "zimbraVirusWarnRecipient": ("amavis",),
    "postjournal_enabled": ("mta",),
    **dict.fromkeys(
        (
            *("zimbraMailPort", "zimbraMailSSLPort", "zimbraLmtpBindPort"),
            *("zimbraMailBindAddress", "zimbraMailSSLBindAddress"),
            *("zimbraImapServerEnabled", "zimbraImapSSLServerEnabled"),
            *("zimbraImapBindAddress", "zimbraImapSSLBindAddress"),
            *("zimbraImapBindPort", "zimbraImapSSLBindPort"),
            *("zimbraPop3ServerEnabled", "zimbraPop3SSLServerEnabled"),
            *("zimbraPop3BindAddress", "zimbraPop3SSLBindAddress"),
            *("zimbraPop3BindPort", "zimbraPop3SSLBindPort"),
        ),
        ("mailbox",),
    ),
    **dict.fromkeys(
        (
            *("zimbraMailProxyPort", "zimbraMailSSLProxyPort"),
            *("zimbraImapProxyBindPort", "zimbraImapSSLProxyBindPort"),
            *("zimbraPop3ProxyBindPort", "zimbraPop3SSLProxyBindPort"),
        ),
        ("proxy",),
    ),
}
_PREFIXES: Final = (
    ("zimbraMta", "mta"),
    ("zimbraReverseProxy", "proxy"),
    ("zimbraAmavis", "amavis"),
    ("zimbraClamAV", "antivirus"),
    ("zimbraVirus", "antivirus"),
    ("zimbraCBPolicyd", "cbpolicyd"),
    ("ldap_common_", "ldap"),
    ("ldap_db_", "ldap"),
    ("antispam_mysql_", "antispam"),
)
# Inputs that end up in a rendered file and are watched by no section (facts §9.2).
NOT_WATCHED: Final[Mapping[str, tuple[str, ...]]] = {
    "zimbraMtaBlockedExtensionWarnRecipient": ("mta", "amavis"),
    "zimbraMtaAuthPort": (),
    "zimbraMailboxdSSLProtocols": (),
    "zimbraSSLIncludeCipherSuites": (),
    "zimbraMailboxdSSLRenegotiationAllowed": (),
    "zimbraReverseProxyStrictServerNameEnabled": (),
    "zimbraReverseProxySSLToUpstreamEnabled": (),
    "zimbraReverseProxyClientCertMode": (),
}
# What must be restarted by hand for those (facts §9.2, §9.3).
_BY_HAND: Final[Mapping[str, tuple[str, ...]]] = {
    "zimbraMtaAuthPort": ("mailbox",),
    "zimbraMailboxdSSLProtocols": ("mailbox",),
    "zimbraSSLIncludeCipherSuites": ("mailbox",),
    "zimbraMailboxdSSLRenegotiationAllowed": ("mailbox",),
    "zimbraReverseProxyStrictServerNameEnabled": ("nginxproxy",),
    "zimbraReverseProxySSLToUpstreamEnabled": ("nginxproxy",),
    "zimbraReverseProxyClientCertMode": ("nginxproxy",),
}


# Zimbra's own start scripts have these sections rendered, whoever restarts a service.
_AT_START: Final[Mapping[str, tuple[str, ...]]] = {
    "amavis": ("amavis", "antispam"),
    "antispam": ("amavis", "antispam"),
    "antivirus": ("antivirus",),
    "cbpolicyd": ("cbpolicyd",),
    "dnscache": ("dnscache",),
    "mta": ("antispam", "antivirus", "opendkim", "mta", "sasl"),
    "nginxproxy": ("proxy",),
    "opendkim": ("opendkim",),
    "sasl": ("sasl",),
    "all": ("all",),
}


def rendered_with(names: Iterable[str], services: Iterable[str]) -> tuple[str, ...]:
    """Return the sections of some names, and those that restarts render besides.

    A restart of everything renders every section, `all`.
    """
    found = dict.fromkeys(names)
    for service in services:
        found |= dict.fromkeys(_AT_START.get(service, ()))
    return tuple(found)


def sections(name: str) -> tuple[Section, ...]:
    """Return the sections that watch an attribute or key."""
    if name in NOT_WATCHED:
        return ()
    if name in _NAMED:
        return tuple(SECTIONS[s] for s in _NAMED[name] if s in SECTIONS)
    for prefix, section in _PREFIXES:
        if name.startswith(prefix):
            return (SECTIONS[section],)
    return ()


def rendered_by_hand(name: str) -> tuple[str, ...]:
    """Return the sections that must be rendered on request after a change."""
    return NOT_WATCHED.get(name, ())


def restarts(name: str, annotated: tuple[str, ...]) -> tuple[str, ...]:
    """Return the services that we must restart: not those that zmconfigd does.

    `annotated` is what the schema asks for.
    """
    if name in _BY_HAND:
        return _BY_HAND[name]
    own = {service for section in sections(name) for service in section.restarts}
    return tuple(service for service in annotated if service not in own)
