"""GraphQL answers no GET requests."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.node import localconfig
from zmward.controls.shapes.outside_http_doors import graphql_get_refused
from zmward.controls.shapes.wanted import exactly

_KEY = "zimbra_gql_enable_dangerous_deprecated_get_method_will_be_removed"


CONTROL = Control(
    id="graphql-by-post-only",
    title="GraphQL answers no GET requests",
    why=(
        "A GET carries no token against forgery, so that a link alone could act "
        "in the name of a user."
    ),
    impact="None: it is the default.",
    severity=Severity.HIGH,
    tips=("T34",),
    roles=("mailbox",),
    check=localconfig(
        _KEY,
        exactly("false"),
        role="mailbox",
        since=((9, 0, 0, 42, 0), (10, 0, 10), (10, 1, 2)),
    ),
    refs=(),
    note=(
        "Before 9.0.0 P42, 10.0.10 and 10.1.2 GET was always answered "
        "(CVE-2024-9665): there only the patch helps."
    ),
    examples=(
        passes(localconfig={_KEY: "false"}),
        fails(localconfig={_KEY: "true"}),
        passes(localconfig={}),
        unsure(localconfig={}, packages={"zimbra-patch": "10.1.1.1727000000-1"}),
        unsure(missing=("localconfig",)),
        unconcerned(services=("mta",), localconfig={}),
    ),
    outside=graphql_get_refused(),
)
