"""Users write only from addresses of their own."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attributes import cos_attr
from zmward.controls.shapes.basic import layers
from zmward.controls.shapes.wanted import exactly

_GOOD = {"zimbraAllowAnyFromAddress": "FALSE", "zimbraSmtpRestrictEnvelopeFrom": "TRUE"}

CONTROL = Control(
    id="webmail-senders-use-own-addresses",
    title="Users write only from addresses of their own",
    why=(
        "With any From address allowed, every user of the web client can pose as the "
        "director."
    ),
    impact=(
        "Users who wrote from a foreign address need it as zimbraAllowFromAddress or a"
        " send-as right."
    ),
    severity=Severity.MEDIUM,
    tips=("T16",),
    roles=("mailbox",),
    locks_out="users who write from addresses that are not theirs",
    check=layers(
        cos_attr("zimbraAllowAnyFromAddress", exactly("FALSE"), unset="FALSE"),
        cos_attr("zimbraSmtpRestrictEnvelopeFrom", exactly("TRUE")),
    ),
    refs=(),
    note=(
        "This is the web client's and ActiveSync's side; what logs in over SMTP is "
        "held by senders-match-logins."
    ),
    examples=(
        passes(cos={"default": _GOOD}, accounts={}),
        fails(
            cos={"default": {**_GOOD, "zimbraAllowAnyFromAddress": "TRUE"}}, accounts={}
        ),
        fails(
            cos={"default": _GOOD},
            accounts={"zimbraAllowAnyFromAddress": {"TRUE": ["boss@example.com"]}},
        ),
        fails(
            cos={"default": {**_GOOD, "zimbraSmtpRestrictEnvelopeFrom": "FALSE"}},
            accounts={},
        ),
        unsure(missing=("ldap-cos",), accounts={}),
    ),
)
