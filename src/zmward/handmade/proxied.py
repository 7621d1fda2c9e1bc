"""nginx's templates: what Zimbra's generator can render of them.

A variable that stands alone in its line is a list of directives, so that the line may
be several. A template that begins with `!{explode …}` is written once for each of its
objects.
"""

import re
from typing import Final

from zmward.handmade.known import Known
from zmward.handmade.template import Form, Line

_MARK: Final = re.compile(r"\$\{([^}]*)\}")
# What a list of directives may hold, by a word of the variable's name.
_DIRECTIVES: Final = (
    ("header", r"add_header\s.*;"),
    ("error_page", r"error_page\s.*;"),
    ("listen", r"listen\s.*;"),
    ("server", r"(?:servers?|mail_whitelist_ip|upstream)\s.*[;{]|\}"),
    ("upstream", r"(?:server|upstream)\s.*[;{]|\}"),
)
_OWN_HEADERS: Final = "zimbraReverseProxyResponseHeaders"
# The generator's last word about the whole run, below the last line of nginx.conf.
_RESULT: Final = r"#__(?:SUCCESS__|CONF_GEN_ERROR__:.*)"


def exploded(text: str) -> bool:
    """Say whether a template is written once for each domain or server."""
    return text.startswith("!{")


def _headers(name: str, known: tuple[Known, ...]) -> str | None:
    """Return the header lines that the server's own attribute gives."""
    if not name.endswith("headers.default"):
        return None
    views = [one.values(_OWN_HEADERS) for one in known]
    if any(view is None for view in views):
        return None
    shapes = set()
    for value in (value for view in views for value in view or ()):
        key, _, rest = value.partition(":")
        shapes.add(
            rf"add_header\s+{re.escape(key.strip())}\s+{re.escape(rest.strip())}\s*;"
        )
    return "|".join(sorted(shapes)) or "(?!)"


def _several(names: list[str], known: tuple[Known, ...]) -> str:
    """Return what a line may be that holds nothing but variables; "" for one line."""
    for name in names:
        found = _headers(name, known)
        if found is not None:
            return found
        for word, directives in _DIRECTIVES:
            if word in name:
                return directives
    return ""


def _line(text: str, known: tuple[Known, ...]) -> Line:
    names = _MARK.findall(text)
    if not names:
        return Line(text)
    if not _MARK.sub("", text).strip():
        shapes = _several(names, known)
        if shapes:
            # A switch before the list makes each of its lines a comment.
            return Line(text, (Form.of(rf"\s*+#?\s*+(?:{shapes})?\s*+"),), repeats=True)
    parts = [re.escape(part) for part in _MARK.split(text)[::2]]
    return Line(text, (Form.of(*parts),))


def proxied(text: str, name: str, *known: Known) -> tuple[Line, ...]:
    """Return the lines of a template; of one block where it is exploded."""
    raw = [line.rstrip() for line in text.splitlines()]
    if not exploded(text):
        lines = tuple(_line(line, known) for line in raw)
        if name != "nginx.conf":
            return lines
        result = Line("#__SUCCESS__", (Form.of(_RESULT),), optional=True)
        return (*lines, Line("", optional=True), result)
    # Comments are written with the first block only, a blank line after each.
    return (
        *(
            Line(one.text, one.forms, one.repeats, optional=one.text.startswith("#"))
            for one in (_line(line, known) for line in raw[1:])
        ),
        Line("", optional=True),
    )
