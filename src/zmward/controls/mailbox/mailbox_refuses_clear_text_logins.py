"""IMAP and POP3 take no password outside TLS."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.attributes import server_attr
from zmward.controls.shapes.basic import layers
from zmward.controls.shapes.outside_mailbox import no_clear_login_at_the_mailbox
from zmward.controls.shapes.wanted import exactly

_CLEAR = ("zimbraImapCleartextLoginEnabled", "zimbraPop3CleartextLoginEnabled")


CONTROL = Control(
    id="mailbox-refuses-clear-text-logins",
    title="IMAP and POP3 take no password outside TLS",
    why="Passwords in clear text are read by everybody on the way.",
    impact="Mail programs without TLS can no longer log in.",
    severity=Severity.HIGH,
    tips=("T10", "T31"),
    roles=("mailbox",),
    locks_out=(
        "users of mail programs without TLS, and a proxy that talks to the "
        "mailboxes without TLS"
    ),
    check=layers(
        *(server_attr(name, exactly("FALSE"), role="mailbox") for name in _CLEAR)
    ),
    refs=(),
    note=(
        "zmproxyconfig -m sets both to TRUE on the store, because its proxy then "
        "speaks to the mailboxes in clear text: let the proxy use TLS to upstream"
        " first."
    ),
    examples=(
        passes(config=dict.fromkeys(_CLEAR, "FALSE")),
        fails(config={_CLEAR[0]: "TRUE", _CLEAR[1]: "FALSE"}),
        fails(config=dict.fromkeys(_CLEAR, "FALSE"), server={_CLEAR[1]: "TRUE"}),
        unsure(config={}),
        unsure(missing=("ldap-config",)),
        unconcerned(services=("mta",)),
    ),
    outside=no_clear_login_at_the_mailbox(),
)
