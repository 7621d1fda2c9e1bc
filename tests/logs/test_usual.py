"""Many lines at once are read as one by one, whatever stands in them."""

import heapq
from collections.abc import Sequence
from itertools import chain, starmap

from hypothesis import given, settings
from hypothesis import strategies as some

from tests.logs.files import BYSTANDER, CALLER, PROXY, ROME, place, sasl, saslauthd
from tests.logs.test_clients import KEYS
from zmward.catalog.log_pattern import Log
from zmward.logs.candidates import words
from zmward.logs.event import Event, dated, row
from zmward.logs.joined import joined, joined_rows
from zmward.logs.merged import merged
from zmward.logs.reading import Counts, events, parse, rows
from zmward.logs.reading import read as read_block
from zmward.logs.report import LogReport, report
from zmward.logs.tally import Tally
from zmward.profile import Logs

STAMPS = (
    *("2024-11-05 10:15:40,002", "2024-11-05 10:15:41.999", "2024-11-04 23:59:60,5"),
    *("2024-10-27 02:30:00,000", "2024-13-05 10:15:40,002", "2024-11-05 10:16:00,1x3"),
)
THREADS = (
    *("ImapSSLServer-17", "qtp1-3:https://a.example/service/soap/AuthRequest", "x"),
    *("qtp1-3:https://a:7071/service/admin/soap/", "qtp1-3:Imap://", "main", ""),
    f"qtp1-3:https://a/{'x' * 380}:7071/service/admin/soap/",
    *("qtp9-9:https://a/][oip=6.6.6.6;]", "smtp://a:7073/service/admin/soap/"),
)
WORDS = (
    "",
    "anna",
    "ANNA@example.com",
    "a;b",
    "a;;b",
    "x] [y",
    "] security - cmd=Auth;",
)
VALUES = (*WORDS, CALLER, PROXY, f"{BYSTANDER}, {CALLER}", "smtp", "1", "\u00e9\udcff")
MESSAGES = (
    "security - cmd=Auth; account={0}; protocol=imap;",
    (
        "security - cmd=Auth; account={0}; protocol=soap; error=authentication failed for "
        "[{0}], invalid password;"
    ),
    "security - cmd=AdminAuth; account={0};",
    "security - cmd=PreAuth; account={0}; admin=false;",
    (
        "security - Error occurred during authentication: authentication failed for [{0}]. "
        "Reason: account not found."
    ),
    "SoapEngine - handler exception: authentication failed for [{0}], account not found",
    "imap - authentication failed for [{0}] (invalid password)",
    "account - Authentication failed - imap not enabled for {0}",
    "nginxlookup - user not found:{0}",
    "other.Class - cmd=Auth; {0} authentication",
    "security -  cmd=Auth;",
    "soap - SearchRequest elapsed=1 {0}",
)
SYSLOG = (
    sasl(),
    sasl(PROXY, name="bob"),
    sasl("2001:db8::7", stamp="Nov  5 10:15:61"),
    sasl(stamp="2024-11-05T10:15:40.5+02:00"),
    saslauthd("bob@example.com"),
    saslauthd("Bob", stamp="Okt  5 10:15:40"),
    saslauthd("a").replace("auth failed: authentication failed for [a]", "auth OK"),
    "<3>" + sasl(),
    (
        "Nov  5 10:15:40 mta1 postfix/smtpd[3]: 4F2A: client=x[{0}], sasl_method=PLAIN, "
        "sasl_username=eva"
    ),
    (
        "Nov  5 10:15:40 mta1 postfix/smtpd[3]: client=x[{0}], sasl_method=PLAIN, "
        "sasl_username=eva"
    ),
    "Nov  5 10:15:40 mta1 postfix/smtpd[3]: 4F2B: client=x[{0}], sasl_username=eva",
    "Nov  5 10:15:40 mta1 postfix/smtpd[3]: lost connection after AUTH from x[{0}]",
    (
        "Nov  5 10:15:40 mta1 postfix/smtpd[3]: message repeated 3 times: [ lost connection "
        "after AUTH from x[{0}]]"
    ),
    "Nov  5 10:15:40 mta1 postfix/smtpd[3]: helo=<`{0}`>",
    "Nov  5 10:15:40 mta1 other[3]: auth_zimbra: {0}",
    "Nov  5 10:15:40 mta1 postfix/smtpd[3]: an authentication of {0}",
)


def line(
    stamp: str, thread: str, context: Sequence[tuple[str, str]], message: str, name: str
) -> str:
    said = "".join(f"{key}={value};" for key, value in context)
    return f"{stamp} INFO  [{thread}] [{said}] {message.replace('{0}', name)}"


_USUAL = some.tuples(
    some.sampled_from(("name", "mid")), some.sampled_from(VALUES)
) | some.tuples(some.sampled_from(KEYS), some.sampled_from(VALUES))
_CONTEXT = some.lists(_USUAL, max_size=5).flatmap(
    lambda drawn: (
        some.just(drawn)
        | some.just(sorted(dict(drawn).items(), key=lambda one: KEYS.index(one[0])))
    )
)
_LINES = some.builds(
    line,
    some.sampled_from(STAMPS),
    some.sampled_from(THREADS),
    _CONTEXT,
    some.sampled_from(MESSAGES),
    some.sampled_from(VALUES),
)
_SYSLOG = some.builds(
    lambda text, name: text.replace("{0}", name),
    some.sampled_from(SYSLOG),
    some.sampled_from(VALUES),
)


def encoded(lines: list[str]) -> list[bytes]:
    return [one.encode("utf-8", "surrogateescape") for one in lines]


def one_by_one(log: Log, lines: list[bytes]) -> tuple[list[Event], int, int]:
    """Return what lines tell that are parsed alone, and what was not understood."""
    alone = place(log, PROXY)
    found: list[Event] = []
    candidates = unparsed = 0
    for raw in lines:
        if not any(word in raw for word in words(log)):
            continue
        candidates += 1
        told = parse(alone, raw)
        if isinstance(told, Event):
            later = alone.clock.later
            found.append(
                dated(
                    alone.clock.settle(told.when, later),
                    *(told, told.source, told.account, told.key),
                )
            )
        elif told is None:
            unparsed += 1
    return found, candidates, unparsed


def check(log: Log, lines: list[str], ending: str) -> None:
    """Hold lines that are read together, in three blocks, against lines alone."""
    raw = encoded(lines)
    end = ending.encode() + b"\n"
    folded = [one for one in raw if b"message repeated" not in one]
    wanted, candidates, unparsed = one_by_one(log, folded)
    counts = Counts()
    blocks = [b"".join(one + end for one in folded[at : at + 3]) for at in (0, 3)]
    blocks.append(b"".join(one + end for one in folded[6:]))
    together = list(events(place(log, PROXY), blocks, counts))
    assert together == wanted
    assert (counts.candidates, counts.unparsed) == (candidates, unparsed)


@given(some.lists(_LINES, max_size=12), some.sampled_from(("", "\r", "\r\r")))
@settings(max_examples=400, deadline=None)
def test_lines_of_mailboxd(lines: list[str], ending: str) -> None:
    for log in ("audit", "mailbox"):
        check(log, lines + lines[:4], ending)


@given(some.lists(_SYSLOG, max_size=12), some.sampled_from(("", "\r")))
@settings(max_examples=200, deadline=None)
def test_lines_of_syslog(lines: list[str], ending: str) -> None:
    check("syslog", lines + lines[:4], ending)


def test_a_line_that_goes_on_in_the_next_is_read_alone() -> None:
    """Its parts would take the next line for its own, and two lines would be one."""
    head = "2024-11-05 10:15:40,002 INFO  [x] ["
    whole = f"oip={CALLER};soapId=1;] {MESSAGES[1].replace('{0}', 'anna')}"
    check("audit", [f"{head}name=cmd=Auth;", f"x;{whole}", head + whole] * 3, "")


def test_a_folded_line_counts_again_and_again() -> None:
    text = SYSLOG[12].replace("{0}", CALLER) + "\n"
    found = list(events(place("syslog"), [text.encode() * 2] * 2, Counts()))
    assert [one.kind for one in found] == ["probe"] * 12


def test_what_is_remembered_is_begun_anew() -> None:
    """And numbers given before the block are not mixed up with new ones."""
    where = place("audit", PROXY)
    lines = [
        line(STAMPS[0], "x", (("oip", CALLER),), MESSAGES[1], f"u{number}")
        for number in range(50)
    ]
    block = "".join(f"{one}\n" for one in lines).encode()
    first = list(events(where, [block], Counts()))
    where.known.grown(1 << 30)
    assert list(events(where, [block], Counts())) == first
    assert where.known.age == 1
    assert len(where.known.names) == 51


_TIMES = some.lists(some.integers(0, 9), max_size=12)


@given(some.lists(some.lists(_TIMES, max_size=4), min_size=1, max_size=4))
def test_streams_are_merged_as_row_by_row(streams: list[list[list[int]]]) -> None:
    """Also where clocks go back, and however the rows come."""
    parts = [
        [
            [
                row(Event(float(when), f"{number}.{part}.{at}", "audit"))
                for at, when in enumerate(times)
            ]
            for part, times in enumerate(some_)
        ]
        for number, some_ in enumerate(streams)
    ]
    wanted = heapq.merge(
        *(list(chain.from_iterable(one)) for one in parts), key=lambda one: one[0]
    )
    assert list(chain.from_iterable(merged(map(iter, parts)))) == list(wanted)


@given(some.lists(_LINES, max_size=30), some.lists(_SYSLOG, max_size=30))
@settings(max_examples=60, deadline=None)
def test_rows_are_counted_as_events(audit: list[str], syslog: list[str]) -> None:
    logs = Logs(failures=2, accounts_per_source=2, success_after=1, networks_at_once=2)
    found = []
    for log, lines in (("audit", audit), ("mailbox", audit), ("syslog", syslog)):
        where = place(log, PROXY)  # type: ignore[arg-type]  # three logs
        block = b"".join(one + b"\n" for one in encoded(lines * 2))
        told = read_block(where, block, 0, len(block), Counts())
        told.twice = []
        found.append(list(rows(told, where.known.whats, where.known.names)))

    def written(tally: Tally) -> LogReport:
        return report(tally, logs, ROME, counts=(0, 0, 0), files=(), notes=())

    by_rows, by_events = Tally(logs), Tally(logs)
    for batch in joined_rows(merged(iter([one]) for one in found)):
        by_rows.rows(batch)
    by_rows.fold()
    order = heapq.merge(*found, key=lambda one: one[0])
    by_events.add(joined(starmap(dated, order)))
    assert written(by_rows) == written(by_events)
