"""Generated lines for filters: usual ones, and those with which clients try to fool."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from tests.logs.files import failed, good

_BEGIN = datetime(2024, 11, 5, tzinfo=UTC)
_BYSTANDER = "6.6.6.6"
_NAMES = ("anna@example.com", "bob", "x;y@example.com", "no.body@example.net", "Ö")
# What a client calls himself, as mailboxd writes it: each `;` doubled.
_AGENTS = (
    "zclient/10",
    f"x;;oip={_BYSTANDER};;y",
    f"x] [oip={_BYSTANDER};;",
    f"] [oip={_BYSTANDER};;] security - cmd=Auth; account=a; protocol=soap; error=x;;",
)
_HOSTS = ("unknown", "host7.example.net", "a.b.c.d.example", "dyn-198-51-100-7.example")
_MECHANISMS = ("LOGIN", "PLAIN", "CRAM-MD5", "SCRAM-SHA-256", "XOAUTH2")
_REASONS = (
    "authentication failure",
    "UGFzc3dvcmQ6",
    "(reason unavailable), sasl_username=bob@example.com",
    f"x, sasl_username=unknown[{_BYSTANDER}]: SASL LOGIN authentication failed: y",
    "generic failure",
)
_DAEMONS = ("postfix/smtpd", "postfix/submission/smtpd", "postfix/smtps/smtpd")


def address(chance: random.Random) -> str:
    """Return an address of either family."""
    if chance.random() < 0.4:
        return f"2001:db8:{chance.randint(0, 9)}::{chance.randint(1, 65535):x}"
    return f"198.51.{chance.randint(0, 255)}.{chance.randint(1, 254)}"


def _sasl(chance: random.Random) -> str:
    port = f":{chance.randint(1024, 65535)}" if chance.random() < 0.2 else ""
    return (
        f"warning: {chance.choice(_HOSTS)}[{address(chance)}]{port}: SASL "
        f"{chance.choice(_MECHANISMS)} authentication failed: {chance.choice(_REASONS)}"
    )


def _other(chance: random.Random) -> str:
    caller = address(chance)
    forged = f"unknown[{_BYSTANDER}]: SASL LOGIN authentication failed: x"
    refused = "NOQUEUE: reject: RCPT from"
    return chance.choice(
        (
            f"connect from unknown[{caller}]",
            f"lost connection after AUTH from unknown[{caller}]",
            "warning: SASL authentication failure: Password verification failed",
            f"warning: hostname a.example does not resolve to address {caller}",
            f"4F2A11C0A2: client=unknown[{caller}], sasl_username=warning: {forged}",
            f"{refused} unknown[{caller}]: 554 5.7.1 <{forged}>: Relay access denied",
            f"4F2A11C0A2: to=<a@example.com>, status=sent (warning: {forged})",
        )
    )


def syslog(count: int, seed: int = 1) -> Iterator[str]:
    """Yield lines of zimbra.log; some failures are told as repeated."""
    chance, when = random.Random(seed), _BEGIN  # noqa: S311  # lines for a test
    for number in range(count):
        when += timedelta(seconds=chance.randint(0, 2))
        stamp = f"{when:%b} {when.day:2} {when:%H:%M:%S}"
        if number % 3 == 0:
            stamp = f"{when:%Y-%m-%dT%H:%M:%S}.{number % 1_000_000:06}+00:00"
        message = _sasl(chance) if chance.random() < 0.5 else _other(chance)
        if message.startswith("warning: ") and number % 50 == 0:
            message = f"message repeated 2 times: [ {message}]"
        yield f"{stamp} mta1 {chance.choice(_DAEMONS)}[{number % 30000}]: {message}"


def audit(count: int, seed: int = 2) -> Iterator[str]:
    """Yield lines of audit.log: through the proxy, past it, and forged ones."""
    chance, when = random.Random(seed), _BEGIN  # noqa: S311  # lines for a test
    for number in range(count):
        when += timedelta(milliseconds=chance.randint(0, 1500))
        caller = address(chance)
        origin = chance.choice(
            (
                f"oip={caller};",
                f"oip={_BYSTANDER}, {caller};",
                f"ip={caller};",
                f"ip={caller};oip={_BYSTANDER};",
                f"ip=192.0.2.10;oip={caller};via=192.0.2.10(nginx/1.24.0);",
                "ip=192.0.2.10;",
            )
        )
        context = f"{origin}ua={chance.choice(_AGENTS)};soapId={number:x};"
        stamp = f"{when:%Y-%m-%d %H:%M:%S},{when.microsecond // 1000:03}"
        protocol = chance.choice(("soap", "imap", "pop3", "zsync", "http_basic"))
        name = chance.choice(_NAMES).replace(";", ";;")
        make: Callable[[], str] = lambda: failed(context, name, protocol, stamp)  # noqa: E731,B023
        yield make() if chance.random() < 0.8 else good(context, name, stamp)
