"""A site's page as HTML: blocks, and the page into which they are first put."""

from collections.abc import Iterable, Iterator
from html import escape
from typing import Any

from zmward.configuration.blocks import block
from zmward.configuration.document import Listing, Reach, Section, Table, Text
from zmward.i18n import Speaker
from zmward.reports.config_markdown import INTRODUCTION
from zmward.reports.html.page import environment, inlined
from zmward.reports.html.picture import VERDICTS, picture
from zmward.reports.html.who import signs, who
from zmward.reports.plain import visible

_KINDS: dict[type, str] = {Table: "table", Text: "text", Listing: "listing"}
# People add to the page what they like; but nothing on it runs.
_POLICY = "script-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'"
_HEAD = """\
<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<header><div>
<h1>{title}</h1>
</div></header>
<main>
<p>{introduction}</p>
"""
_FOOT = """\
</main>
</body>
</html>
"""


def _parts(found: Section) -> Iterator[tuple[str, Any]]:
    for part in found.parts:
        if type(part) in _KINDS:
            yield _KINDS[type(part)], part


def _pictures(found: Section, say: Speaker) -> dict[str, Any]:
    nodes = tuple(part.node for part in found.parts if isinstance(part, Reach))
    shown = {socket.verdict for node in nodes for socket in node.sockets}
    return {
        "pictures": [(picture(node, say), who(node.who, say)) for node in nodes],
        "signs": signs(say),
        "verdicts": [
            (v, sign, say(w)) for v, (sign, w) in VERDICTS.items() if v in shown
        ],
    }


def section(found: Section, say: Speaker | None = None) -> str:
    """Return the content of a section's block."""
    say = say or Speaker()
    text = (
        environment(say)
        .get_template("config.html")
        .render(
            name=found.name,
            title=found.title,
            parts=tuple(_parts(found)),
            **_pictures(found, say),
        )
    )
    return f"{text.strip()}\n"


def page(title: str, sections: Iterable[Section], say: Speaker | None = None) -> str:
    """Return a whole new page, its blocks within their marks."""
    say = say or Speaker()
    style, _ = inlined("style.css")
    head = _HEAD.format(
        language=say.language,
        policy=_POLICY,
        title=escape(visible(title)),
        style=style,
        introduction=escape(say(INTRODUCTION)),
    )
    blocks = (block(one.name, section(one, say)) for one in sections)
    return f"{head}{''.join(blocks)}{_FOOT}"
