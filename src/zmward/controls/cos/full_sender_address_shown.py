"""The web client shows the sender's whole address."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attributes import cos_attr
from zmward.controls.shapes.wanted import exactly

CONTROL = Control(
    id="full-sender-address-shown",
    title="The web client shows the sender's whole address",
    why=(
        "Phishing mail carries a known name over a foreign address; who sees only"
        " the name cannot notice."
    ),
    impact="The message list of the classic client shows longer sender names.",
    severity=Severity.MEDIUM,
    tips=("T33",),
    roles=("mailbox",),
    check=cos_attr("zimbraPrefShortEmailAddress", exactly("FALSE")),
    refs=(),
    note=(
        "The default was TRUE up to 8.7 and is FALSE since 8.8.15, but an upgrade"
        " does not rewrite a class of service. It is a preference, so users may "
        "set it themselves; the modern client ignores it."
    ),
    examples=(
        passes(cos={"default": {"zimbraPrefShortEmailAddress": "FALSE"}}, accounts={}),
        fails(
            cos={
                "default": {"zimbraPrefShortEmailAddress": "FALSE"},
                "staff": {"zimbraPrefShortEmailAddress": "TRUE"},
            },
            accounts={},
        ),
        fails(
            cos={"default": {"zimbraPrefShortEmailAddress": "FALSE"}},
            accounts={"zimbraPrefShortEmailAddress": {"TRUE": ["boss@example.com"]}},
        ),
        unsure(cos={"default": {}}, accounts={}),
        unsure(missing=("ldap-cos",), accounts={}),
    ),
)
