"""Who must reach whom in an installation of several servers, as rows."""

from typing import Final

import msgspec

from zmward.catalog.ports import When

EVERY: Final = "every"


class Flow(msgspec.Struct, frozen=True):
    """Nodes with one role open connections to services of nodes with another.

    `when` is asked of the node that connects.
    """

    source: str
    target: str
    services: tuple[str, ...]
    why: str
    when: tuple[When, ...] = ()


class Outward(msgspec.Struct, frozen=True):
    """What a role fetches from the internet; it is told, not enforced."""

    source: str
    ports: str
    why: str


_UPSTREAM: Final = "zimbraReverseProxySSLToUpstreamEnabled"
_TLS: Final = (When(_UPSTREAM, ("TRUE",)),)
_CLEAR: Final = (When(_UPSTREAM, ("FALSE",)),)

FLOWS: Final = (
    Flow(EVERY, "ldap", ("ldap", "ldaps"), "configuration and accounts"),
    Flow("proxy", "mailbox", ("route-lookup",), "route lookup"),
    Flow("proxy", "mailbox", ("mailbox-http",), "web pages", _CLEAR),
    Flow("proxy", "mailbox", ("mailbox-https",), "web pages", _TLS),
    Flow("proxy", "mailbox", ("mailbox-imap", "mailbox-pop3"), "mail", _CLEAR),
    Flow("proxy", "mailbox", ("mailbox-imaps", "mailbox-pop3s"), "mail", _TLS),
    Flow(
        *("proxy", "mailbox", ("mailbox-admin",), "administration console"),
        (When("zimbraReverseProxyAdminEnabled", ("TRUE",)),),
    ),
    Flow(
        *("proxy", "mailbox", ("mailbox-client-certificate",), "client certificates"),
        (When("zimbraReverseProxyClientCertMode", ("on", "optional")),),
    ),
    Flow("proxy", "imapd", ("imapd", "imapd-tls"), "mail"),
    Flow("proxy", "memcached", ("memcached",), "cache of routes"),
    Flow("mailbox", "memcached", ("memcached",), "caches of folders and rights"),
    Flow(
        "proxy",
        "onlyoffice",
        ("onlyoffice", "onlyoffice-alternate"),
        "editing of documents",
    ),
    Flow("proxy", EVERY, ("docs",), "editing of documents"),
    Flow("onlyoffice", "mailbox", ("document-callback",), "saving of documents"),
    Flow("mta", "mailbox", ("lmtp",), "delivery"),
    Flow("mta", "mailbox", ("mta-auth",), "logins of senders"),
    Flow("mailbox", "mta", ("smtp",), "outgoing mail"),
    Flow(
        "mailbox",
        "mailbox",
        (
            *("mailbox-admin", "mailbox-http", "mailbox-https", "mailbox-imap"),
            *("mailbox-imaps", "message-channel", "ng-mailboxes", "ng-configuration"),
        ),
        "shares, moved mailboxes, forwarded requests",
    ),
    Flow("proxy", "mailbox", ("ng-http", "ng-https"), "web pages of NG modules"),
    Flow("mailbox", "convertd", ("convertd",), "conversion of documents"),
    Flow("mailbox", "spell", ("spell",), "spell check"),
    Flow("mailbox", "license-daemon", ("license-daemon",), "licence"),
    Flow("mailbox", EVERY, ("ssdb",), "short-lived entries"),
    Flow("mailbox", EVERY, ("ssh",), "commands on other nodes (queues, certificates)"),
    Flow(EVERY, EVERY, ("syslog", "syslog-tcp"), "logs"),
    Flow(EVERY, "mailbox", ("mailbox-admin",), "zmprov and the like"),
)
OUTWARD: Final = (
    Outward("mailbox", "tcp 443", "licence, version check, feeds, other providers"),
    Outward("mta", "tcp 25", "mail to other servers"),
    Outward("mta", "udp and tcp 53", "names"),
    Outward("mta", "tcp 443 and 80", "signatures of ClamAV and SpamAssassin"),
    Outward("mta", "udp 24441", "pyzor, where it is on"),
    Outward("mta", "udp 6277", "DCC, where it is on"),
    Outward("mta", "tcp 2703", "razor, where it is on"),
    Outward(EVERY, "udp 123", "time"),
    Outward(EVERY, "tcp 443 and 80", "packages"),
)
