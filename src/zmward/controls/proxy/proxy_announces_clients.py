"""The mail proxy tells the mailboxes whose connection it passes on."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attributes import global_attr
from zmward.controls.shapes.basic import layers
from zmward.controls.shapes.wanted import exactly

_IMAP = "zimbraReverseProxySendImapId"
_POP = "zimbraReverseProxySendPop3Xoip"


CONTROL = Control(
    id="proxy-announces-clients",
    title="The mail proxy tells the mailboxes whose connection it passes on",
    why=(
        "Without it every IMAP and POP3 line in the logs carries the proxy's own "
        "address, and a ban would hit everybody."
    ),
    impact="None: it is the default.",
    severity=Severity.HIGH,
    tips=("T32",),
    roles=("proxy",),
    check=layers(
        global_attr("zimbraReverseProxySendImapId", exactly("TRUE")),
        global_attr("zimbraReverseProxySendPop3Xoip", exactly("TRUE")),
    ),
    refs=(),
    examples=(
        passes(config={_IMAP: "TRUE", _POP: "TRUE"}),
        fails(config={_IMAP: "FALSE", _POP: "TRUE"}),
        fails(config={_IMAP: "TRUE", _POP: "FALSE"}),
        unsure(config={}),
        unsure(missing=("ldap-config",)),
    ),
)
