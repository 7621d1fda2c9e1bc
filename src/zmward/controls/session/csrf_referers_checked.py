"""Requests that come from foreign sites are refused."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attributes import global_attr
from zmward.controls.shapes.wanted import exactly

CONTROL = Control(
    id="csrf-referers-checked",
    title="Requests that come from foreign sites are refused",
    why=(
        "The Referer tells that a request was made by another site; whoever does "
        "not look lets forged requests in."
    ),
    impact=(
        "Portals that send users in need their host names in "
        "zimbraCsrfAllowedRefererHosts."
    ),
    severity=Severity.MEDIUM,
    tips=("T34",),
    roles=("mailbox",),
    locks_out="users of portals whose host is not in zimbraCsrfAllowedRefererHosts",
    check=global_attr("zimbraCsrfRefererCheckEnabled", exactly("TRUE")),
    refs=(),
    note="A portal that sends users in belongs in zimbraCsrfAllowedRefererHosts first.",
    examples=(
        passes(config={"zimbraCsrfRefererCheckEnabled": "TRUE"}),
        fails(config={"zimbraCsrfRefererCheckEnabled": "FALSE"}),
        unsure(config={}),
        unsure(missing=("ldap-config",)),
    ),
)
