"""The web server slows or rejects floods of requests."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.attributes import server_attr
from zmward.controls.shapes.basic import layers
from zmward.controls.shapes.node import localconfig
from zmward.controls.shapes.wanted import between, matching

_DELAY = "zimbraHttpDosFilterDelayMillis"
_EACH = "servlet_max_concurrent_http_requests_per_account"
_RATE = "zimbraHttpDosFilterMaxRequestsPerSec"
_ACTS = matching(r"-1|[1-9]\d{0,5}", "-1 (reject) or a delay", ("-1",))


CONTROL = Control(
    id="flood-filter-acts",
    title="The web server slows or rejects floods of requests, and limits each account",
    why=("One broken or hostile client otherwise takes the server from everybody."),
    impact=(
        "Outlook connectors, ActiveSync and scripts may need a higher limit, or a"
        " place in zimbraHttpThrottleSafeIPs."
    ),
    locks_out="programs that ask more often, as Outlook connectors and ActiveSync",
    severity=Severity.LOW,
    tips=("T05",),
    roles=("mailbox",),
    check=layers(
        server_attr("zimbraHttpDosFilterDelayMillis", _ACTS, role="mailbox"),
        server_attr(
            "zimbraHttpDosFilterMaxRequestsPerSec",
            between(1, 1000, cure=100),
            role="mailbox",
        ),
        localconfig(_EACH, between(1, 100, cure=10), role="mailbox"),
    ),
    refs=(),
    examples=(
        passes(config={_DELAY: "-1", _RATE: "30"}, localconfig={}),
        passes(config={_DELAY: "20", _RATE: "100"}, localconfig={_EACH: "20"}),
        fails(config={_DELAY: "0", _RATE: "30"}, localconfig={}),
        fails(config={_DELAY: "-1", _RATE: "100000"}, localconfig={}),
        fails(config={_DELAY: "-1", _RATE: "30"}, localconfig={_EACH: "0"}),
        unsure(config={}, localconfig={}),
        unsure(missing=("ldap-config",)),
        unconcerned(services=("proxy",), config={}),
    ),
)
