"""IMAP, POP, LMTP and SOAP do not tell Zimbra's version."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attributes import server_attr
from zmward.controls.shapes.basic import layers
from zmward.controls.shapes.wanted import exactly

CONTROL = Control(
    id="banners-tell-no-version",
    title="IMAP, POP, LMTP and SOAP do not tell Zimbra's version",
    why="A banner that names the version tells attackers which exploit works here.",
    impact="Nobody is affected.",
    severity=Severity.LOW,
    tips=("T35",),
    roles=("mailbox", "proxy"),
    check=layers(
        server_attr(
            "zimbraImapExposeVersionOnBanner", exactly("FALSE"), role="mailbox"
        ),
        server_attr(
            "zimbraPop3ExposeVersionOnBanner", exactly("FALSE"), role="mailbox"
        ),
        server_attr(
            "zimbraLmtpExposeVersionOnBanner", exactly("FALSE"), role="mailbox"
        ),
        server_attr(
            "zimbraReverseProxyImapExposeVersionOnBanner",
            exactly("FALSE"),
            role="proxy",
        ),
        server_attr(
            "zimbraReverseProxyPop3ExposeVersionOnBanner",
            exactly("FALSE"),
            role="proxy",
        ),
        server_attr("zimbraSoapExposeVersion", exactly("FALSE"), role="mailbox"),
    ),
    refs=(),
    examples=(
        passes(
            config={
                "zimbraImapExposeVersionOnBanner": "FALSE",
                "zimbraPop3ExposeVersionOnBanner": "FALSE",
                "zimbraLmtpExposeVersionOnBanner": "FALSE",
                "zimbraReverseProxyImapExposeVersionOnBanner": "FALSE",
                "zimbraReverseProxyPop3ExposeVersionOnBanner": "FALSE",
                "zimbraSoapExposeVersion": "FALSE",
            }
        ),
        fails(
            config={
                "zimbraImapExposeVersionOnBanner": "FALSE",
                "zimbraPop3ExposeVersionOnBanner": "FALSE",
                "zimbraLmtpExposeVersionOnBanner": "FALSE",
                "zimbraReverseProxyImapExposeVersionOnBanner": "TRUE",
                "zimbraReverseProxyPop3ExposeVersionOnBanner": "FALSE",
                "zimbraSoapExposeVersion": "FALSE",
            }
        ),
        unsure(missing=("ldap-config",)),
    ),
)
