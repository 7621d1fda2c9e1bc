"""The mailbox server does not tell its version."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.attributes import server_attr
from zmward.controls.shapes.basic import layers
from zmward.controls.shapes.wanted import exactly

_BANNERS = (
    "zimbraImapExposeVersionOnBanner",
    "zimbraPop3ExposeVersionOnBanner",
    "zimbraLmtpExposeVersionOnBanner",
    "zimbraSoapExposeVersion",
)


CONTROL = Control(
    id="mailbox-banners-without-version",
    title="The mailbox server does not tell its version",
    why=(
        "Scanners collect versions, so that they know whom to attack on the day "
        "that a hole is found."
    ),
    impact="None: it is the default.",
    severity=Severity.LOW,
    tips=("T01",),
    roles=("mailbox",),
    check=layers(
        *(server_attr(name, exactly("FALSE"), role="mailbox") for name in _BANNERS)
    ),
    refs=(),
    examples=(
        passes(config=dict.fromkeys(_BANNERS, "FALSE")),
        fails(
            config={
                **dict.fromkeys(_BANNERS, "FALSE"),
                "zimbraSoapExposeVersion": "TRUE",
            }
        ),
        unsure(config={}),
        unsure(missing=("ldap-config",)),
        unconcerned(services=("mta",)),
    ),
)
