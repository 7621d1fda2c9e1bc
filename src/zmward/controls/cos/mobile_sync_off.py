"""ActiveSync is off where nobody uses it."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.attributes import cos_attr
from zmward.controls.shapes.service import unless_wanted
from zmward.controls.shapes.wanted import exactly

CONTROL = Control(
    id="mobile-sync-off",
    title="ActiveSync is off where nobody uses it",
    why=(
        "Each way in is one more place to guess passwords at; a phone also keeps "
        "a copy of the mailbox."
    ),
    impact="Phones that synchronise over ActiveSync stop doing so.",
    severity=Severity.LOW,
    tips=("T10",),
    roles=("mailbox",),
    locks_out="users of phones with ActiveSync",
    check=unless_wanted(
        "active_sync", cos_attr("zimbraFeatureMobileSyncEnabled", exactly("FALSE"))
    ),
    refs=(),
    note=(
        "The feature is of the Network edition; on others the attribute does nothing."
    ),
    examples=(
        passes(
            cos={"default": {"zimbraFeatureMobileSyncEnabled": "FALSE"}}, accounts={}
        ),
        fails(
            cos={
                "default": {"zimbraFeatureMobileSyncEnabled": "FALSE"},
                "staff": {"zimbraFeatureMobileSyncEnabled": "TRUE"},
            },
            accounts={},
        ),
        fails(
            cos={"default": {"zimbraFeatureMobileSyncEnabled": "FALSE"}},
            accounts={"zimbraFeatureMobileSyncEnabled": {"TRUE": ["boss@example.com"]}},
        ),
        unsure(missing=("ldap-cos",), accounts={}),
        unconcerned(
            profile={"services": {"active-sync": "wanted"}},
            cos={"default": {"zimbraFeatureMobileSyncEnabled": "TRUE"}},
            accounts={},
        ),
    ),
)
