"""A report as one HTML page that needs nothing but itself."""

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from zmward.finding import Report, rank
from zmward.i18n import Speaker
from zmward.reports.html import model
from zmward.reports.html.looks import look
from zmward.reports.html.picture import VERDICTS, picture
from zmward.reports.html.who import signs, who
from zmward.reports.json import counts
from zmward.reports.plain import visible
from zmward.reports.score import score
from zmward.reports.summary import efforts, gaps, severities, steps, topics
from zmward.reports.times import moment
from zmward.reports.words import MARKS, SEVERITIES, STATUSES, topic
from zmward.scan.seen import Seen


def _shown(value: Any) -> Any:
    """Make every text harmless on its way into the page; escaping comes after."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return visible(value)
    return value


def _file(name: str) -> str:
    return (files("zmward.reports.html") / name).read_text("utf-8")


def inlined(name: str) -> tuple[Markup, str]:
    """Return one of our own files as it stands in the page, and its CSP source."""
    text = f"\n{_file(name)}"
    if "</" in text:
        raise ValueError(f"{name} would end its own element")
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Markup(text), f"'sha256-{digest}'"  # noqa: S704  # our own file


def environment(say: Speaker) -> Environment:
    """Return the templates; they escape everything, and an unknown name is an error."""
    return _environment(say.language)


# Once for each language: to compile the templates takes longer than to fill them.
@cache
def _environment(language: str) -> Environment:
    say = Speaker(language)
    environment = Environment(
        loader=PackageLoader("zmward.reports.html", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.globals["_"] = say
    environment.globals["number"] = say.number
    return environment


def _values(report: Report, say: Speaker) -> dict[str, Any]:
    ordered = sorted(report.findings, key=rank)
    items = tuple(model.item(f, number, say) for number, f in enumerate(ordered))
    anchors = {one.control: one.anchor for one in items}
    nodes = report.exposure.nodes if report.exposure else ()
    return {
        "report": report,
        "when": moment(report.when),
        "counts": counts(report),
        "score": score(report),
        "severities": {say(SEVERITIES[s]): n for s, n in severities(report).items()},
        "severity_words": {s.value: say(word) for s, word in SEVERITIES.items()},
        "statuses": [(s.value, MARKS[s], say(STATUSES[s])) for s in STATUSES],
        "steps": tuple(one for one in items if one.control in _steps(report)),
        "repairs": {repairs.effort: repairs for repairs in efforts(report)},
        "gaps": gaps(report),
        "anchors": anchors,
        "topics": [
            (found.name, say(topic(found.name)), MARKS[found.status], found.status)
            for found in topics(report)
        ],
        "sections": model.sections(items, say),
        "tips": model.tips(items, say),
        "waived": model.waived(items),
        "pictures": [(picture(node, say), who(node.who, say)) for node in nodes],
        "signs": signs(say),
        "verdicts": _verdicts(report, say),
    }


def _verdicts(report: Report, say: Speaker) -> list[tuple[str, str, str]]:
    """Return the signs of the map that some node's map has."""
    nodes = report.exposure.nodes if report.exposure else ()
    shown = {socket.verdict for node in nodes for socket in node.sockets}
    return [(v, sign, say(w)) for v, (sign, w) in VERDICTS.items() if v in shown]


def _steps(report: Report) -> set[str]:
    return {finding.control for finding in steps(report)}


def render(
    report: Report, say: Speaker | None = None, *, looks: tuple[Seen, ...] = ()
) -> str:
    """Return the page; it asks the network for nothing, and may not.

    `looks` are what a scan saw, told before the findings.
    """
    say = say or Speaker()
    style, style_source = inlined("style.css")
    script, script_source = inlined("script.js")
    policy = "; ".join(
        (
            "default-src 'none'",
            f"style-src {style_source}",
            f"script-src {script_source}",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    template = environment(say).get_template("page.html")
    return template.render(
        style=style,
        script=script,
        policy=Markup(policy),  # noqa: S704  # two hashes of our own
        language=say.language,
        looks=[look(seen, report, say) for seen in looks],
        only_seen=bool(looks) and not report.version,
        **_values(report, say),
    )
