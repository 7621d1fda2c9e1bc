"""Attachments are not turned into HTML on the server."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attributes import cos_attr
from zmward.controls.shapes.wanted import exactly

CONTROL = Control(
    id="attachments-not-rendered",
    title="Attachments are not turned into HTML on the server",
    why=("Rendering strange documents on the server runs converters on hostile input."),
    impact="Users open attachments in their own programs.",
    severity=Severity.LOW,
    tips=("T17",),
    roles=("mailbox",),
    check=cos_attr("zimbraFeatureViewInHtmlEnabled", exactly("FALSE")),
    refs=(),
    examples=(
        passes(
            cos={"default": {"zimbraFeatureViewInHtmlEnabled": "FALSE"}}, accounts={}
        ),
        fails(
            cos={
                "default": {"zimbraFeatureViewInHtmlEnabled": "FALSE"},
                "staff": {"zimbraFeatureViewInHtmlEnabled": "TRUE"},
            },
            accounts={},
        ),
        fails(
            cos={"default": {"zimbraFeatureViewInHtmlEnabled": "FALSE"}},
            accounts={"zimbraFeatureViewInHtmlEnabled": {"TRUE": ["boss@example.com"]}},
        ),
        unsure(missing=("ldap-cos",), accounts={}),
    ),
)
