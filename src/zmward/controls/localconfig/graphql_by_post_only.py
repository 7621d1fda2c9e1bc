"""GraphQL answers no GET requests."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.node import localconfig
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
    check=localconfig(_KEY, exactly("false"), role="mailbox"),
    refs=(),
    examples=(
        passes(localconfig={_KEY: "false"}),
        fails(localconfig={_KEY: "true"}),
        passes(localconfig={}),
        unsure(missing=("localconfig",)),
        unconcerned(services=("mta",), localconfig={}),
    ),
)
