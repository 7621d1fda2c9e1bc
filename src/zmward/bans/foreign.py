"""Filters that others have written, held against lines of current versions.

A sample is a failed login of a caller; hostile ones name a bystander where a client
can write. What a filter takes for the address says what it is worth.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final, Literal

from zmward.catalog.log_pattern import Log
from zmward.catalog.log_patterns import PATTERNS
from zmward.sources.fail2ban import failregexes

# deaf: it finds none of them; fooled: it finds the bystander; proxy: it finds the
# machine between.
Flaw = Literal["deaf", "fooled", "proxy"]

_CALLER, _BYSTANDER, _BETWEEN = "198.51.100.7", "6.6.6.6", "192.0.2.10"
_LOGS: Final[tuple[tuple[str, Log], ...]] = (
    ("/opt/zimbra/log/audit.log", "audit"),
    ("/opt/zimbra/log/mailbox.log", "mailbox"),
    ("/var/log/zimbra.log", "syslog"),
    ("/var/log/mail.log", "syslog"),
    ("/var/log/maillog", "syslog"),
)
_FAILED: Final = frozenset(("failure", "unknown"))
_OPEN: Final = frozenset(("mailbox",))
_STAMP = re.compile(r"^(?:\d{4}-\d\d-\d\d[ T][\d:.,+]{8,22}|\w{3} [ \d]\d [\d:]{8})")
_FOUND = r"(?:\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f:]{2,45}|[\w.-]*\w"
_HOST = rf"\[?(?:::f{{4,6}}:)?(?P<host>{_FOUND})\]?"
# What is no filter of logins is not judged by whether it finds them.
_LOGINS = re.compile(r"auth|SASL|password|account not found", re.IGNORECASE)
# A repeated group may take for ever: such an expression is not tried.
_ENDLESS = re.compile(r"\)[*+{]")
_LONGEST = 2000
_QTP = "[qtp1-318:https://mail.example.com/service/soap/AuthRequest]"
_ENDS: Final[tuple[tuple[Log, str], ...]] = (
    (
        "audit",
        (
            "security - cmd=Auth; account=anna@example.com; protocol=soap; "
            "error=authentication failed for [anna@example.com], invalid password;"
        ),
    ),
    (
        "mailbox",
        (
            "SoapEngine - handler exception: authentication failed for [anna], invalid "
            "password"
        ),
    ),
    (
        "mailbox",
        (
            "SoapEngine - handler exception: authentication failed for [anna], account "
            "not found"
        ),
    ),
)
_FORGED: Final = (
    f"oip={_BYSTANDER}, {_CALLER};port=51590;ua=zclient/10;soapId=1;",
    f"oip={_CALLER};port=51590;ua=x;;oip={_BYSTANDER};;ip={_BYSTANDER};;;soapId=1;",
    f"name=anna@example.com;ip={_CALLER};port=1;ua=x;;ip={_BYSTANDER};;;soapId=1;",
    f"ip={_CALLER};oip={_BYSTANDER};via={_BYSTANDER};ua=x;cid=7;",
)
_DIRECT: Final = (f"name=anna@example.com;ip={_CALLER};port=51590;soapId=1;",)
_PROXIED: Final = (f"ip={_BETWEEN};oip={_CALLER};via={_BETWEEN}(nginx/1.24.0);cid=7;",)


def _made(log: Log, contexts: Iterable[str]) -> Iterator[str]:
    for end_log, end in _ENDS:
        for context in contexts if end_log == log else ():
            yield f" WARN  {_QTP} [{context}] {end}"
            yield f" INFO  {_QTP} [{context}] {end}"


def _usual(log: Log) -> Iterator[str]:
    """Yield failed logins as the catalog has them, without their stamps."""
    for row in PATTERNS:
        if row.kind in _FAILED:
            for sample in row.samples:
                if sample.log == log and sample.source:
                    yield _STAMP.sub("", sample.line)


def _compiled(text: str) -> tuple[re.Pattern[str], ...] | None:
    """Return a filter's expressions; None where they cannot be tried here."""
    found = []
    for one in failregexes(text) or ():
        expression, count = re.subn(r"<(?:HOST|ADDR)>", lambda _: _HOST, one)
        strange = count != 1 or re.search(r"<(?!/)[A-Z][A-Za-z0-9_-]*>", expression)
        if strange or _ENDLESS.search(one) or len(one) > _LONGEST:
            return None
        try:
            found.append(re.compile(expression, re.MULTILINE))
        except re.error:
            return None
    return tuple(found) or None


def _hosts(expressions: Iterable[re.Pattern[str]], lines: Iterable[str]) -> set[str]:
    some = tuple(expressions)
    hits = (one.search(line) for line in lines for one in some)
    return {hit["host"] for hit in hits if hit}


def flaws(
    text: str, logs: Iterable[str], *, unknown_logged: bool = False
) -> frozenset[Flaw] | None:
    """Return what is wrong with a filter for these logs; None where it is not known.

    `unknown_logged` is zimbra_additional_logging: then audit.log too holds names that
    clients send, with their line ends.
    """
    kept = {log for path, log in _LOGS for name in logs if path == name}
    expressions = _compiled(text)
    if expressions is None or not kept or not _LOGINS.search(text):
        return None
    found: set[Flaw] = set()
    heard = False
    for log in kept:
        usual = (*_usual(log), *_made(log, (*_PROXIED, *_DIRECT)))
        found_some = bool(_hosts(expressions, usual))
        heard |= found_some
        # Clients can write whole lines there, stamp and all.
        if found_some and (log in _OPEN or (log == "audit" and unknown_logged)):
            found.add("fooled")
        if _BYSTANDER in _hosts(expressions, _made(log, _FORGED)):
            found.add("fooled")
        if _BETWEEN in _hosts(expressions, _made(log, _PROXIED)):
            found.add("proxy")
    return frozenset(found if heard else {*found, "deaf"})
