"""fail2ban's filters that find what a report on logs counts, for the comparison.

One expression for each attack that the catalog knows and whose line tells an address,
and for access logs one for all signs of exploitation. Good logins, which the report
reads besides, lines without an address and reasons on a second line are left out, to
fail2ban's advantage. `checked` holds the filters against the catalog's own samples.
"""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bench.logs_signs import PLAIN
from zmward.catalog.log_indicators import INDICATORS
from zmward.catalog.log_pattern import Log
from zmward.catalog.log_patterns import PATTERNS

_OIP: Final = r"oip=(?:[^;]*, )?<HOST>;.*"
_FAILED: Final = r"security - cmd=Auth; account=.*; error="
_PEER: Final = r"[^\s\[]*\[<HOST>\](?::\d+)?"
_SMTPD: Final = r"postfix/\S+smtpd\[\d+\]: "
_REJECT: Final = (
    r"postfix/\S*smtpd\[\d+\]: [0-9A-Za-z]+: reject(?:_warning)?: RCPT from"
)
_SIGNS: Final = "|".join(
    dict.fromkeys(
        PLAIN.get(row.id, row.subject)
        for row in INDICATORS
        if "nginx-access" in row.logs
    )
)
FILTERS: Final[Mapping[str, tuple[str, ...]]] = {
    "audit.log": (
        rf"{_OIP} {_FAILED}",
        rf"\[(?:name=[^;]*;)?ip=<HOST>;.* {_FAILED}",
        rf"{_OIP} security - Error occurred during authentication: ",
    ),
    "mailbox.log": (
        rf"{_OIP} SoapEngine - handler exception: authentication failed for ",
        rf"{_OIP} (?:imap|pop) - authentication failed for \[",
        rf"{_OIP} account - authentication failed for .* \(no such account\)",
        rf"{_OIP} account - Authentication failed - \w+ not enabled for ",
        rf"{_OIP} misc - Access from IP .* suspended, for repeated failed login",
        r"DoSFilter - DOS ALERT: Request .*ip=<HOST>,",
    ),
    "zimbra.log": (
        rf"{_SMTPD}warning: {_PEER}: SASL [\w-]+ authentication failed: ",
        rf"{_REJECT} {_PEER}: \d+ [\d.]+ <[^>]*>: Recipient address rejected: User ",
        rf"{_SMTPD}lost connection after AUTH from {_PEER}",
        r"postfix/postscreen\[\d+\]: PREGREET \d+ after [\d.]+ from \[<HOST>\]:\d+: ",
    ),
    "nginx.log": (
        r"An error occurred in mail zmauth: user not found:.*, client: <HOST>:\d+",
    ),
    "nginx.access.log": (rf'^<HOST>:\d+ .*"[^"]*(?i:{_SIGNS})',),
}
_LOGS: Final[Mapping[str, Log]] = {
    "audit.log": "audit",
    "mailbox.log": "mailbox",
    "zimbra.log": "syslog",
    "nginx.log": "nginx",
}
_NO_ATTACK: Final = {"success", "quiet", "preauth"}


def written(folder: Path) -> dict[str, Path]:
    """Write each log's filter into a folder; return them by the log's name."""
    found = {name: folder / f"{name}.conf" for name in FILTERS}
    for name, path in found.items():
        rules = "\n    ".join(rule.replace("%", "%%") for rule in FILTERS[name])
        path.write_text(f"[Definition]\nfailregex = {rules}\n", "utf-8")
    return found


def _samples(name: str) -> list[str]:
    """Return the lines of a log on which its filter must find an address."""
    if name not in _LOGS:
        head = '198.51.100.7:51590 - - [05/Nov/2024:10:15:40 +0000]  "'
        rows = (row for row in INDICATORS if "nginx-access" in row.logs)
        return [f'{head}{row.sample}" 200 612 "-" "x"' for row in rows]
    return [
        sample.line
        for row in PATTERNS
        if row.kind not in _NO_ATTACK
        for sample in row.samples
        if sample.log == _LOGS[name] and sample.source and "\n" not in sample.line
    ]


def checked(folder: Path) -> dict[str, Path]:
    """Write the filters; raise RuntimeError where one misses a sample of its log."""
    rules = written(folder)
    for name, path in rules.items():
        lines = _samples(name)
        log = folder / f"{name}.samples"
        log.write_text("".join(f"{line}\n" for line in lines), "utf-8")
        argv = ["fail2ban-regex", "--print-all-missed", str(log), str(path)]
        told = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
        found = re.search(r"(\d+) lines?, \d+ ignored, (\d+) matched", told)
        if found is None or found[1] != found[2]:
            raise RuntimeError(f"{name}: its filter misses some of:\n{told}")
    return rules
