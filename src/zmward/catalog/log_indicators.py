"""Signs of known exploitation in logs, as rows with their CVE.

Of access logs the request alone is judged, of syslog the message, of sudo's lines the
command of the user zimbra: what else stands on the line proves nothing.

What these logs cannot show is left to other verbs or to nobody: files that were put
down, filters, grants and passcodes in the directory, bodies and headers of requests and
mails; an administrator's or a user's own request that only its intention makes an
attack; and paths of many commas, since nearly each line of an access log has one.

Whoever writes a request also writes it to be slow to judge. So each expression walks a
subject once: from the first place where a part stands to the first of the next part,
and never back (`(?>`, `*+`).
"""

import re
from typing import Final

import msgspec

from zmward.catalog.log_pattern import Log

_WEB: Final[tuple[Log, ...]] = ("nginx-access", "access")
_FIELD: Final = r"(?:helo|from|to)=<"


def _parts(*parts: str) -> str:
    """Return what is found in a word that has these parts in this order."""
    *first, last = parts
    return (
        r"(?:\A|(?<= ))"
        + "".join(f"(?>[^ ]*?{part})" for part in first)
        + (f"[^ ]*?{last}")
    )


def _holds(begin: str, marks: str, end: str) -> str:
    """Return what is found where a mark stands between a begin and an end's letter."""
    return f"{begin}(?:(?!{begin}|{marks})[^{end}])*+(?:{marks})"


class Indicator(msgspec.Struct, frozen=True):
    """One sign: the CVE, where it stands, how it is found, what it says.

    `sample` shows it; `clean` holds much of it and shows nothing.
    """

    id: str
    cve: str
    logs: tuple[Log, ...]
    needle: str
    subject: str
    says: str
    sample: str
    clean: str

    @property
    def expression(self) -> re.Pattern[str]:
        """Return the compiled expression, to be searched in the subject."""
        return re.compile(self.subject, re.IGNORECASE | re.ASCII)


INDICATORS: Final[tuple[Indicator, ...]] = (
    Indicator(
        "web-inf-include",
        "CVE-2025-68645",
        _WEB,
        "javax.servlet.include",
        r"\A(?>.*?/h/\w+\?).*?javax\.servlet\.include\.",
        "a file of the application was asked for by an include",
        "GET /h/rest?javax.servlet.include.servlet_path=/WEB-INF/web.xml HTTP/1.1",
        "GET /h/rest?view=month HTTP/1.1",
    ),
    Indicator(
        "web-inf-fu",
        "CVE-2026-73574",
        _WEB,
        "WEB-INF",
        _holds(r"[?&]fu=", "WEB-INF", " &"),
        "a file of the application was asked for by fu=",
        "GET /h/x?fu=/WEB-INF/web.xml HTTP/1.1",
        "GET /h/x?fu=Inbox&path=/WEB-INF HTTP/1.1",
    ),
    Indicator(
        "rest-packages",
        "CVE-2026-10632",
        _WEB,
        "packages=",
        _parts(r"/h/rest\?", _holds("packages=", r"%22|%27|\\x22|'|\"", " &")),
        "quotes in packages=",
        "GET /h/rest?packages=%22x HTTP/1.1",
        "GET /h/rest?packages=Startup1_1,Mail HTTP/1.1",
    ),
    Indicator(
        "mboximport",
        "CVE-2022-37042",
        _WEB,
        "mboximport",
        r"/service/extension/backup/mboximport",
        "a mailbox import was tried; an answer of 401 does not mean that it failed",
        "POST /service/extension/backup/mboximport?account-name=admin&ow=1 HTTP/1.1",
        "GET /service/home/~/mboximport.txt HTTP/1.1",
    ),
    Indicator(
        "momoveto",
        "CVE-2023-37580",
        _WEB,
        "momoveto",
        _parts(r"/m/momoveto\?", _holds("st=", r"%22|%3c|<|\\x22", " &")),
        "script in the page momoveto",
        "GET /m/momoveto?st=%22%3Cscript%3E HTTP/1.1",
        "GET /m/momoveto?st=message HTTP/1.1",
    ),
    Indicator(
        "autosavedraft",
        "CVE-2023-34192",
        _WEB,
        "autoSaveDraft",
        _parts(r"/h/autoSaveDraft\?", _holds("draftid=", r"%22|%3c|<|\\x22", " &")),
        "script in draftid=",
        "GET /h/autoSaveDraft?draftid=%22%3Cimg HTTP/1.1",
        "GET /h/autoSaveDraft?draftid=257 HTTP/1.1",
    ),
    Indicator(
        "sfdc-preauth",
        "CVE-2023-29382",
        _WEB,
        "sfdc_preauth",
        r"sfdc_preauth\.jsp",
        "a page that only attackers ask for",
        "GET /zimbra/public/sfdc_preauth.jsp HTTP/1.1",
        "GET /service/preauth?account=sfdc_preauth@example.com HTTP/1.1",
    ),
    Indicator(
        "launch-new-window",
        "CVE-2022-27926",
        _WEB,
        "launchNewWindow",
        _parts(r"/public/launchNewWindow\.jsp\?", r"(?:%3c|<|\\x22|%22)"),
        "script in launchNewWindow.jsp",
        "GET /public/launchNewWindow.jsp?x=%3Cscript HTTP/1.1",
        "GET /public/launchNewWindow.jsp?skin=harmony HTTP/1.1",
    ),
    Indicator(
        "preauth-redirect",
        "CVE-2021-34807",
        _WEB,
        "redirectURL=",
        _parts(r"/preauth\?", r"redirectURL=(?:https?:|%2f%2f|//)"),
        "a pre-authentication that sends the browser elsewhere",
        "GET /service/preauth?isredirect=1&redirectURL=https://evil.example HTTP/1.1",
        "GET /service/preauth?isredirect=1&redirectURL=/mail HTTP/1.1",
    ),
    Indicator(
        "webex-ssrf",
        "CVE-2020-7796",
        _WEB,
        "com_zimbra_webex",
        r"/zimlet/com_zimbra_webex/httpPost\.jsp",
        "the server was told to ask another one",
        "GET /zimlet/com_zimbra_webex/httpPost.jsp?companyId=x HTTP/1.1",
        "GET /zimlet/com_zimbra_webex/img/logo.png HTTP/1.1",
    ),
    Indicator(
        "proxy-admin-soap",
        "CVE-2019-9621",
        _WEB,
        "/service/proxy",
        _parts(
            *(r"/service/proxy\?", "target=", r"(?:127\.0\.0\.1|localhost)", "7071")
        ),
        "the admin port was asked through the proxy servlet",
        "GET /service/proxy?target=https://127.0.0.1:7071/service/admin/soap HTTP/1.1",
        "GET /service/proxy?target=https://feeds.example.org/x HTTP/1.1",
    ),
    Indicator(
        "skin-traversal",
        "CVE-2013-7091",
        _WEB,
        "skin=../",
        _parts("/res/", r"skin=\.\./\.\./"),
        "a file was asked for through skin=",
        "GET /res/I18nMsg.js.zgz?v=1&skin=../../../conf/localconfig.xml HTTP/1.1",
        "GET /res/I18nMsg.js.zgz?v=1&skin=harmony&x=skin=../ HTTP/1.1",
    ),
    Indicator(
        "web-shell-known",
        "CVE-2024-45519",
        _WEB,
        "zimbraConfig.jsp",
        r"/public/jsp/zimbraConfig\.jsp",
        "the web shell of a known campaign was asked for",
        "POST /zimbraAdmin/public/jsp/zimbraConfig.jsp HTTP/1.1",
        "GET /help/zimbraConfig.jspx HTTP/1.1",
    ),
    Indicator(
        "remember-me-script",
        "CVE-2026-93638",
        _WEB,
        "zrememberme=",
        _holds(r"[?&]zrememberme=", r"%22|%27|%3c|<|\\x22|'", " &"),
        "script in the login page's zrememberme=",
        "GET /?zrememberme=%22%3E%3Cscript%3E HTTP/1.1",
        "GET /?zrememberme=1 HTTP/1.1",
    ),
    Indicator(
        "memcached-crlf",
        "CVE-2022-27924",
        _WEB,
        "%0d%0a",
        _parts("/(?:home|service|dav|principals)/", "%0d%0a"),
        "line breaks in a user's name, by which another's route is planted",
        "GET /service/home/a%0d%0aset%20route HTTP/1.1",
        "GET /robots.txt?x=%0d%0a HTTP/1.1",
    ),
    Indicator(
        "memcached-crlf-upper",
        "CVE-2022-27924",
        _WEB,
        "%0D%0A",
        _parts("/(?:home|service|dav|principals)/", "%0d%0a"),
        "line breaks in a user's name, by which another's route is planted",
        "GET /home/a%0D%0Aset%20route HTTP/1.1",
        "GET /robots.txt?x=%0D%0A HTTP/1.1",
    ),
    Indicator(
        "shell-in-address",
        "CVE-2024-45519",
        ("syslog",),
        "$(",
        _parts(r"[<=\"]", r"\$\("),
        "shell text in an address",
        "NOQUEUE: reject: RCPT from unknown[198.51.100.7]: 550 5.1.1 "
        '<"a$(curl${IFS}h)"@example.com>: to=<"a$(curl${IFS}h)"@example.com>',
        "NOQUEUE: reject: RCPT from a[198.51.100.7]: 554 5.7.1 cost $(5)",
    ),
    Indicator(
        "status-change-forged",
        "CVE-2026-73570",
        ("syslog",),
        "Service status change:",
        r"\A(?>.*?Service status change:).*?(?:[`|;]|\$\()",
        "shell text in a line that the watcher hands to a shell",
        "NOQUEUE: x helo=<Service status change: a `id` changed from stopped to "
        "running>",
        "Service status change: mail.example.com mta changed from running to stopped",
    ),
    Indicator(
        "backtick-in-envelope",
        "CVE-2026-73570",
        ("syslog",),
        "`",
        _holds(_FIELD, "`", ">"),
        "shell text in a greeting or an address",
        "NOQUEUE: reject: RCPT from a[198.51.100.7]: 554 5.7.1 no; from=<a@b.example> "
        "to=<c@d.example> proto=ESMTP helo=<`id`>",
        "warning: illegal `quote' in a table; from=<a@b.example>",
    ),
    Indicator(
        "callback-in-envelope",
        "CVE-2026-73570",
        ("syslog",),
        ".oast.",
        _holds(_FIELD, r"\.oast\.(?:fun|online)\b", ">"),
        "a name of a service that tells attackers whether their commands ran",
        "NOQUEUE: reject: RCPT from a[198.51.100.7]: 554 5.7.1 no; from=<a@b.example> "
        "to=<c@d.example> proto=ESMTP helo=<x1.oast.fun>",
        "4F2A: to=<b@toast.example>, relay=mx.oast.example[203.0.113.9]:25",
    ),
    Indicator(
        "sudo-mailboxd",
        "CVE-2024-27442",
        ("auth",),
        "COMMAND=/opt/zimbra/libexec/zmmailboxdmgr",
        r"^COMMAND=/opt/zimbra/libexec/zmmailboxdmgr"
        r"(?! (?:start|stop|status|reload)\b)",
        "mailboxd's root helper was called in a way that Zimbra does not",
        "/opt/zimbra/libexec/zmmailboxdmgr -verbose start",
        "/opt/zimbra/libexec/zmmailboxdmgr status",
    ),
    Indicator(
        "sudo-nginx",
        "CVE-2022-41347",
        ("auth",),
        "COMMAND=/opt/zimbra/common/sbin/nginx",
        r"^COMMAND=/opt/zimbra/common/sbin/nginx\b.* -c"
        r"(?! ?/opt/zimbra/conf/nginx\.conf\b)",
        "nginx was started as root with a configuration from elsewhere",
        "/opt/zimbra/common/sbin/nginx -c /tmp/n.conf",
        "/opt/zimbra/common/sbin/nginx -c /opt/zimbra/conf/nginx.conf",
    ),
    Indicator(
        "sudo-slapd",
        "CVE-2022-37393",
        ("auth",),
        "COMMAND=/opt/zimbra/libexec/zmslapd",
        r"^COMMAND=/opt/zimbra/libexec/zmslapd\b.* -[fu] ?/(?!opt/zimbra/)",
        "slapd was started as root with a configuration from elsewhere",
        "/opt/zimbra/libexec/zmslapd -u zimbra -f /tmp/slapd.conf",
        "/opt/zimbra/libexec/zmslapd -u zimbra -F /opt/zimbra/data/ldap/config",
    ),
    Indicator(
        "sudo-postfix",
        "CVE-2022-3569",
        ("auth",),
        "COMMAND=/opt/zimbra/common/sbin/postfix",
        r"^COMMAND=/opt/zimbra/common/sbin/postfix\b.*"
        r"(?: -D -v\b| -v -D\b| -c ?/tmp\b)",
        "postfix was started as root with a debugger or another configuration",
        "/opt/zimbra/common/sbin/postfix -D -v /tmp/x",
        "/opt/zimbra/common/sbin/postfix status",
    ),
)


def of(log: Log) -> tuple[Indicator, ...]:
    """Return the rows that concern one log."""
    return tuple(row for row in INDICATORS if log in row.logs)
