"""Postfix holds clients to the protocol."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import layers
from zmward.controls.shapes.mta import mta_setting, words
from zmward.controls.shapes.wanted import Values, Wanted, between, exactly

_RULE = "reject_unauth_pipelining"


def _merged(found: Values) -> Values:
    return (", ".join((_RULE, *(text for text in found if text))),)


_WANTED = Wanted(
    f"the word {_RULE}",
    lambda found: _RULE in words(" ".join(found)),
    _merged,
    merges=True,
)
_GOOD = {
    "zimbraMtaSmtpdHeloRequired": "yes",
    "zimbraMtaSmtpdDataRestrictions": _RULE,
    "zimbraMtaSmtpdClientRestrictions": _RULE,
    "zimbraMtaSmtpdHardErrorLimit": "20",
}
_LIVE = {
    "smtpd_helo_required": "yes",
    "smtpd_data_restrictions": _RULE,
    "smtpd_client_restrictions": _RULE,
    "smtpd_hard_error_limit": "20",
}

CONTROL = Control(
    id="smtp-clients-keep-the-protocol",
    title="Postfix holds clients to the protocol",
    why=(
        "Spam programs skip the greeting, talk before they are asked and go on after "
        "errors; a real server does none of it. It also hinders mail smuggled in "
        "behind another."
    ),
    impact=(
        "A client that sends no HELO, pipelines without leave or errs that often in "
        "one session is refused; no real mail server does that."
    ),
    locks_out="devices and programs that send without a greeting, or all at once",
    severity=Severity.LOW,
    tips=("T18",),
    roles=("mta",),
    check=layers(
        mta_setting("zimbraMtaSmtpdHeloRequired", exactly("yes")),
        mta_setting("zimbraMtaSmtpdDataRestrictions", _WANTED),
        mta_setting("zimbraMtaSmtpdClientRestrictions", _WANTED),
        mta_setting("zimbraMtaSmtpdHardErrorLimit", between(1, 100, cure=20)),
    ),
    refs=(
        "https://www.postfix.org/postconf.5.html#reject_unauth_pipelining",
        "https://www.postfix.org/postconf.5.html#smtpd_helo_required",
        "https://www.postfix.org/postconf.5.html#smtpd_hard_error_limit",
    ),
    note="All four stand so in a new installation; own restrictions are kept.",
    formerly=(
        "smtp-clients-must-greet",
        "early-talkers-are-rejected",
        "mta-gives-up-on-erring-clients",
    ),
    examples=(
        passes(config=_GOOD, postconf=_LIVE),
        fails(
            config={**_GOOD, "zimbraMtaSmtpdHeloRequired": "no"},
            postconf={**_LIVE, "smtpd_helo_required": "no"},
        ),
        fails(
            config={**_GOOD, "zimbraMtaSmtpdDataRestrictions": "permit"},
            postconf={**_LIVE, "smtpd_data_restrictions": "permit"},
        ),
        fails(config=_GOOD, postconf={**_LIVE, "smtpd_client_restrictions": ""}),
        fails(
            config={**_GOOD, "zimbraMtaSmtpdHardErrorLimit": "1000"},
            postconf={**_LIVE, "smtpd_hard_error_limit": "1000"},
        ),
        unsure(config=_GOOD),
    ),
)
