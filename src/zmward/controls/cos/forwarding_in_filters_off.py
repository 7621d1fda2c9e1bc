"""Users cannot forward mail by a filter."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.attributes import cos_attr
from zmward.controls.shapes.service import unless_wanted
from zmward.controls.shapes.wanted import exactly

CONTROL = Control(
    id="forwarding-in-filters-off",
    title="Users cannot forward mail by a filter",
    why=(
        "A filter that sends invoices or password resets to a stranger is the "
        "quietest way to rob a mailbox."
    ),
    impact=(
        "Users can make no filter that redirects; filters that exist stay until "
        "they are removed."
    ),
    severity=Severity.LOW,
    tips=("T30",),
    roles=("mailbox",),
    locks_out="users whose filters redirect mail",
    check=unless_wanted(
        "forwarding",
        cos_attr("zimbraFeatureMailForwardingInFiltersEnabled", exactly("FALSE")),
    ),
    refs=(),
    examples=(
        passes(
            cos={"default": {"zimbraFeatureMailForwardingInFiltersEnabled": "FALSE"}},
            accounts={},
        ),
        fails(
            cos={
                "default": {"zimbraFeatureMailForwardingInFiltersEnabled": "FALSE"},
                "staff": {"zimbraFeatureMailForwardingInFiltersEnabled": "TRUE"},
            },
            accounts={},
        ),
        fails(
            cos={"default": {"zimbraFeatureMailForwardingInFiltersEnabled": "FALSE"}},
            accounts={
                "zimbraFeatureMailForwardingInFiltersEnabled": {
                    "TRUE": ["boss@example.com"]
                }
            },
        ),
        unsure(missing=("ldap-cos",), accounts={}),
        unconcerned(
            profile={"services": {"forwarding": "wanted"}},
            cos={"default": {"zimbraFeatureMailForwardingInFiltersEnabled": "TRUE"}},
            accounts={},
        ),
    ),
)
