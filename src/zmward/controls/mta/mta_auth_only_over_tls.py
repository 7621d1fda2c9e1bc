"""Postfix offers SMTP AUTH only inside TLS."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import layers, on_hosts
from zmward.controls.shapes.mta import mta_setting
from zmward.controls.shapes.outside_smtp import login_after_tls
from zmward.controls.shapes.wanted import exactly
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.postconf import SERVICES
from zmward.sources.smtp_greetings import SMTP_GREETINGS, Greeting

_FOLLOWS = "It follows from zimbraMtaTlsAuthOnly; reload Postfix: zmmtactl reload."
_IN_MASTER = "Take the option out of /opt/zimbra/common/conf/master.cf.in by hand."


def _services(facts: Facts, host: str) -> Iterator[Judgement]:
    loose = [
        name
        for name, own in facts.read(SERVICES, host).items()
        if own.get("smtpd_tls_auth_only", "yes") != "yes"
    ]
    if not loose:
        seen = "no service overrides smtpd_tls_auth_only"
        yield sound(Layer.RENDERED, host, source="postconf-services", seen=seen)
    for name in loose:
        text = f"{name}: smtpd_tls_auth_only = no"
        yield deviates(Layer.RENDERED, host, text, "yes", no_cure=_IN_MASTER)


def _running(facts: Facts, host: str) -> Iterator[Judgement]:
    found = facts.read(SMTP_GREETINGS, host)
    if not found:
        yield unknown(Layer.RUNNING, host, "neither port 25 nor port 587 answered")
    for port, greeting in found.items():
        if not greeting.answered:
            yield unknown(Layer.RUNNING, host, f"port {port} did not answer in time")
            continue
        if greeting.offers_login:
            text = f"port {port} offers AUTH before STARTTLS"
            yield deviates(
                Layer.RUNNING, host, text, "AUTH after STARTTLS", no_cure=_FOLLOWS
            )
        else:
            seen = f"port {port}: {' '.join(greeting.extensions)}"
            yield sound(Layer.RUNNING, host, source="smtp-greetings", seen=seen)


_GOOD = {25: Greeting("mail.example.com ESMTP", ("STARTTLS", "DSN"))}
_BAD = {587: Greeting("mail.example.com ESMTP", ("AUTH LOGIN PLAIN", "STARTTLS"))}

CONTROL = Control(
    id="mta-auth-only-over-tls",
    title="Postfix offers SMTP AUTH only inside TLS",
    why="Without TLS, anyone on the path reads the user's password.",
    impact="A mail client that cannot do STARTTLS can no longer send.",
    severity=Severity.HIGH,
    tips=("T11",),
    roles=("mta",),
    locks_out="mail clients without STARTTLS",
    check=layers(
        mta_setting("zimbraMtaTlsAuthOnly", exactly("TRUE"), rendered=exactly("yes")),
        on_hosts(Layer.RENDERED, (SERVICES,), _services, role="mta"),
        on_hosts(Layer.RUNNING, (SMTP_GREETINGS,), _running, role="mta"),
    ),
    refs=("https://www.postfix.org/postconf.5.html#smtpd_tls_auth_only",),
    note="Port 465 is TLS from its first byte; it needs no such rule.",
    examples=(
        passes(
            config={"zimbraMtaTlsAuthOnly": "TRUE"},
            postconf={"smtpd_tls_auth_only": "yes"},
            postconf_services={},
            smtp_greetings=_GOOD,
        ),
        fails(
            config={"zimbraMtaTlsAuthOnly": "FALSE"},
            postconf={"smtpd_tls_auth_only": "no"},
            postconf_services={},
            smtp_greetings=_BAD,
        ),
        fails(
            config={"zimbraMtaTlsAuthOnly": "TRUE"},
            postconf={"smtpd_tls_auth_only": "yes"},
            postconf_services={"submission/inet": {"smtpd_tls_auth_only": "no"}},
            smtp_greetings=_GOOD,
        ),
        fails(
            config={"zimbraMtaTlsAuthOnly": "TRUE"},
            postconf={"smtpd_tls_auth_only": "yes"},
            postconf_services={},
            smtp_greetings=_BAD,
        ),
        unsure(
            config={"zimbraMtaTlsAuthOnly": "TRUE"},
            postconf={"smtpd_tls_auth_only": "yes"},
            raw={
                "smtp-greetings": (
                    "25 220 mail.example.com ESMTP\n25 250-mail\n25 250 STARTTLS\n"
                    "587 silent\n"
                )
            },
        ),
        unsure(config={"zimbraMtaTlsAuthOnly": "TRUE"}),
    ),
    outside=login_after_tls(),
)
