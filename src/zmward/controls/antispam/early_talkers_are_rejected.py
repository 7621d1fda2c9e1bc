"""Postfix rejects clients that talk before they are asked."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import layers
from zmward.controls.shapes.mta import mta_setting, words
from zmward.controls.shapes.wanted import (
    Values,
    Wanted,
)

_RULE = "reject_unauth_pipelining"


def _merged(found: Values) -> Values:
    return (", ".join((_RULE, *(text for text in found if text))),)


_WANTED = Wanted(
    f"the word {_RULE}", lambda found: _RULE in words(" ".join(found)), _merged
)
_BOTH = {
    "zimbraMtaSmtpdDataRestrictions": _RULE,
    "zimbraMtaSmtpdClientRestrictions": _RULE,
}
_LIVE = {"smtpd_data_restrictions": _RULE, "smtpd_client_restrictions": _RULE}

CONTROL = Control(
    id="early-talkers-are-rejected",
    title="Postfix rejects clients that talk before they are asked",
    why=(
        "Spam programs do not wait for answers; a real server does. It also hinders "
        "mail smuggled in behind another."
    ),
    impact=(
        "A client that pipelines without leave is refused; no real mail server does "
        "that."
    ),
    severity=Severity.LOW,
    tips=("T18",),
    roles=("mta",),
    check=layers(
        mta_setting("zimbraMtaSmtpdDataRestrictions", _WANTED),
        mta_setting("zimbraMtaSmtpdClientRestrictions", _WANTED),
    ),
    refs=("https://www.postfix.org/postconf.5.html#reject_unauth_pipelining",),
    examples=(
        passes(config=_BOTH, postconf=_LIVE),
        fails(
            config={**_BOTH, "zimbraMtaSmtpdDataRestrictions": "permit"},
            postconf={**_LIVE, "smtpd_data_restrictions": "permit"},
        ),
        fails(config=_BOTH, postconf={**_LIVE, "smtpd_client_restrictions": ""}),
        unsure(config=_BOTH),
    ),
)
