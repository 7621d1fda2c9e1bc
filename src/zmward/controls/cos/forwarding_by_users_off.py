"""Users cannot forward their mail elsewhere."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.attributes import cos_attr
from zmward.controls.shapes.basic import layers
from zmward.controls.shapes.service import unless_wanted
from zmward.controls.shapes.wanted import exactly

_ALL = "zimbraFeatureMailForwardingEnabled"
_FILTERS = "zimbraFeatureMailForwardingInFiltersEnabled"
_OFF = {_ALL: "FALSE", _FILTERS: "FALSE"}


CONTROL = Control(
    id="forwarding-by-users-off",
    title="Users cannot forward mail elsewhere, neither all of it nor by a filter",
    why=(
        "A forward that a thief sets keeps copying mail out long after the "
        "password was changed, and a filter that sends on only invoices or password "
        "resets is quieter still."
    ),
    impact=(
        "Users can set no forwarding address and make no filter that redirects; what "
        "is set stays until it is removed."
    ),
    severity=Severity.LOW,
    tips=("T30",),
    roles=("mailbox",),
    locks_out="users who forward their mail",
    check=unless_wanted(
        "forwarding",
        layers(*(cos_attr(name, exactly("FALSE")) for name in (_ALL, _FILTERS))),
    ),
    refs=(),
    note="Releases before 10.1.20 let a user get round these settings.",
    examples=(
        passes(cos={"default": _OFF}, accounts={}),
        fails(cos={"default": _OFF, "staff": {**_OFF, _ALL: "TRUE"}}, accounts={}),
        fails(cos={"default": _OFF, "staff": {**_OFF, _FILTERS: "TRUE"}}, accounts={}),
        fails(
            cos={"default": _OFF}, accounts={_FILTERS: {"TRUE": ["boss@example.com"]}}
        ),
        unsure(cos={"default": {_ALL: "FALSE"}}, accounts={}),
        unsure(missing=("ldap-cos",), accounts={}),
        unconcerned(
            profile={"services": {"forwarding": "wanted"}},
            cos={"default": {_ALL: "TRUE", _FILTERS: "TRUE"}},
            accounts={},
        ),
    ),
)
