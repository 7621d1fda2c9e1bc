"""Zimbra's services, the programs that control them and the units behind them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Service:
    """One service: its name in zmcontrol, its control program, its word, its unit."""

    name: str
    program: str
    word: str
    unit: str


# In the order in which zmcontrol starts them.
SERVICES = (
    Service("ldap", "ldap", "slapd", "zimbra-ldap"),
    Service("zmconfigd", "zmconfigdctl", "zmconfigd", "zimbra-configd"),
    Service("dnscache", "zmdnscachectl", "dnscache", "zimbra-dnscache"),
    Service("logger", "zmloggerctl", "logger", "zimbra-placeholder@logger"),
    Service("mailbox", "zmmailboxdctl", "mailboxd", "zimbra-mailboxd"),
    Service("memcached", "zmmemcachedctl", "memcached", "zimbra-memcached"),
    Service("proxy", "zmproxyctl", "proxy", "zimbra-proxy"),
    Service("amavis", "zmamavisdctl", "amavisd", "zimbra-amavis"),
    Service("antispam", "zmantispamctl", "antispam", "zimbra-amavis"),
    Service("antivirus", "zmantivirusctl", "antivirus", "zimbra-clamd"),
    Service("opendkim", "zmopendkimctl", "opendkim", "zimbra-opendkim"),
    Service("snmp", "zmswatchctl", "swatch", "zimbra-placeholder@snmp"),
    Service("spell", "zmspellctl", "spell", "zimbra-placeholder@spell"),
    Service("mta", "zmmtactl", "postfix", "zimbra-mta"),
    Service("stats", "zmstatctl", "zmstat", "zimbra-placeholder@stats"),
)

# Control programs of parts that zmcontrol does not list by themselves.
PARTS = (
    Service("clamd", "zmclamdctl", "clamd", "zimbra-clamd"),
    Service("saslauthd", "zmsaslauthdctl", "saslauthd", "zimbra-saslauthd"),
    Service("storage", "zmstorectl", "mailboxd", "zimbra-mailboxd"),
)

# Parts of the mailbox server that zmcontrol lists as services of their own.
WEBAPPS = ("service", "zimbra", "zimbraAdmin", "zimlet")
ALWAYS = ("zmconfigd",)
BY_PROGRAM = {service.program: service for service in (*SERVICES, *PARTS)}
UNITS = frozenset(f"{service.unit}.service" for service in (*SERVICES, *PARTS))
VERBS = frozenset({"start", "stop", "restart", "reload"})
