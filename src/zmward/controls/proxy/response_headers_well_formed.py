"""Response headers are written so that nginx and mailboxd send them."""

import re

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attributes import domain_attr, global_attr
from zmward.controls.shapes.basic import layers
from zmward.controls.shapes.served import MAILBOX, PROXY
from zmward.controls.shapes.wanted import Values, Wanted

_BOTH = frozenset({MAILBOX.lower(), PROXY.lower()})

_SAFE = re.compile(
    r"""[A-Za-z0-9-]+:\s*(?:"[^"\\]*"|'[^'\\]*'|[^\s;{}"'\\#]+)(?:\s+always)?"""
)
_ROW = re.compile(r"[^:]+:\s+\S.*")


def _quote(row: str) -> str:
    name, _, value = row.partition(":")
    return row if _SAFE.fullmatch(row) else f'{name}: "{value.strip().strip(chr(34))}"'


def _space(row: str) -> str:
    name, _, value = row.partition(":")
    return row if _ROW.fullmatch(row) else f"{name}: {value.strip()}"


def _repaired(found: Values) -> Values | None:
    rows = tuple(map(_quote, found))
    return rows if all(map(_SAFE.fullmatch, rows)) else None


_QUOTED = Wanted(
    "values with blanks or semicolons in quotes",
    lambda found: all(map(_SAFE.fullmatch, found)),
    _repaired,
)
_SPACED = Wanted(
    "a blank after each colon",
    lambda found: all(map(_ROW.fullmatch, found)),
    lambda found: tuple(map(_space, found)),
)


CONTROL = Control(
    id="response-headers-well-formed",
    title="Response headers are written so that nginx and mailboxd send them",
    why=(
        "nginx does not start with a value it cannot read, and mailboxd sends a "
        "header under a wrong name when the blank after the colon is missing."
    ),
    impact="None: values are quoted, and a blank is added.",
    severity=Severity.HIGH,
    tips=("T15", "T31"),
    roles=("proxy",),
    check=layers(
        global_attr(PROXY, _QUOTED, unset=()),
        domain_attr(
            PROXY, _QUOTED, only=lambda domain: bool(domain.own(PROXY)), unset=()
        ),
        global_attr(MAILBOX, _SPACED, unset=()),
        domain_attr(
            MAILBOX, _SPACED, only=lambda domain: bool(domain.own(MAILBOX)), unset=()
        ),
    ),
    refs=(),
    note=(
        "The two attributes have different rules: what nginx gets is its own "
        "language, what mailboxd gets needs the form `Name: value`."
    ),
    examples=(
        passes(
            schema=_BOTH,
            config={
                PROXY: 'Strict-Transport-Security: "max-age=1; includeSubDomains"',
                MAILBOX: "X-Robots-Tag: noindex",
            },
            domains={},
        ),
        passes(schema=_BOTH, config={}, domains={}),
        passes(
            schema=_BOTH,
            config={PROXY: 'X-Frame-Options: "SAMEORIGIN" always'},
            domains={},
        ),
        fails(
            schema=_BOTH,
            config={PROXY: "Strict-Transport-Security: max-age=1; includeSubDomains"},
            domains={},
        ),
        fails(schema=_BOTH, config={MAILBOX: "X-Robots-Tag:noindex"}, domains={}),
        fails(schema=_BOTH, config={}, domains={"example.com": {PROXY: "X-A: b c"}}),
        unsure(schema=_BOTH, missing=("ldap-config",), domains={}),
    ),
)
