"""Mailbox servers and mail proxies do not tell their version."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.attributes import server_attr
from zmward.controls.shapes.basic import layers
from zmward.controls.shapes.outside_mailbox import no_versions
from zmward.controls.shapes.wanted import exactly

_BANNERS = (
    "zimbraImapExposeVersionOnBanner",
    "zimbraPop3ExposeVersionOnBanner",
    "zimbraLmtpExposeVersionOnBanner",
    "zimbraSoapExposeVersion",
)
_PROXY = (
    "zimbraReverseProxyImapExposeVersionOnBanner",
    "zimbraReverseProxyPop3ExposeVersionOnBanner",
)


CONTROL = Control(
    id="mailbox-banners-without-version",
    title="Mailbox servers and mail proxies do not tell their version",
    why=(
        "Scanners collect versions, so that they know whom to attack on the day "
        "that a hole is found."
    ),
    impact="None: it is the default.",
    severity=Severity.LOW,
    tips=("T01",),
    roles=("mailbox", "proxy"),
    check=layers(
        *(server_attr(name, exactly("FALSE"), role="mailbox") for name in _BANNERS),
        *(server_attr(name, exactly("FALSE"), role="proxy") for name in _PROXY),
    ),
    refs=(),
    examples=(
        passes(config=dict.fromkeys((*_BANNERS, *_PROXY), "FALSE")),
        fails(
            config={
                **dict.fromkeys((*_BANNERS, *_PROXY), "FALSE"),
                "zimbraSoapExposeVersion": "TRUE",
            }
        ),
        fails(
            services=("proxy",),
            config={_PROXY[0]: "FALSE", _PROXY[1]: "TRUE"},
        ),
        unsure(config={}),
        unsure(missing=("ldap-config",)),
        unconcerned(services=("mta",)),
    ),
    outside=no_versions(),
)
