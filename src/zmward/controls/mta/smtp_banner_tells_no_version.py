"""Postfix's greeting does not tell its version."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import layers, on_hosts
from zmward.controls.shapes.mta import mta_setting
from zmward.controls.shapes.outside_smtp import no_version
from zmward.controls.shapes.wanted import (
    Values,
    Wanted,
)
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.postconf import POSTCONF
from zmward.sources.smtp_greetings import SMTP_GREETINGS, Greeting

_TELLTALE = ("mail_version", "mail_release_date")
_DEFAULT = "$myhostname ESMTP $mail_name"


def _holds(found: Values) -> bool:
    return bool(found) and not any(word in found[0] for word in _TELLTALE)


_WANTED = Wanted(
    "neither $mail_version nor $mail_release_date", _holds, lambda _: (_DEFAULT,)
)


def _running(facts: Facts, host: str) -> Iterator[Judgement]:
    version = facts.read(POSTCONF, host).get("mail_version")
    found = facts.read(SMTP_GREETINGS, host)
    if not found or not version:
        yield unknown(Layer.RUNNING, host, "neither port 25 nor port 587 answered")
    for port, greeting in found.items():
        if not greeting.answered:
            yield unknown(Layer.RUNNING, host, f"port {port} did not answer in time")
            continue
        text = f"port {port}: {greeting.banner}"
        if version and version in greeting.banner:
            yield deviates(
                Layer.RUNNING,
                host,
                text,
                "no version",
                no_cure="It follows from zimbraMtaSmtpdBanner.",
            )
        else:
            yield sound(Layer.RUNNING, host, source="smtp-greetings", seen=text)


CONTROL = Control(
    id="smtp-banner-tells-no-version",
    title="Postfix's greeting does not tell its version",
    why="A banner that names the version tells attackers which exploit works here.",
    impact="Nobody is affected.",
    severity=Severity.LOW,
    tips=("T35",),
    roles=("mta",),
    check=layers(
        mta_setting("zimbraMtaSmtpdBanner", _WANTED),
        on_hosts(Layer.RUNNING, (SMTP_GREETINGS, POSTCONF), _running, role="mta"),
    ),
    refs=("https://www.postfix.org/postconf.5.html#smtpd_banner",),
    note="The banner must begin with $myhostname.",
    examples=(
        passes(
            config={"zimbraMtaSmtpdBanner": "$myhostname ESMTP $mail_name"},
            postconf={"smtpd_banner": "$myhostname ESMTP", "mail_version": "3.6.14"},
            smtp_greetings={25: Greeting("mail.example.com ESMTP Postfix", ())},
        ),
        fails(
            config={"zimbraMtaSmtpdBanner": "$myhostname ESMTP $mail_version"},
            postconf={
                "smtpd_banner": "$myhostname ESMTP $mail_version",
                "mail_version": "3.6.14",
            },
            smtp_greetings={25: Greeting("mail.example.com ESMTP 3.6.14", ())},
        ),
        unsure(config={"zimbraMtaSmtpdBanner": "$myhostname ESMTP"}),
    ),
    outside=no_version(),
)
