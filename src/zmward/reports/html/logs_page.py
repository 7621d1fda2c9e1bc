"""The report on logs as one HTML page that needs nothing but itself."""

from collections.abc import Iterator, Sequence
from typing import Any

from markupsafe import Markup

from zmward.i18n import Speaker, mark
from zmward.logs.attacked import HARMLESS
from zmward.logs.report import LogReport
from zmward.logs.seen import LineSeen, SignSeen
from zmward.reports import logs_words
from zmward.reports.html.logs_charts import Bars, bars, times
from zmward.reports.html.page import environment, inlined
from zmward.reports.times import moment

_ROWS = 100
_NAME = 30
_GRAVE = frozenset(
    ("got-in", "campaign", "spraying", "distributed", "brute-force", "enumeration")
)


def _short(name: str) -> str:
    return name if len(name) <= _NAME else f"{name[: _NAME - 1]}…"


def _color(verdict: str) -> str:
    return "grave" if verdict in _GRAVE else "mild"


def _charts(found: LogReport, say: Speaker) -> Iterator[tuple[str, Bars]]:
    words = logs_words.WORDS
    some: Sequence[tuple[str, Sequence[tuple[str, int, str, str]]]] = (
        (
            mark("By protocol"),
            [(name, count, "mild", name) for name, count in found.protocols.items()],
        ),
        (
            mark("By network"),
            [
                (one.network, one.failures, "mild", f"{one.network} ({one.sources})")
                for one in found.networks
            ],
        ),
        (
            mark("By source"),
            [
                (
                    *(one.address, one.failures, _color(one.verdict)),
                    f"{one.address}: {say(words[one.verdict])}",
                )
                for one in sorted(found.sources, key=lambda one: -one.failures)
            ],
        ),
        (
            mark("By account"),
            [
                (
                    *(_short(one.account), one.failures, _color(one.verdict)),
                    f"{one.account}: {say(words[one.verdict])}",
                )
                for one in sorted(found.accounts, key=lambda one: -one.failures)
            ],
        ),
    )
    for title, rows in some:
        drawn = bars(rows)
        if drawn:
            yield say(title), drawn


def _signs(found: LogReport) -> list[tuple[SignSeen, list[tuple[str, str]]]]:
    """Return each sign once, with all its lines."""
    some: dict[str, tuple[SignSeen, list[tuple[str, str]]]] = {}
    for one in found.indicators:
        some.setdefault(one.id, (one, []))[1].append((one.log, one.line))
    return list(some.values())


def _evidence(found: LogReport) -> dict[str, list[LineSeen]]:
    some: dict[str, list[LineSeen]] = {}
    for one in found.evidence:
        some.setdefault(one.about, []).append(one)
    return some


def _origin(found: LogReport) -> dict[str, Any]:
    origin = found.origin_ip
    total = origin.usable + origin.proxy_only + origin.absent
    return {
        "total": total,
        "share": origin.usable * 100 / total if total else 0.0,
        "verdict": origin.verdict,
        "class": {"ok": "PASS", "bad": "FAIL"}.get(origin.verdict, "UNKNOWN"),
    }


def render(found: LogReport, host: str, say: Speaker | None = None) -> str:
    """Return the page; it asks the network for nothing, and may not."""
    say = say or Speaker()
    style, source = inlined("style.css")
    own_style, own_source = inlined("logs.css")
    policy = (
        f"default-src 'none'; style-src {source} {own_source}; base-uri 'none'; "
        "form-action 'none'"
    )
    return (
        environment(say)
        .get_template("logs.html")
        .render(
            language=say.language,
            policy=Markup(policy),  # noqa: S704  # two hashes of our own
            style=style,
            own_style=own_style,
            host=host,
            found=found,
            alarms=tuple(logs_words.alarms(found, say)),
            advice=tuple(logs_words.advice(found, say)),
            origin=_origin(found),
            times=times(found.hours),
            charts=tuple(_charts(found, say)),
            signs=_signs(found),
            evidence=_evidence(found),
            words={name: say(text) for name, text in logs_words.WORDS.items()},
            harmless=HARMLESS,
            moment=moment,
            rows=_ROWS,
        )
    )
