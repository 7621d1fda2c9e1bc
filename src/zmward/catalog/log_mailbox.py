"""The messages of mailbox.log, as rows."""

from typing import Final

from zmward.catalog.log_pattern import NO_GUESS, Pattern, Sample

_QTP = "[qtp1068934215-318:https://mail.example.com/service/soap/AuthRequest]"
_SMTP = "[qtp1068934215-341:smtp://mbox1.example.com:7073/service/admin/soap/]"
_ADMIN = "[qtp1068934215-330:https://192.0.2.20:7071/service/admin/soap/AuthRequest]"
_IMAP = "[ip=127.0.0.1;oip=198.51.100.7;via=127.0.0.1(nginx/1.24.0);ua=x;cid=2291;]"
_WEB = "[name=anna@example.com;oip=198.51.100.7;port=51590;ua=zclient/10;soapId=5d1f;]"
_AT = "2024-11-05 10:15:40,002"
_ANNA, _CALLER = "anna@example.com", "198.51.100.7"

# The reason stands on the line below, where the stack trace begins.
_TRACE = (
    "handler exception\ncom.zimbra.common.service.ServiceException: permission denied: "
)

MAILBOX: Final[tuple[Pattern, ...]] = (
    Pattern(
        "soap-refused",
        ("mailbox",),
        "SoapEngine",
        "handler exception: authentication failed",
        r"handler exception: authentication failed for \[(?P<typed>.*)\], "
        rf"(?P<error>{NO_GUESS}[^\]]*)",
        "denied",
        (
            Sample(
                "mailbox",
                f"{_AT} INFO  {_QTP} {_WEB} SoapEngine - handler exception: "
                "authentication failed for [anna], account lockout",
                _CALLER,
                _ANNA,
                "soap",
            ),
        ),
    ),
    Pattern(
        "soap-failure",
        ("mailbox",),
        "SoapEngine",
        "handler exception: authentication failed",
        r"handler exception: authentication failed for \[(?P<typed>.*)\], "
        r"(?!account not found)(?P<error>[^\]]*)",
        "failure",
        (
            Sample(
                "mailbox",
                f"{_AT} INFO  {_QTP} {_WEB} SoapEngine - handler exception: "
                "authentication failed for [anna], invalid password",
                _CALLER,
                _ANNA,
                "soap",
            ),
        ),
        note="The same soapId stands in audit.log: both lines are one event.",
    ),
    Pattern(
        "soap-unknown-account",
        ("mailbox",),
        "SoapEngine",
        "handler exception: authentication failed",
        r"handler exception: authentication failed for \[(?P<typed>.*)\], "
        r"account not found",
        "unknown",
        (
            Sample(
                "mailbox",
                f"{_AT} INFO  {_SMTP} [oip=198.51.100.7;oport=41250;oproto=smtp;"
                "soapId=5d1f0a9d;] SoapEngine - handler exception: authentication "
                "failed for [no.body], account not found",
                _CALLER,
                "no.body",
                "smtp",
            ),
        ),
    ),
    Pattern(
        "admin-refused",
        ("mailbox",),
        "SoapEngine",
        _TRACE,
        r"handler exception\ncom\.zimbra\.common\.service\.ServiceException: "
        r"permission denied: (?:not an admin account|Error in Authentication).*",
        "denied",
        (
            Sample(
                "mailbox",
                f"{_AT} WARN  {_ADMIN} [ip=198.51.100.7;port=1;soapId=9;] SoapEngine - "
                f"{_TRACE}not an admin account",
                _CALLER,
                "",
                "admin",
            ),
        ),
        note="No line in audit.log; the password was not even looked at.",
    ),
    Pattern(
        "imap-refused",
        ("mailbox",),
        "imap|pop",
        "authentication failed for [",
        r"authentication failed for \[(?P<typed>.*)\] "
        rf"\((?P<error>{NO_GUESS}[^\]]*)\)",
        "denied",
        (
            Sample(
                "mailbox",
                f"{_AT} INFO  [ImapSSLServer-17] {_IMAP} imap - authentication failed "
                f"for [{_ANNA}] (account lockout)",
                _CALLER,
                _ANNA,
                "imap",
            ),
        ),
    ),
    Pattern(
        "imap-failure",
        ("mailbox",),
        "imap|pop",
        "authentication failed for [",
        r"authentication failed for \[(?P<typed>.*)\] \((?P<error>[^)\]]*)\)",
        "failure",
        (
            Sample(
                "mailbox",
                f"{_AT} INFO  [ImapSSLServer-17] {_IMAP} imap - authentication failed "
                f"for [{_ANNA}] (invalid password)",
                _CALLER,
                _ANNA,
                "imap",
            ),
        ),
        note="The same cid stands in audit.log: both lines are one event.",
    ),
    Pattern(
        "mail-unknown-account",
        ("mailbox",),
        "account",
        "(no such account)",
        r"authentication failed for (?P<typed>.*) \(no such account\)",
        "unknown",
        (
            Sample(
                "mailbox",
                f"{_AT} INFO  [ImapSSLServer-17] {_IMAP} account - authentication "
                "failed for nobody (no such account)",
                _CALLER,
                "nobody",
                "imap",
            ),
        ),
    ),
    Pattern(
        "protocol-off",
        ("mailbox",),
        "account",
        "Authentication failed - ",
        r"Authentication failed - (?P<protocol>\w+) not enabled for (?P<typed>.*)",
        "denied",
        (
            Sample(
                "mailbox",
                f"{_AT} INFO  [ImapSSLServer-17] {_IMAP} account - Authentication "
                f"failed - imap not enabled for {_ANNA}",
                _CALLER,
                _ANNA,
                "imap",
            ),
        ),
    ),
    Pattern(
        "login-filter",
        ("mailbox",),
        "misc",
        " suspended, for repeated failed login.",
        r"Access from IP .* suspended, for repeated failed login\.",
        "suspended",
        (
            Sample(
                "mailbox",
                "2024-11-05 10:17:00,000 INFO  [qtp1-360:https://mail.example.com/"
                "service/soap/] [oip=198.51.100.7;] misc - Access from IP 198.51.100.7 "
                "suspended, for repeated failed login.",
                _CALLER,
                "",
                "soap",
            ),
        ),
        note="The address in the message is the left-most one, which clients forge.",
    ),
    Pattern(
        "lookup-unknown-account",
        ("mailbox",),
        "nginxlookup",
        "user not found:",
        r".*?user not found:(?P<typed>.*)",
        "unknown",
        (
            Sample(
                "mailbox",
                f"{_AT} INFO  [qtp1-9:https://192.0.2.20:7072/service/extension/"
                "nginx-lookup] [] nginxlookup - user not found:nobody@example.com",
                "",
                "nobody@example.com",
                "mail",
            ),
        ),
        protocol="mail",
    ),
    Pattern(
        "flood-filter",
        ("mailbox", "out"),
        "DoSFilter",
        "DOS ALERT: ",
        r"DOS ALERT: Request (?:rejected|throttled|delayed=\d+ms,) "
        r"ip=(?P<address>[0-9A-Fa-f.:\[\]]+),.*",
        "flood",
        (
            Sample(
                "out",
                "2024-11-05 10:15:40.917:WARN:oejs.DoSFilter:qtp1027591600-190:https:"
                "//mail.example.com/service/soap/SearchRequest: DOS ALERT: Request "
                "rejected ip=198.51.100.7, session=null, user=null",
                _CALLER,
                "",
                "soap",
            ),
            Sample(
                "out",
                "2024-11-05 10:15:41.002:WARN:oejs.DoSFilter:qtp1027591600-191: DOS "
                "ALERT: Request delayed=100ms, ip=2001:db8:0:0:0:0:0:7, "
                "overlimit=x, session=node01;ip=192.0.2.1, user=null",
                "2001:db8::7",
                "",
                "soap",
            ),
            Sample(
                "out",
                "2024-11-05 10:15:42.002:WARN:oejs.DoSFilter:qtp1-1:: DOS ALERT: "
                "Request rejected ip=198.51.100.7,session=null,user=null",
                _CALLER,
                "",
                "soap",
            ),
            Sample(
                "mailbox",
                f"{_AT} WARN  {_QTP} [oip=198.51.100.7;port=1;] DoSFilter - DOS ALERT: "
                "Request rejected ip=127.0.0.1, session=null, user=null",
                _CALLER,
                "",
                "soap",
            ),
        ),
        note="Jetty writes to zmmailboxd.out, or to mailbox.log where it is led there.",
    ),
)
