"""The messages of audit.log, as rows."""

from typing import Final

from zmward.catalog.log_pattern import NO_GUESS, Pattern, Sample

_QTP = "[qtp1068934215-318:https://mail.example.com/service/soap/AuthRequest]"
_SMTP = "[qtp1068934215-341:smtp://mbox1.example.com:7073/service/admin/soap/]"
_ADMIN = "[qtp1068934215-330:https://192.0.2.20:7071/service/admin/soap/AuthRequest]"
_IMAP = "[ip=127.0.0.1;oip=198.51.100.7;via=127.0.0.1(nginx/1.24.0);ua=x;cid=2291;]"
_WEB = "[name=anna@example.com;oip=198.51.100.7;port=51590;ua=zclient/10;soapId=5d1f;]"
_AT = "2024-11-05 10:15:40,002"
_ANNA, _CALLER = "anna@example.com", "198.51.100.7"

AUDIT: Final[tuple[Pattern, ...]] = (
    Pattern(
        "audit-auth-success",
        ("audit", "sync"),
        "security",
        "cmd=Auth;",
        r"cmd=Auth; account=(?P<account>(?:[^;]++|;;)*+); protocol=(?P<protocol>\w+);",
        "success",
        (
            Sample(
                "audit",
                f"{_AT} INFO  {_QTP} [name={_ANNA};oip=203.0.113.45;port=51544;"
                "ua=ZimbraWebClient - FF132 (Linux)/10.1.3_GA_4655;soapId=5d1f0a7e;] "
                f"security - cmd=Auth; account={_ANNA}; protocol=soap;",
                "203.0.113.45",
                _ANNA,
                "soap",
            ),
        ),
    ),
    Pattern(
        "audit-auth-refused",
        ("audit", "sync"),
        "security",
        "cmd=Auth;",
        r"cmd=Auth; account=(?P<account>(?:[^;]++|;;)*+); "
        r"(?:protocol=(?P<protocol>\w+); )?error=(?!account lockout due)"
        r"(?!.*\], invalid password;\Z)"
        rf"(?P<error>(?:authentication failed for \[.*\], (?!.*\], ))?{NO_GUESS}.*);",
        "denied",
        (
            Sample(
                "audit",
                f"{_AT} WARN  {_QTP} {_WEB} security - cmd=Auth; account={_ANNA}; "
                "protocol=soap; error=must change your password;",
                _CALLER,
                _ANNA,
                "soap",
            ),
            Sample(
                "audit",
                f"{_AT} WARN  [ImapSSLServer-17] {_IMAP} security - cmd=Auth; "
                f"account={_ANNA}; protocol=imap; error=authentication failed for "
                f"[{_ANNA}], external LDAP auth failed, LDAP error: connect error;",
                _CALLER,
                _ANNA,
                "imap",
            ),
            Sample(
                "audit",
                f"{_AT} WARN  [ImapSSLServer-17] {_IMAP} security - cmd=Auth; "
                f"account={_ANNA}; protocol=imap; error=authentication failed for "
                f"[{_ANNA}], account lockout;",
                _CALLER,
                _ANNA,
                "imap",
            ),
        ),
        note="The password was right, or nobody looked at it: no jail counts it.",
    ),
    Pattern(
        "audit-auth-failure",
        ("audit", "sync"),
        "security",
        "cmd=Auth;",
        r"cmd=Auth; account=(?P<account>(?:[^;]++|;;)*+); "
        r"(?:protocol=(?P<protocol>\w+); )?"
        r"error=(?P<error>(?!account lockout due).*);",
        "failure",
        (
            Sample(
                "audit",
                f"{_AT} WARN  {_QTP} {_WEB} security - cmd=Auth; account={_ANNA}; "
                "protocol=soap; error=authentication failed for [anna], invalid "
                "password;",
                _CALLER,
                _ANNA,
                "soap",
            ),
            Sample(
                "audit",
                f"{_AT} WARN  [ImapSSLServer-17] {_IMAP} security - cmd=Auth; "
                f"account={_ANNA}; protocol=imap; error=authentication failed for "
                f"[{_ANNA}], invalid password;",
                _CALLER,
                _ANNA,
                "imap",
            ),
            Sample(
                "audit",
                f"{_AT} WARN  {_ADMIN} [name=admin@example.com;ip=198.51.100.7;"
                "port=40112;ua=x;soapId=5d1f0a90;] security - cmd=Auth; "
                "account=admin@example.com; protocol=soap; error=authentication "
                "failed for [admin@example.com], invalid password;",
                _CALLER,
                "admin@example.com",
                "admin",
            ),
            Sample(
                "audit",
                f"{_AT} WARN  {_SMTP} [name=bob@example.com;oip=198.51.100.7;"
                "oport=41244;oproto=smtp;soapId=5d1f0a9b;] security - cmd=Auth; "
                "account=bob@example.com; protocol=soap; error=authentication failed "
                "for [bob@example.com], invalid password;",
                _CALLER,
                "bob@example.com",
                "smtp",
            ),
        ),
        note="The protocol soap is split by code into soap, admin and smtp.",
    ),
    Pattern(
        "audit-lockout",
        ("audit",),
        "security",
        "cmd=Auth;",
        r"cmd=Auth; account=(?P<account>(?:[^;]++|;;)*+); "
        r"error=account lockout due to too many failed logins;",
        "lockout",
        (
            Sample(
                "audit",
                f"{_AT} INFO  {_QTP} [oip=198.51.100.7;port=51544;soapId=5d1f0aa2;] "
                f"security - cmd=Auth; account={_ANNA}; error=account lockout due to "
                "too many failed logins;",
                _CALLER,
                _ANNA,
            ),
        ),
    ),
    Pattern(
        "audit-reactivated",
        ("audit",),
        "security",
        "cmd=Auth;",
        r"cmd=Auth; account=(?P<account>(?:[^;]++|;;)*+); info=.*;",
        "quiet",
        (
            Sample(
                "audit",
                f"{_AT} INFO  {_QTP} {_WEB} security - cmd=Auth; account={_ANNA}; "
                "info=account re-activated from lockout status upon successful login;",
                _CALLER,
                _ANNA,
            ),
        ),
    ),
    Pattern(
        "audit-sso",
        ("audit",),
        "security",
        "cmd=SSOAuth;",
        r"cmd=SSOAuth; account=(?P<account>(?:[^;]++|;;)*+); "
        r"protocol=(?P<protocol>\w+);",
        "success",
        (
            Sample(
                "audit",
                f"{_AT} INFO  {_QTP} {_WEB} security - cmd=SSOAuth; account={_ANNA}; "
                "protocol=spnego;",
                _CALLER,
                _ANNA,
                "spnego",
            ),
        ),
    ),
    Pattern(
        "audit-admin-auth",
        ("audit",),
        "security",
        "cmd=AdminAuth;",
        r"cmd=AdminAuth; account=(?P<account>(?:[^;]++|;;)*+);(?: error=.*;)?",
        "quiet",
        (
            Sample(
                "audit",
                f"{_AT} INFO  {_ADMIN} [name=admin@example.com;ip=198.51.100.7;] "
                "security - cmd=AdminAuth; account=admin@example.com;",
                _CALLER,
                "admin@example.com",
            ),
        ),
        versions="8.8.15 up to patch 29, 9.0.0 up to patch 22",
        note="A second line beside cmd=Auth: counting it would count twice.",
    ),
    Pattern(
        "audit-preauth-failure",
        ("audit",),
        "security",
        "cmd=PreAuth;",
        r"cmd=PreAuth; account=(?P<account>(?:[^;]++|;;)*+);(?=.*;\Z).* "
        r"error=(?P<error>.*);",
        "preauth-failure",
        (
            Sample(
                "audit",
                f"{_AT} WARN  [qtp1-355:https://mail.example.com/service/preauth] [] "
                f"security - cmd=PreAuth; account={_ANNA}; admin=false; "
                f"error=authentication failed for [{_ANNA}], preauth mismatch;",
                "",
                _ANNA,
                "preauth",
            ),
        ),
        protocol="preauth",
    ),
    Pattern(
        "audit-preauth",
        ("audit",),
        "security",
        "cmd=PreAuth;",
        r"cmd=PreAuth; account=(?P<account>(?:[^;]++|;;)*+);(?: admin=\w+;)?",
        "preauth",
        (
            Sample(
                "audit",
                "2024-11-05 10:16:50,500 INFO  [qtp1068934215-355:https://mail."
                "example.com/service/preauth] [] security - cmd=PreAuth; "
                f"account={_ANNA}; admin=false;",
                "",
                _ANNA,
                "preauth",
            ),
        ),
        protocol="preauth",
        note="The REST form writes no origin: its lines are counted by domain.",
    ),
    Pattern(
        "audit-unknown-account",
        ("audit", "mailbox"),
        "security",
        "Error occurred during authentication: ",
        r"Error occurred during authentication: (?:authentication failed|"
        r"account not found) for \[(?P<typed>.*)\]\.(?: Reason: account not found\."
        r"| oip=.*)?",
        "unknown",
        (
            Sample(
                "audit",
                f"{_AT} INFO  {_QTP} [oip=198.51.100.7;soapId=5d20;] security - Error "
                "occurred during authentication: authentication failed for [nobody]. "
                "Reason: account not found.",
                _CALLER,
                "nobody",
                "soap",
            ),
        ),
        versions="with zimbra_additional_logging",
    ),
    Pattern(
        "audit-unknown-account-of-lines",
        ("audit", "mailbox"),
        "security",
        "Error occurred during authentication: ",
        r"Error occurred during authentication: (?:authentication failed|"
        rf"account not found) for \[(?!.*\]\. Reason: (?:invalid password|{NO_GUESS}))"
        r"(?P<typed>.*)",
        "unknown",
        (
            Sample(
                "audit",
                f"{_AT} INFO  {_QTP} [oip=198.51.100.7;soapId=5d20;] security - Error "
                "occurred during authentication: authentication failed for [nob",
                _CALLER,
                "nob",
                "soap",
            ),
        ),
        versions="with zimbra_additional_logging",
        note="A name with line ends: all before it is the server's own word.",
    ),
)
