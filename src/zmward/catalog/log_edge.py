"""The messages of Postfix, saslauthd and nginx, as rows."""

from typing import Final

from zmward.catalog.log_pattern import NOT_ASKED, Pattern, Sample

_ANNA, _CALLER = "anna@example.com", "198.51.100.7"
_SYSLOG = "Nov  5 10:16:20 mta1 "
_ISO = "2024-11-05T10:16:20.123456+01:00 mta1 "
_UNKNOWN = "Recipient address rejected: User unknown"

EDGE: Final[tuple[Pattern, ...]] = (
    Pattern(
        "sasl-not-asked",
        ("syslog",),
        "postfix",
        "authentication failed: ",
        r"warning: [^\s\[]*\[(?P<address>[0-9A-Fa-f.:]+)\](?::\d+)?: SASL [\w-]+ "
        rf"authentication failed: {NOT_ASKED}.*",
        "quiet",
        (
            Sample(
                "syslog",
                f"{_SYSLOG}postfix/submission/smtpd[30122]: warning: "
                "unknown[198.51.100.7]: SASL LOGIN authentication failed: "
                "Connection lost to authentication server",
                _CALLER,
                "",
                "smtp",
            ),
            Sample(
                "syslog",
                f"{_SYSLOG}postfix/smtps/smtpd[30122]: warning: "
                "unknown[198.51.100.7]: SASL PLAIN authentication failed: generic "
                "failure",
                _CALLER,
                "",
                "smtp",
            ),
        ),
        protocol="smtp",
    ),
    Pattern(
        "sasl-failure",
        ("syslog",),
        "postfix",
        "authentication failed: ",
        r"warning: [^\s\[]*\[(?P<address>[0-9A-Fa-f.:]+)\](?::\d+)?: SASL [\w-]+ "
        r"authentication failed: .*?(?:, sasl_username=(?P<typed>.*))?",
        "failure",
        (
            Sample(
                "syslog",
                f"{_SYSLOG}postfix/submission/smtpd[30122]: warning: "
                "unknown[198.51.100.7]: SASL LOGIN authentication failed: "
                "authentication failure",
                _CALLER,
                "",
                "smtp",
            ),
            Sample(
                "syslog",
                f"{_ISO}postfix/smtps/smtpd[30131]: warning: host7.example.net"
                "[2001:db8::7]:4711: SASL PLAIN authentication failed: (reason "
                "unavailable), sasl_username=bob@example.com",
                "2001:db8::7",
                "bob@example.com",
                "smtp",
            ),
        ),
        protocol="smtp",
        versions="Postfix 3.9 and newer append sasl_username=",
    ),
    Pattern(
        "saslauthd-failure",
        ("syslog",),
        "saslauthd",
        "auth_zimbra: ",
        r"auth_zimbra: (?P<typed>.*) auth failed: .*",
        "failure",
        (
            Sample(
                "syslog",
                f"{_SYSLOG}saslauthd[24411]: auth_zimbra: bob@example.com auth failed: "
                "authentication failed for [bob@example.com]",
                "",
                "bob@example.com",
                "smtp",
            ),
        ),
        protocol="smtp",
        note="It has the account and no address; the line of smtpd has the address.",
    ),
    Pattern(
        "saslauthd-success",
        ("syslog",),
        "saslauthd",
        "auth_zimbra: ",
        r"auth_zimbra: (?P<typed>.*) auth OK",
        "quiet",
        (
            Sample(
                "syslog",
                f"{_SYSLOG}saslauthd[24413]: auth_zimbra: {_ANNA} auth OK",
                "",
                _ANNA,
                "smtp",
            ),
        ),
        protocol="smtp",
    ),
    Pattern(
        "sasl-success",
        ("syslog",),
        "postfix",
        ", sasl_username=",
        r"[0-9A-Za-z]+: client=[^\s\[]*\[(?P<address>[0-9A-Fa-f.:]+)\](?::\d+)?, "
        r"sasl_method=[\w-]+, sasl_username=(?P<typed>.*)",
        "success",
        (
            Sample(
                "syslog",
                f"{_SYSLOG}postfix/submission/smtpd[30150]: 4F2A11C0A2: client=unknown"
                f"[203.0.113.45], sasl_method=PLAIN, sasl_username={_ANNA}",
                "203.0.113.45",
                _ANNA,
                "smtp",
            ),
        ),
        protocol="smtp",
    ),
    Pattern(
        "unknown-recipient",
        ("syslog",),
        "postfix",
        _UNKNOWN,
        r"[0-9A-Za-z]+: reject(?:_warning)?: RCPT from [^\s\[]*"
        r"\[(?P<address>[0-9A-Fa-f.:]+)\](?::\d+)?: \d{3} [\d.]+ <(?P<typed>[^>]*)>: "
        r"Recipient address rejected: User unknown.*",
        "recipient",
        (
            Sample(
                "syslog",
                f"{_SYSLOG}postfix/smtpd[30160]: NOQUEUE: reject: RCPT from "
                "unknown[198.51.100.7]: 550 5.1.1 <x@example.com>: Recipient address "
                "rejected: User unknown in virtual mailbox table; "
                "from=<a@example.net> to=<x@example.com> proto=ESMTP helo=<pc>",
                _CALLER,
                "x@example.com",
                "smtp",
            ),
            Sample(
                "syslog",
                f"{_ISO}postfix/smtpd[30161]: 4F2A11C0A2: reject: RCPT from "
                "host7.example.net[2001:db8::7]:4711: 550 5.1.1 <y@example.com>: "
                "Recipient address rejected: User unknown; from=<> "
                "to=<y@example.com> proto=SMTP helo=<a>",
                "2001:db8::7",
                "y@example.com",
                "smtp",
            ),
        ),
        protocol="smtp",
        note="The table is not named with show_user_unknown_table_name = no.",
    ),
    Pattern(
        "unknown-recipient-elsewhere",
        ("syslog",),
        "postfix",
        _UNKNOWN,
        r"[0-9A-Za-z]+: to=<.*",
        "quiet",
        (
            Sample(
                "syslog",
                f"{_SYSLOG}postfix/smtp[30170]: 4F2A11C0A2: to=<z@example.org>, "
                "relay=mx.example.org[203.0.113.9]:25, delay=1, delays=0/0/1/0, "
                "dsn=5.1.1, status=bounced (host mx.example.org[203.0.113.9] said: 550 "
                "5.1.1 <z@example.org>: Recipient address rejected: User unknown in "
                "local recipient table (in reply to RCPT TO command))",
            ),
        ),
        protocol="smtp",
        note="The answer of another server to mail of ours.",
    ),
    Pattern(
        "lost-after-auth",
        ("syslog",),
        "postfix",
        "lost connection after AUTH",
        r"lost connection after AUTH from [^\s\[]*\[(?P<address>[0-9A-Fa-f.:]+)\]"
        r"(?::\d+)?",
        "probe",
        (
            Sample(
                "syslog",
                f"{_SYSLOG}postfix/submission/smtpd[30122]: lost connection after AUTH "
                "from unknown[198.51.100.7]",
                _CALLER,
                "",
                "smtp",
            ),
        ),
        protocol="smtp",
    ),
    Pattern(
        "pregreet",
        ("syslog",),
        "postfix",
        "PREGREET ",
        r"PREGREET \d+ after [\d.]+ from \[(?P<address>[0-9A-Fa-f.:]+)\]:\d+: .*",
        "probe",
        (
            Sample(
                "syslog",
                f"{_SYSLOG}postfix/postscreen[1201]: PREGREET 11 after 0.02 from "
                r"[198.51.100.7]:52211: EHLO User\r\n",
                _CALLER,
                "",
                "smtp",
            ),
        ),
        protocol="smtp",
    ),
    Pattern(
        "proxy-unknown-account",
        ("nginx",),
        "nginx",
        "mail zmauth: user not found:",
        r"An error occurred in mail zmauth: user not found:"
        r"(?P<typed>(?:(?! while ).)*+) while .*?, "
        r"client: (?P<address>[0-9A-Fa-f.:\[\]]+):\d+ ?, server: .*",
        "unknown",
        (
            Sample(
                "nginx",
                "2024/11/05 10:16:01 [error] 2211#0: *9931 An error occurred in mail "
                "zmauth: user not found:nobody@example.com while SSL handshaking to "
                "lookup handler, client: 198.51.100.7:55123, server: 0.0.0.0:993, "
                'login: "nobody@example.com"',
                _CALLER,
                "nobody@example.com",
                "mail",
            ),
        ),
        protocol="mail",
        note="The name can hold `, client: `: then no address is believed.",
    ),
)
