"""Postfix limits how often one address may try to log in."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.mta import mta_setting
from zmward.controls.shapes.wanted import between

_OBJECTS = frozenset({"globalConfig", "server"})
_KNOWN = {"zimbramtasmtpdclientauthratelimit": _OBJECTS}

CONTROL = Control(
    id="mta-login-guessing-is-slowed",
    title="Postfix limits how often one address may try to log in",
    why=(
        "Without a limit one address can try thousands of passwords an hour on ports "
        "25, 465 and 587."
    ),
    impact=(
        "An office behind one address that logs in more often than this in a minute is"
        " refused for the rest of it."
    ),
    severity=Severity.MEDIUM,
    tips=("T11",),
    roles=("mta",),
    locks_out="many users behind one address, while the limit lasts",
    check=mta_setting(
        "zimbraMtaSmtpdClientAuthRateLimit",
        between(1, 60, cure=20),
        ports=(25, 465, 587),
    ),
    refs=("https://www.postfix.org/postconf.5.html#smtpd_client_auth_rate_limit",),
    note=(
        "0 means no limit. The limit counts by client address and exempts mynetworks; "
        "behind a balancer that hides the client all users share one count, so a wide "
        "limit or the PROXY protocol is needed there."
    ),
    examples=(
        passes(
            schema=_KNOWN,
            config={"zimbraMtaSmtpdClientAuthRateLimit": "20"},
            postconf={"smtpd_client_auth_rate_limit": "20"},
        ),
        fails(
            schema=_KNOWN,
            config={"zimbraMtaSmtpdClientAuthRateLimit": "0"},
            postconf={"smtpd_client_auth_rate_limit": "0"},
        ),
        fails(
            schema=_KNOWN,
            config={"zimbraMtaSmtpdClientAuthRateLimit": "20"},
            postconf={"smtpd_client_auth_rate_limit": "0"},
        ),
        unsure(schema=_KNOWN, config={"zimbraMtaSmtpdClientAuthRateLimit": "20"}),
    ),
)
