"""Users cannot fetch mail from mailboxes elsewhere."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.attributes import cos_attr
from zmward.controls.shapes.basic import layers
from zmward.controls.shapes.service import unless_wanted
from zmward.controls.shapes.wanted import exactly

_IMAP = "zimbraFeatureImapDataSourceEnabled"
_POP = "zimbraFeaturePop3DataSourceEnabled"
_OFF = {_IMAP: "FALSE", _POP: "FALSE"}


CONTROL = Control(
    id="external-sources-off",
    title="Users cannot fetch mail from IMAP or POP3 mailboxes elsewhere",
    why=(
        "The server then logs in elsewhere with passwords that it stores, brings "
        "in mail that no filter at the border has seen, and connects wherever a "
        "user says."
    ),
    impact="Users can add no mailbox of another provider.",
    severity=Severity.LOW,
    tips=("T29",),
    roles=("mailbox",),
    locks_out="users who collect mail from other providers",
    check=unless_wanted(
        "external_sources",
        layers(*(cos_attr(name, exactly("FALSE")) for name in (_IMAP, _POP))),
    ),
    refs=(),
    note=(
        "It is about mail that Zimbra fetches from elsewhere, not about IMAP and POP3 "
        "programs of users. Sources that exist stay: no-data-sources-in-use finds "
        "them."
    ),
    examples=(
        passes(cos={"default": _OFF}, accounts={}),
        fails(cos={"default": _OFF, "staff": {**_OFF, _IMAP: "TRUE"}}, accounts={}),
        fails(cos={"default": _OFF, "staff": {**_OFF, _POP: "TRUE"}}, accounts={}),
        fails(cos={"default": _OFF}, accounts={_POP: {"TRUE": ["boss@example.com"]}}),
        unsure(cos={"default": {_IMAP: "FALSE"}}, accounts={}),
        unsure(missing=("ldap-cos",), accounts={}),
        unconcerned(
            profile={"services": {"external-sources": "wanted"}},
            cos={"default": {_IMAP: "TRUE", _POP: "TRUE"}},
            accounts={},
        ),
    ),
)
