"""Looks from outside at whose mail a server carries before anybody has logged in."""

import re
from collections.abc import Iterator

from msgspec.structs import replace

from zmward.controls.shapes.outside_seen import (
    RUNNING,
    SOURCE,
    Place,
    mute,
    perhaps_itself,
    place,
    sight,
    silent,
    subject,
)
from zmward.deviation import Judgement, deviates, not_concerned, sound, unknown
from zmward.outlook import Outlook, Outside, Sight
from zmward.profile import Networks, Profile
from zmward.scan.seen import Seen
from zmward.scan.smtp import SmtpShown
from zmward.scan.smtp_relay import FROM, SUBMISSION, TO, Attempt, Outcome, proves

_BASE = ("plain", "no sender")
_OWN = "own sender"
_NO_DOMAIN = (
    "strangers' mail is refused, but mail from its own domain was not tried, as none "
    "is known: name one with --domain"
)
# Not "Relay access denied": whoever is told that got past the question of a login.
_DENIED = re.compile(r"(?<!relay )access denied|authenti|log ?in|logged", re.IGNORECASE)
# Whoever is told that has not begun TLS: nobody knows what he would be told inside it.
_BEFORE_TLS = re.compile("starttls", re.IGNORECASE)
_OPEN = (
    "Look for what lets everybody relay: zimbraMtaMyNetworks and "
    "smtpd_relay_restrictions; `zmward audit` on the server names it."
)
_NEIGHBOURS = (
    "Take the network out of zimbraMtaMyNetworks, or name it in the profile "
    "(networks.relays)."
)
_BALANCER = "Take the balancer's address out of zimbraMtaMyNetworks."
_USERS = (
    "Zimbra's master.cf.in says permit_sasl_authenticated,reject for this port: "
    "restore the template."
)


def _ports(seen: Seen) -> tuple[SmtpShown, ...]:
    return tuple(s for s in seen.shown if isinstance(s, SmtpShown) and not s.lmtp)


def _words(attempt: Attempt) -> str:
    return (
        f"MAIL FROM:<{attempt.sender}> RCPT TO:<{attempt.recipient}> → {attempt.answer}"
    )


def _seen(attempts: tuple[Attempt, ...]) -> str:
    return "; ".join(map(_words, attempts))[:600]


def _refusals(shown: SmtpShown, where: str) -> Iterator[Judgement]:
    """Judge a port that carried nothing."""
    base = tuple(a for a in shown.attempts if a.variant in _BASE)
    late = tuple(a for a in shown.attempts if a.outcome == "later")
    if late:
        minds = "helo" in late[0].answer.lower()
        hint = "it minds the name of the looker" if minds else "scan again later"
        reason = f"it put the question off: {_words(late[0])}; {hint}"
        yield unknown(RUNNING, where, reason)
    elif len(base) < len(_BASE) or shown.trouble.startswith("while"):
        yield mute(shown, where)
    elif not any(a.variant == _OWN for a in shown.attempts):
        yield unknown(RUNNING, where, _NO_DOMAIN)
    elif any(a.outcome == "refused" for a in base):
        told = tuple(a for a in shown.attempts if a.outcome != "accepted")
        yield sound(RUNNING, where, source=SOURCE, seen=_seen(told))
    else:
        reason = f"it was refused before it came to relaying: {_words(base[0])}"
        yield unknown(RUNNING, where, reason)


def _carried(shown: SmtpShown) -> tuple[Attempt, ...]:
    return tuple(
        attempt
        for attempt in shown.attempts
        if attempt.outcome == "accepted" and proves(shown.attempts, attempt)
    )


def _relaying(seen: Seen, outlook: Outlook, place_of: Place) -> Iterator[Judgement]:
    """Judge from one kind of place; from others the same words say less."""
    ports = tuple(p for p in _ports(seen) if p.port not in SUBMISSION)
    yield from silent(seen, outlook, _ports(seen), "smtp")
    if _ports(seen) and not ports:
        reason = "only ports for users were seen"
        yield not_concerned(RUNNING, outlook.subject, reason)
    for shown in ports:
        where = subject(shown, outlook)
        stands = place(shown, seen, outlook)
        carried = _carried(shown)
        if stands == "trusted":
            reason = "it was looked at from where relaying is allowed"
            yield not_concerned(RUNNING, where, reason)
        elif stands == "doubtful" and (carried or place_of == "internet"):
            reason = perhaps_itself(seen.source[shown.address])
            yield unknown(RUNNING, where, reason)
        elif stands == place_of and carried:
            yield _open(where, carried, stands)
        elif stands == place_of or (place_of == "internet" and not carried):
            yield from _refusals(shown, where)
        elif stands == "hidden" and carried:
            reason = (
                f"it carries mail for {seen.source[shown.address]}, which the profile "
                "names, or for the router that hides it: look from a place that has a "
                "public address"
            )
            yield unknown(RUNNING, where, reason)
        elif place_of == "internet":
            reason = (
                f"it carries mail for {seen.source.get(shown.address) or 'the looker'},"
                " whose network is no stranger's: look from the internet"
            )
            yield unknown(RUNNING, where, reason)
        else:
            reason = "it was not looked at from such a place"
            yield not_concerned(RUNNING, where, reason)


def _open(where: str, carried: tuple[Attempt, ...], stands: Place) -> Judgement:
    found = (
        f"it takes mail from <{carried[0].sender}> to "
        f"<{carried[0].recipient}> without a login"
    )
    cures = {"internet": _OPEN, "balancers": _BALANCER}
    return deviates(
        RUNNING,
        where,
        found,
        "Relay access denied",
        no_cure=cures.get(stands, _NEIGHBOURS),
        source=SOURCE,
        seen=_seen(carried),
    )


def _submitting(seen: Seen, outlook: Outlook) -> Iterator[Judgement]:
    ports = tuple(p for p in _ports(seen) if p.port in SUBMISSION)
    if not ports:
        reason = "neither 465 nor 587 was seen"
        yield not_concerned(RUNNING, outlook.subject, reason)
    for shown in ports:
        where = subject(shown, outlook)
        taken = tuple(a for a in shown.attempts if a.outcome == "accepted")
        # The last attempt asks most: mail for a user of the server's own.
        last = shown.attempts[-1] if shown.attempts else None
        if taken:
            yield deviates(
                RUNNING,
                where,
                f"it takes mail to <{taken[0].recipient}> without a login",
                "a login before any mail",
                no_cure=_USERS,
                source=SOURCE,
                seen=_seen(taken),
            )
        elif last is None or shown.trouble.startswith("while"):
            yield mute(shown, where)
        elif _BEFORE_TLS.search(last.answer):
            reason = f"TLS could not be begun there: {_words(last)}"
            yield unknown(RUNNING, where, reason)
        elif last.outcome != "later" and _DENIED.search(last.answer):
            yield sound(RUNNING, where, source=SOURCE, seen=_seen(shown.attempts))
        else:
            reason = f"it was refused for another reason: {_words(last)}"
            yield unknown(RUNNING, where, reason)


def example(port: int, *outcomes: tuple[str, Outcome, str], trouble: str = "") -> Seen:
    """Return a look at one port that was asked to carry mail."""
    recipients = {
        "percent": "zmward-scan%example.net@example.test",
        "nobody": "zmward-scan-nobody@example.test",
        "local": "postmaster@example.test",
    }
    senders = {"no sender": "", _OWN: "postmaster@example.test"}
    attempts = tuple(
        Attempt(
            variant,
            senders.get(variant, FROM),
            recipients.get(variant, TO),
            outcome,
            answer,
        )
        for variant, outcome, answer in outcomes
    )
    return sight(SmtpShown("192.0.2.10", port, attempts=attempts, trouble=trouble))


_Told = tuple[Outcome, str]
_NO: _Told = ("refused", f"554 5.7.1 <{TO}>: Relay access denied")
_YES: _Told = ("accepted", "250 2.1.5 Ok")
_LATER: _Told = ("later", "450 4.3.2 Service currently unavailable")
_LISTED: _Told = ("barred", "554 5.7.1 Client host [198.51.100.7] blocked using a list")
_UNKNOWN: _Told = ("refused", "550 5.1.1 User unknown in virtual mailbox table")
_CLEAR: _Told = ("barred", "530 5.7.0 Must issue a STARTTLS command first to log in")
_LOCKED: _Told = ("barred", "554 5.7.1 Client host rejected: Access denied")
_REFUSED = example(25, ("plain", *_NO), ("no sender", *_NO), (_OWN, *_NO))
_FORGED = (_OWN, *_YES)
_CARRIED = example(25, ("plain", *_YES), ("no sender", *_YES))


def _from(source: str) -> Seen:
    """Return the look at an open relay from another place."""
    return replace(_CARRIED, source={"192.0.2.10": source})


def no_open_relay() -> Outside:
    """Look whether a stranger's mail to strangers is carried."""
    return Outside(
        lambda seen, outlook: _relaying(seen, outlook, "internet"),
        (
            Sight("ok", _REFUSED),
            Sight("bad", _CARRIED),
            Sight("bad", example(25, ("plain", *_NO), ("no sender", *_YES))),
            Sight(
                "bad",
                example(
                    25,
                    ("plain", *_NO),
                    ("no sender", *_NO),
                    ("nobody", *_UNKNOWN),
                    ("percent", *_YES),
                ),
            ),
            Sight(
                "ok",
                example(
                    25,
                    ("plain", *_NO),
                    ("no sender", *_NO),
                    (_OWN, *_NO),
                    ("nobody", *_YES),
                    ("percent", *_YES),
                ),
            ),
            Sight("bad", example(25, ("plain", *_NO), ("no sender", *_NO), _FORGED)),
            Sight("unknown", example(25, ("plain", *_NO), ("no sender", *_NO))),
            Sight("unknown", example(25, ("plain", *_LATER), ("no sender", *_NO))),
            Sight("unknown", example(25, ("plain", *_LISTED), ("no sender", *_LISTED))),
            Sight("unknown", example(25, ("plain", *_NO), trouble="while …")),
            Sight("unknown", example(25, trouble="it said nothing in time")),
            Sight("unknown", _CARRIED, Profile(networks=Networks(clients=_NEAR))),
            Sight("ok", _REFUSED, Profile(networks=Networks(clients=_NEAR))),
            Sight("n/a", _CARRIED, Profile(networks=Networks(relays=_NEAR))),
            Sight("unknown", _from("192.0.2.1")),
            Sight("bad", _from("10.1.2.3")),
            Sight("unknown", _from("10.1.2.3"), _HIDDEN),
            Sight("ok", replace(_REFUSED, source=_BEHIND), _HIDDEN),
            Sight("unknown", _from("")),
            Sight("n/a", _from("192.0.2.10")),
            Sight("unknown", replace(_CARRIED, shown=())),
            Sight("n/a", example(587, ("plain", *_YES))),
        ),
    )


_NEAR = ("198.51.100.0/24",)
_BEHIND = {"192.0.2.10": "10.1.2.3"}
_HIDDEN = Profile(networks=Networks(relays=("10.0.0.0/8",), clients=("10.0.0.0/8",)))


def no_neighbours() -> Outside:
    """Look whether the networks around the server may relay."""
    clients = Profile(networks=Networks(clients=_NEAR))
    return Outside(
        lambda seen, outlook: _relaying(seen, outlook, "own"),
        (
            Sight("ok", _REFUSED, clients),
            Sight("bad", _CARRIED, clients),
            Sight("bad", _from("192.0.2.1")),
            Sight("unknown", _from("10.1.2.3"), _HIDDEN),
            Sight("n/a", replace(_REFUSED, source=_BEHIND), _HIDDEN),
            Sight("unknown", example(25, ("plain", *_LATER)), clients),
            Sight("n/a", _CARRIED),
            Sight("n/a", _CARRIED, Profile(networks=Networks(relays=_NEAR))),
        ),
    )


def no_balancer() -> Outside:
    """Look whether a balancer that stands before the server may relay."""
    balancers = Profile(networks=Networks(proxies=_NEAR))
    return Outside(
        lambda seen, outlook: _relaying(seen, outlook, "balancers"),
        (
            Sight("ok", _REFUSED, balancers),
            Sight("bad", _CARRIED, balancers),
            Sight("n/a", _CARRIED),
        ),
    )


def users_only() -> Outside:
    """Look whether the ports for users refuse mail without a login."""
    return Outside(
        _submitting,
        (
            Sight("ok", example(587, ("plain", *_LOCKED), ("local", *_LOCKED))),
            Sight("bad", example(587, ("plain", *_YES))),
            Sight("bad", example(465, ("plain", *_NO), ("local", *_YES))),
            Sight("unknown", example(587, ("plain", *_NO), ("local", *_UNKNOWN))),
            Sight("unknown", example(587, ("plain", *_NO))),
            Sight("unknown", example(587, ("plain", *_CLEAR), ("local", *_CLEAR))),
            Sight("unknown", example(587, ("plain", *_LOCKED), ("local", *_CLEAR))),
            Sight("ok", example(587, ("plain", *_CLEAR), ("local", *_LOCKED))),
            Sight("unknown", example(587, ("plain", *_LATER))),
            Sight("unknown", example(587, trouble="it said nothing in time")),
            Sight("n/a", example(25, ("plain", *_YES))),
        ),
    )
