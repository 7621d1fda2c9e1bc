"""A week of a server under attack, as events: one of everything a report can say."""

from collections.abc import Iterator
from functools import cache
from random import Random

from tests.logs.files import CALLER, PROXY
from tests.logs.told import told
from zmward.logs.event import Event
from zmward.logs.report import LogReport

BEGIN = 1_730_808_000.0
DAY, HOUR = 86_400, 3600


def _attempts(dice: Random) -> Iterator[Event]:
    for hour in range(7 * 24):
        at = BEGIN + hour * HOUR
        for n in range(dice.randrange(3, 20) + (340 if hour == 100 else 0)):
            source = (
                f"203.{dice.randrange(9)}.{dice.randrange(4)}.{dice.randrange(250)}"
            )
            name = f"user{dice.randrange(60):03}@example.com"
            protocol = dice.choice(("smtp", "smtp", "smtp", "imap", "soap", "pop3"))
            yield Event(
                *(at + n, "failure", "audit", source, name, protocol, "proxy"),
                key=f"{hour}-{n}",
                origin="audit",
            )
        if hour % 5 == 0:
            for n in range(12):
                yield Event(
                    *(at + 60 + n, "failure", "audit", CALLER, "admin@example.com"),
                    *("admin", "direct", f"b{hour}-{n}", "audit"),
                )
        if hour % 9 == 0:
            for n in range(9):
                yield Event(
                    *(at + 90 + n, "unknown", "mailbox", "2001:db8::66", f"info{n}"),
                    *("soap", "proxy", f"u{hour}-{n}", "mailbox"),
                )


def _good(dice: Random) -> Iterator[Event]:
    for n in range(4000):
        at = BEGIN + n * 150
        user = dice.randrange(60)
        hidden = n % 11 == 0
        yield Event(
            *(at, "success", "audit", "" if hidden else f"198.51.{user}.9"),
            *(f"user{user:03}@example.com", "soap" if hidden else "imap"),
            "proxy-only" if hidden else "proxy",
            peer=PROXY if hidden else "",
        )


def _conduct() -> Iterator[Event]:
    stolen = "user007@example.com"
    late = BEGIN + 5 * DAY
    yield Event(
        *(late + 30, "success", "audit", CALLER, "admin@example.com", "admin", "direct")
    )
    for n in range(6):
        source = f"{60 + n * 7}.{n}.113.7"
        yield Event(late + n * 40, "success", "audit", source, stolen, "smtp", "direct")
    for n in range(480):
        source = f"{60 + n % 6 * 7}.{n % 6}.113.7"
        yield Event(
            *(late + 300 + n * 5, "success", "syslog", source, stolen, "smtp"),
            "direct",
            origin="postfix",
        )
    for n in range(6):
        yield Event(
            *(BEGIN + n * DAY, "success", "syslog", "198.51.7.9", stolen, "smtp"),
            "direct",
            origin="postfix",
        )
    for n in range(33):
        name = f"sales{n}@example.com"
        yield Event(
            *(late + n, "recipient", "syslog", "192.0.2.77", name, "smtp", "direct")
        )
        yield Event(late + n, "flood", "out", "192.0.2.78", "", "soap", "direct")
    yield Event(late, "flood", "out", "", "", "soap", "proxy-only", peer=PROXY)
    for n in range(14):
        yield Event(
            *(late + n, "preauth" if n % 7 else "preauth-failure", "audit", ""),
            *(f"u{n}@portal.example", "preauth"),
        )


def _signs(words: str) -> Iterator[Event]:
    for number, (name, request) in enumerate(
        (
            ("mboximport", "POST /service/extension/backup/mboximport?ow=1"),
            ("web-inf-include", "GET /h/rest?javax.servlet.include.servlet_path=/x"),
        )
    ):
        yield Event(
            *(BEGIN + 4 * DAY + number, "indicator", "nginx-access", CALLER),
            origin=name,
            line=f'{CALLER}:5{number} - - [x]  "{request} HTTP/1.1" 401 - {words}',
        )


@cache
def week(words: str = "curl/8.5") -> LogReport:
    """Return the report on the week; `words` is what a client says of itself."""
    dice = Random(7)  # noqa: S311  # the same week each time
    some = [*_attempts(dice), *_good(dice), *_conduct(), *_signs(words)]
    if words != "curl/8.5":
        some.append(
            Event(BEGIN, "failure", "audit", CALLER, words, "imap", "direct", "w", "a")
        )
    return told(sorted(some, key=lambda one: one.when))
