"""Signs of known exploitation in logs, as rows with their CVE.

Of access logs the request alone is judged, of syslog the message: what a client says
of itself elsewhere on the line proves nothing.
"""

import re
from typing import Final

import msgspec

from zmward.catalog.log_pattern import Log

_WEB: Final[tuple[Log, ...]] = ("nginx-access", "access")


class Indicator(msgspec.Struct, frozen=True):
    """One sign: the CVE, where it stands, how it is found, what it says."""

    id: str
    cve: str
    logs: tuple[Log, ...]
    needle: str
    subject: str
    says: str
    sample: str

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
        r"/h/\w+\?.*javax\.servlet\.include\.",
        "a file of the application was asked for by an include",
        "GET /h/rest?javax.servlet.include.servlet_path=/WEB-INF/web.xml HTTP/1.1",
    ),
    Indicator(
        "web-inf-fu",
        "CVE-2026-73574",
        _WEB,
        "WEB-INF",
        r"[?&]fu=[^ ]*WEB-INF",
        "a file of the application was asked for by fu=",
        "GET /h/x?fu=/WEB-INF/web.xml HTTP/1.1",
    ),
    Indicator(
        "rest-packages",
        "CVE-2026-10632",
        _WEB,
        "packages=",
        r"/h/rest\?[^ ]*packages=[^ &]*(?:%22|%27|\\x22|'|\")",
        "quotes in packages=",
        "GET /h/rest?packages=%22x HTTP/1.1",
    ),
    Indicator(
        "mboximport",
        "CVE-2022-37042",
        _WEB,
        "mboximport",
        r"/service/extension/backup/mboximport",
        "a mailbox import was tried; an answer of 401 does not mean that it failed",
        "POST /service/extension/backup/mboximport?account-name=admin&ow=1 HTTP/1.1",
    ),
    Indicator(
        "momoveto",
        "CVE-2023-37580",
        _WEB,
        "momoveto",
        r"/m/momoveto\?[^ ]*st=[^ &]*(?:%22|%3c|<|\\x22)",
        "script in the page momoveto",
        "GET /m/momoveto?st=%22%3Cscript%3E HTTP/1.1",
    ),
    Indicator(
        "autosavedraft",
        "CVE-2023-34192",
        _WEB,
        "autoSaveDraft",
        r"/h/autoSaveDraft\?[^ ]*draftid=[^ &]*(?:%22|%3c|<|\\x22)",
        "script in draftid=",
        "GET /h/autoSaveDraft?draftid=%22%3Cimg HTTP/1.1",
    ),
    Indicator(
        "sfdc-preauth",
        "CVE-2023-29382",
        _WEB,
        "sfdc_preauth",
        r"sfdc_preauth\.jsp",
        "a page that only attackers ask for",
        "GET /zimbra/public/sfdc_preauth.jsp HTTP/1.1",
    ),
    Indicator(
        "launch-new-window",
        "CVE-2022-27926",
        _WEB,
        "launchNewWindow",
        r"/public/launchNewWindow\.jsp\?[^ ]*(?:%3c|<|\\x22|%22)",
        "script in launchNewWindow.jsp",
        "GET /public/launchNewWindow.jsp?x=%3Cscript HTTP/1.1",
    ),
    Indicator(
        "preauth-redirect",
        "CVE-2021-34807",
        _WEB,
        "redirectURL=",
        r"/preauth\?[^ ]*redirectURL=(?:https?:|%2f%2f|//)",
        "a pre-authentication that sends the browser elsewhere",
        "GET /service/preauth?isredirect=1&redirectURL=https://evil.example HTTP/1.1",
    ),
    Indicator(
        "webex-ssrf",
        "CVE-2020-7796",
        _WEB,
        "com_zimbra_webex",
        r"/zimlet/com_zimbra_webex/httpPost\.jsp",
        "the server was told to ask another one",
        "GET /zimlet/com_zimbra_webex/httpPost.jsp?companyId=x HTTP/1.1",
    ),
    Indicator(
        "proxy-admin-soap",
        "CVE-2019-9621",
        _WEB,
        "/service/proxy",
        r"/service/proxy\?[^ ]*target=[^ ]*(?:127\.0\.0\.1|localhost)[^ ]*7071",
        "the admin port was asked through the proxy servlet",
        "GET /service/proxy?target=https://127.0.0.1:7071/service/admin/soap HTTP/1.1",
    ),
    Indicator(
        "skin-traversal",
        "CVE-2013-7091",
        _WEB,
        "skin=../",
        r"/res/[^ ]*skin=\.\./\.\./",
        "a file was asked for through skin=",
        "GET /res/I18nMsg.js.zgz?v=1&skin=../../../conf/localconfig.xml HTTP/1.1",
    ),
    Indicator(
        "web-shell-known",
        "CVE-2024-45519",
        _WEB,
        "zimbraConfig.jsp",
        r"/public/jsp/zimbraConfig\.jsp",
        "the web shell of a known campaign was asked for",
        "POST /zimbraAdmin/public/jsp/zimbraConfig.jsp HTTP/1.1",
    ),
    Indicator(
        "shell-in-address",
        "CVE-2024-45519",
        ("syslog",),
        "$(",
        r"[<=\"][^ ]*\$\([^)]*",
        "shell text in an address",
        "NOQUEUE: reject: RCPT from unknown[198.51.100.7]: 550 5.1.1 "
        '<"a$(curl${IFS}h)"@example.com>: to=<"a$(curl${IFS}h)"@example.com>',
    ),
    Indicator(
        "status-change-forged",
        "CVE-2026-73570",
        ("syslog",),
        "Service status change:",
        r"Service status change:.*[`|;]|Service status change:.*\$\(",
        "shell text in a line that the watcher hands to a shell",
        "NOQUEUE: x helo=<Service status change: a `id` changed from stopped to "
        "running>",
    ),
)


def of(log: Log) -> tuple[Indicator, ...]:
    """Return the rows that concern one log."""
    return tuple(row for row in INDICATORS if log in row.logs)
