"""Which of Postfix's parameters zmward sets by itself, and to what.

zmconfigd writes the parameters that it names and leaves all others alone, so a line
that `postconf -e` put into main.cf stays; an upgrade may write main.cf anew. What
zmconfigd does name is set by its attribute, never here.
"""

import re
from collections.abc import Mapping
from typing import Final

from zmward.catalog.rendering import PARAMETERS

# `yes` is known to every version with the parameter; later ones take it for normalize.
FREE: Final[Mapping[str, re.Pattern[str]]] = {
    "smtpd_forbid_bare_newline": re.compile("no|yes|normalize|reject"),
    # The other half of Postfix's own advice against smuggled mail.
    "smtpd_forbid_unauth_pipelining": re.compile("no|yes"),
}
_RENDERED: Final = frozenset(PARAMETERS.values())


def refused(parameter: str, *values: str | None) -> str:
    """Say why a parameter or one of its values is not ours to set; empty if it is."""
    if parameter in _RENDERED:
        return f"zmconfigd sets {parameter}: it would undo the change"
    pattern = FREE.get(parameter)
    if pattern is None:
        return f"zmward does not set Postfix's {parameter!r}"
    wrong = [v for v in values if v is not None and not pattern.fullmatch(v)]
    return f"{parameter} takes no {wrong[0]!r}" if wrong else ""
