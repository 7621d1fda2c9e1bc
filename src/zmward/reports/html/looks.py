"""What a scan saw, as the page shows it: open ports, and every word of the proofs."""

from collections.abc import Iterator
from typing import Any

from zmward.finding import Report
from zmward.i18n import Speaker
from zmward.reports.port_words import others, places
from zmward.reports.times import moment
from zmward.scan.line import Exchange
from zmward.scan.seen import Seen, Shown

_MOST = 400


def _conversations(seen: Seen) -> Iterator[dict[str, Any]]:
    for one in seen.shown:
        said: tuple[Exchange, ...] = one.exchanges
        if said:
            yield {"title": _title(one), "said": said[:_MOST], "trouble": one.trouble}


def _title(one: Shown) -> str:
    kind = one.__struct_config__.tag
    place = getattr(one, "domain", "") or f"{one.address} {one.port}"  # type: ignore[union-attr]  # all but DNS have a place
    return f"{kind} · {place}"


def look(seen: Seen, report: Report, say: Speaker) -> dict[str, Any]:
    """Return one look for the template; the report marks where something failed."""
    return {
        "host": seen.host,
        "when": moment(seen.when),
        "source": ", ".join(dict.fromkeys(filter(None, seen.source.values()))),
        "asked": "; ".join(seen.asked),
        "silent": seen.untold(),
        "places": [
            (address, rows, others(seen, address, say))
            for address, rows in places(seen, report, say)
        ],
        "conversations": tuple(_conversations(seen)),
    }
