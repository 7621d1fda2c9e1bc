"""A look from outside at VRFY, EXPN and ETRN: what they tell or start."""

from collections.abc import Iterator

from zmward.controls.shapes.outside_seen import (
    RUNNING,
    SOURCE,
    mute,
    sight,
    subject,
)
from zmward.controls.shapes.outside_smtp import port_example
from zmward.deviation import Judgement, deviates, not_concerned, sound, unknown
from zmward.outlook import Outlook, Outside, Sight
from zmward.scan.seen import Seen
from zmward.scan.smtp import SmtpShown

_QUIET = (
    "postconf -e disable_vrfy_command=yes and smtpd_etrn_restrictions=reject as user "
    "zimbra, then zmmtactl reload; zmconfigd does not write these two."
)
_MAIL = 25


def _ports(seen: Seen) -> tuple[SmtpShown, ...]:
    return tuple(s for s in seen.shown if isinstance(s, SmtpShown) and s.port == _MAIL)


def _tells(answers: dict[str, str]) -> str:
    """Return which question told or started something; empty if none did."""
    known, nobody = answers.get("VRFY", ""), answers.get("VRFY nobody", "")
    if known[:1] == "2" and nobody[:1] == "5":
        return "VRFY"
    return next((verb for verb in ("EXPN", "ETRN") if answers[verb][:1] == "2"), "")


def _questions(seen: Seen, outlook: Outlook) -> Iterator[Judgement]:
    ports = _ports(seen)
    if not ports:
        yield not_concerned(RUNNING, outlook.subject, "port 25 was not seen open")
    for shown in ports:
        where = subject(shown, outlook)
        words = "; ".join(f"{verb} → {text}" for verb, text in shown.answers.items())
        if not {"VRFY", "EXPN", "ETRN"} <= set(shown.answers):
            yield mute(shown, where)
        elif verb := _tells(shown.answers):
            yield deviates(
                RUNNING,
                where,
                f"port 25 answers {verb}: {shown.answers[verb]}",
                "a refusal",
                no_cure=_QUIET,
                source=SOURCE,
                seen=words,
            )
        elif any(shown.answers[verb][:1] == "4" for verb in ("VRFY", "EXPN")):
            yield unknown(RUNNING, where, f"it put the question off: {words}")
        else:
            yield sound(RUNNING, where, source=SOURCE, seen=words)


def no_questions() -> Outside:
    """Look whether VRFY, EXPN and ETRN tell or start anything."""
    quiet = {"VRFY": "502 5.5.1 VRFY command is disabled"}
    quiet |= {"EXPN": "500 5.5.2 Error", "ETRN": "459 service unavailable"}
    both = {"VRFY": "252 2.0.0 postmaster", "VRFY nobody": "550 5.1.1 User unknown"}
    return Outside(
        _questions,
        (
            Sight("ok", sight(port_example(25, "SIZE", answers=quiet))),
            Sight("bad", sight(port_example(25, "SIZE", answers={**quiet, **both}))),
            Sight(
                "bad",
                sight(
                    port_example(25, "SIZE", answers={**quiet, "ETRN": "250 Queued"})
                ),
            ),
            Sight(
                "unknown",
                sight(port_example(25, "SIZE", answers={**quiet, "VRFY": "450 Try"})),
            ),
            Sight("unknown", sight(port_example())),
            Sight("n/a", sight(port_example(465, None, "SIZE"))),
        ),
    )
