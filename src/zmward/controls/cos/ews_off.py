"""Exchange Web Services are off where nobody uses them."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.attributes import cos_attr
from zmward.controls.shapes.service import unless_wanted
from zmward.controls.shapes.wanted import exactly

CONTROL = Control(
    id="ews-off",
    title="Exchange Web Services are off where nobody uses them",
    why=(
        "Each way in is one more place to guess passwords at, and EWS needed patches "
        "of its own."
    ),
    impact="Outlook for Mac and other EWS clients stop working.",
    severity=Severity.LOW,
    tips=("T10",),
    roles=("mailbox",),
    locks_out="users of EWS clients",
    check=unless_wanted("ews", cos_attr("zimbraFeatureEwsEnabled", exactly("FALSE"))),
    refs=(),
    examples=(
        passes(cos={"default": {"zimbraFeatureEwsEnabled": "FALSE"}}, accounts={}),
        fails(
            cos={
                "default": {"zimbraFeatureEwsEnabled": "FALSE"},
                "staff": {"zimbraFeatureEwsEnabled": "TRUE"},
            },
            accounts={},
        ),
        fails(
            cos={"default": {"zimbraFeatureEwsEnabled": "FALSE"}},
            accounts={"zimbraFeatureEwsEnabled": {"TRUE": ["boss@example.com"]}},
        ),
        unsure(missing=("ldap-cos",), accounts={}),
        unconcerned(
            profile={"services": {"ews": "wanted"}},
            cos={"default": {"zimbraFeatureEwsEnabled": "TRUE"}},
            accounts={},
        ),
    ),
)
