"""Users cannot fetch mail from IMAP mailboxes elsewhere."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.attributes import cos_attr
from zmward.controls.shapes.service import unless_wanted
from zmward.controls.shapes.wanted import exactly

CONTROL = Control(
    id="external-imap-sources-off",
    title="Users cannot fetch mail from IMAP mailboxes elsewhere",
    why=(
        "The server then logs in elsewhere with passwords that it stores, brings "
        "in mail that no filter at the border has seen, and connects wherever a "
        "user says."
    ),
    impact="Users can add no IMAP mailbox of another provider.",
    severity=Severity.LOW,
    tips=("T29",),
    roles=("mailbox",),
    locks_out="users who collect mail from other providers",
    check=unless_wanted(
        "external_sources",
        cos_attr("zimbraFeatureImapDataSourceEnabled", exactly("FALSE")),
    ),
    refs=(),
    examples=(
        passes(
            cos={"default": {"zimbraFeatureImapDataSourceEnabled": "FALSE"}},
            accounts={},
        ),
        fails(
            cos={
                "default": {"zimbraFeatureImapDataSourceEnabled": "FALSE"},
                "staff": {"zimbraFeatureImapDataSourceEnabled": "TRUE"},
            },
            accounts={},
        ),
        fails(
            cos={"default": {"zimbraFeatureImapDataSourceEnabled": "FALSE"}},
            accounts={
                "zimbraFeatureImapDataSourceEnabled": {"TRUE": ["boss@example.com"]}
            },
        ),
        unsure(missing=("ldap-cos",), accounts={}),
        unconcerned(
            profile={"services": {"external-sources": "wanted"}},
            cos={"default": {"zimbraFeatureImapDataSourceEnabled": "TRUE"}},
            accounts={},
        ),
    ),
)
