"""Whether a mail server carries a stranger's mail to strangers, asked before DATA.

Each attempt is one MAIL and one RCPT, taken back by RSET; nothing is ever sent.
Each refusal is a line in the server's log, so that there are few of them.
"""

import re
from collections.abc import Iterator
from typing import Literal

import msgspec

from zmward.scan.line import Ask, Broken, Dial, Line
from zmward.scan.smtp_talk import (
    PATIENCE,
    Reply,
    command,
    hello,
    is_lmtp,
    own_domain,
    reply,
)

Outcome = Literal["accepted", "refused", "barred", "later"]

SUBMISSION = (465, 587)
FROM = "zmward-scan@example.com"
TO = "zmward-scan@example.net"
NOBODY = "zmward-scan-nobody"
_RELAY = re.compile(
    r"relay(ing)? (access )?(denied|not permitted|not allowed|prohibited)"
    r"|(unable|not permitted|not allowed) to relay|do(es)? not relay"
    r"|recipient address rejected: access denied",
    re.IGNORECASE,
)
# The client, its name or its sender was refused, before the recipient counted.
_BEFORE = re.compile(
    r"client host|helo|sender address|block|spam|log ?in|authenti|starttls",
    re.IGNORECASE,
)
# What is addressed to a domain of the server's own and may still lead elsewhere.
_THROUGH = ("percent", "quoted", "nobody", "local")
_SCREENED = re.compile(r"450 4\.3\.2 service currently", re.IGNORECASE)


class Attempt(msgspec.Struct, frozen=True):
    """A mail that was begun and taken back: from whom, to whom, the last answer."""

    variant: str
    sender: str
    recipient: str
    outcome: Outcome
    answer: str


class Relayed(msgspec.Struct, frozen=True):
    """All attempts at one port; `screened` means that postscreen answered them."""

    attempts: tuple[Attempt, ...] = ()
    screened: bool = False


def _variants(port: int, own: str) -> Iterator[tuple[str, str, str]]:
    yield "plain", FROM, TO
    if port in SUBMISSION:
        if own:
            yield "local", FROM, f"postmaster@{own}"
        return
    yield "no sender", "", TO
    if own:
        yield "own sender", f"postmaster@{own}", TO
        yield "nobody", FROM, f"{NOBODY}@{own}"
        yield "percent", FROM, f"{TO.replace('@', '%')}@{own}"
        yield "quoted", FROM, f'"{TO}"@{own}'
        yield "route", FROM, f"@{own}:{TO}"


def _outcome(variant: str, said: Reply) -> Outcome:
    if said.accepts:
        return "accepted"
    if said.defers:
        return "later"
    if _RELAY.search(said.text):
        return "refused"
    # A local part that does not exist is refused as well as any relaying.
    through = variant in _THROUGH and not _BEFORE.search(said.text)
    return "refused" if through else "barred"


def _secured(line: Line, host: str) -> None:
    if command(line, "STARTTLS").accepts:
        line.secure(host)
        hello(line)


def _one(line: Line, host: str, variant: str, sender: str, to: str) -> Attempt:
    said = command(line, f"MAIL FROM:<{sender}>")
    if said.code == 530 and "STARTTLS" in said.text.upper():  # noqa: PLR2004
        _secured(line, host)
        said = command(line, f"MAIL FROM:<{sender}>")
    if not said.accepts:
        return Attempt(variant, sender, to, _outcome("", said), said.text)
    said = command(line, f"RCPT TO:<{to}>")
    command(line, "RSET")
    return Attempt(variant, sender, to, _outcome(variant, said), said.text)


def relayed(
    dial: Dial, port: int, ask: Ask, told: list[Line], *, tls: bool
) -> tuple[Relayed, str]:
    """Ask a server to relay; return the attempts, and what went wrong, if anything.

    Each line that was opened is appended to `told`.
    postscreen defers a new client once and lets it pass when it comes again.
    """
    found: tuple[Relayed, str] = Relayed(), ""
    for _ in range(2):
        found = _conversation(dial, port, ask, told, tls=tls)
        if not found[0].screened:
            break
    return found


def _conversation(
    dial: Dial, port: int, ask: Ask, told: list[Line], *, tls: bool
) -> tuple[Relayed, str]:
    attempts: list[Attempt] = []
    host = ask.host
    try:
        with dial.connect(port, tls=host if tls else None, seconds=PATIENCE) as line:
            told.append(line)
            greeting = reply(line)
            if not greeting.accepts:
                return Relayed(), f"it greets with {greeting.text}"
            if is_lmtp(greeting):
                command(line, "QUIT")
                return Relayed(), ""
            hello(line)
            for variant in _variants(port, own_domain(host, ask.domains)):
                attempts.append(_one(line, host, *variant))
                if _SCREENED.match(attempts[0].answer):
                    command(line, "QUIT")
                    return Relayed(tuple(attempts), screened=True), ""
            command(line, "QUIT")
    except Broken as error:
        return Relayed(tuple(attempts)), f"while it was asked to relay: {error}"
    return Relayed(tuple(attempts)), ""


def proves(attempts: tuple[Attempt, ...], attempt: Attempt) -> bool:
    """Say whether an accepted attempt would have gone to strangers.

    A domain that takes every name takes one with a stranger's address in it too.
    """
    if attempt.variant in ("nobody", "local"):
        return False
    nobody = next((a.outcome for a in attempts if a.variant == "nobody"), "")
    return attempt.variant not in _THROUGH or nobody == "refused"
