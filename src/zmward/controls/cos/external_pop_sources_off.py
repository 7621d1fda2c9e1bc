"""Users cannot fetch mail from POP3 mailboxes elsewhere."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.attributes import cos_attr
from zmward.controls.shapes.service import unless_wanted
from zmward.controls.shapes.wanted import exactly

CONTROL = Control(
    id="external-pop-sources-off",
    title="Users cannot fetch mail from POP3 mailboxes elsewhere",
    why=(
        "The server then logs in elsewhere with passwords that it stores, brings "
        "in mail that no filter at the border has seen, and connects wherever a "
        "user says."
    ),
    impact="Users can add no POP3 mailbox of another provider.",
    severity=Severity.LOW,
    tips=("T29",),
    roles=("mailbox",),
    locks_out="users who collect mail from other providers",
    check=unless_wanted(
        "external_sources",
        cos_attr("zimbraFeaturePop3DataSourceEnabled", exactly("FALSE")),
    ),
    refs=(),
    examples=(
        passes(
            cos={"default": {"zimbraFeaturePop3DataSourceEnabled": "FALSE"}},
            accounts={},
        ),
        fails(
            cos={
                "default": {"zimbraFeaturePop3DataSourceEnabled": "FALSE"},
                "staff": {"zimbraFeaturePop3DataSourceEnabled": "TRUE"},
            },
            accounts={},
        ),
        fails(
            cos={"default": {"zimbraFeaturePop3DataSourceEnabled": "FALSE"}},
            accounts={
                "zimbraFeaturePop3DataSourceEnabled": {"TRUE": ["boss@example.com"]}
            },
        ),
        unsure(missing=("ldap-cos",), accounts={}),
        unconcerned(
            profile={"services": {"external-sources": "wanted"}},
            cos={"default": {"zimbraFeaturePop3DataSourceEnabled": "TRUE"}},
            accounts={},
        ),
    ),
)
