"""IMAP is on only for those who need it."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.attributes import cos_attr
from zmward.controls.shapes.outside_login import imap_refused
from zmward.controls.shapes.service import unless_wanted
from zmward.controls.shapes.wanted import exactly

CONTROL = Control(
    id="imap-off-by-default",
    title="IMAP is on only for those who need it",
    why=(
        "A password that was guessed or stolen opens the whole mailbox over IMAP,"
        " without a second factor; web and ActiveSync clients do not need it."
    ),
    impact=(
        "Mail programs that use IMAP stop working for users whose account does "
        "not allow it."
    ),
    severity=Severity.LOW,
    tips=("T10",),
    roles=("mailbox",),
    locks_out="users of IMAP mail programs",
    check=unless_wanted("imap", cos_attr("zimbraImapEnabled", exactly("FALSE"))),
    refs=(),
    note=(
        "It is advice: name imap as wanted in the profile and it is no longer "
        "given. An attempt on a mailbox without IMAP leaves no line in audit.log,"
        " only one in mailbox.log."
    ),
    examples=(
        passes(cos={"default": {"zimbraImapEnabled": "FALSE"}}, accounts={}),
        fails(
            cos={
                "default": {"zimbraImapEnabled": "FALSE"},
                "staff": {"zimbraImapEnabled": "TRUE"},
            },
            accounts={},
        ),
        fails(
            cos={"default": {"zimbraImapEnabled": "FALSE"}},
            accounts={"zimbraImapEnabled": {"TRUE": ["boss@example.com"]}},
        ),
        unsure(missing=("ldap-cos",), accounts={}),
        unconcerned(
            profile={"services": {"imap": "wanted"}},
            cos={"default": {"zimbraImapEnabled": "TRUE"}},
            accounts={},
        ),
    ),
    outside=imap_refused(),
)
