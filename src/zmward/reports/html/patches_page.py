"""Open holes and their due dates as one HTML page that needs nothing but itself."""

from typing import Any

from markupsafe import Markup

from zmward.i18n import Speaker, spoken
from zmward.patches.ledger import Ledger, Owed
from zmward.patches.standing import Standing
from zmward.reports.html.page import environment, inlined
from zmward.reports.html.timeline import timeline
from zmward.reports.patches_text import (
    NOTHING,
    STANDINGS,
    deadline,
    ends,
    foreign,
    helps,
    levels,
    listed,
    why_rated,
)


def _row(row: Owed, say: Speaker) -> dict[str, Any]:
    advisory = row.hole.advisory
    opened = row.hole.standing is Standing.APPLIES
    return {
        "id": row.id,
        "exploited": advisory.exploited,
        "listed": listed(row, say),
        "rating": why_rated(row, say),
        "due": deadline(row, say) if opened else "-",
        "late": row.late,
        "summary": f"{advisory.where}: {advisory.summary}",
        "helps": helps(row, say),
        "reason": spoken(row.hole.said, say),
    }


def _sections(ledger: Ledger, say: Speaker) -> list[dict[str, Any]]:
    return [
        {
            "mark": sign,
            "title": say(words),
            "rows": [_row(row, say) for row in ledger.standing(standing)],
            "folded": standing is not Standing.APPLIES,
        }
        for standing, (sign, _, words) in STANDINGS.items()
        if ledger.standing(standing)
    ]


def render(ledger: Ledger, say: Speaker | None = None) -> str:
    """Return the page; it asks the network for nothing, and may not."""
    say = say or Speaker()
    style, source = inlined("style.css")
    own_style, own_source = inlined("timeline.css")
    policy = (
        f"default-src 'none'; style-src {source} {own_source}; base-uri 'none'; "
        "form-action 'none'"
    )
    nodes = [
        {
            "name": node.name,
            "levels": levels(node),
            "edition": node.edition,
            "origin": node.origin if foreign(node) else "",
            "notes": [spoken(one, say) for one in node.notes],
            "ends": tuple(ends(node, ledger, say)),
        }
        for node in ledger.overview.nodes
    ]
    return (
        environment(say)
        .get_template("patches.html")
        .render(
            language=say.language,
            policy=Markup(policy),  # noqa: S704  # two hashes of our own
            style=style,
            own_style=own_style,
            nothing=say(NOTHING),
            ledger=ledger,
            nodes=nodes,
            attacked=sum(row.hole.advisory.exploited for row in ledger.open),
            picture=timeline(ledger, say),
            sections=_sections(ledger, say),
        )
    )
