"""The mailbox database has passwords of the site's own."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.secrets import own_passwords
from zmward.sources.masking import DEFAULT, SET

_KEYS = ("mysql_root_password", "zimbra_mysql_password")
_OWN = dict.fromkeys(_KEYS, SET)

CONTROL = Control(
    id="database-passwords-changed",
    title="The mailbox database has passwords of the site's own",
    why="Any local user or web shell could otherwise read and change every mailbox.",
    impact="mailboxd restarts.",
    severity=Severity.MEDIUM,
    tips=("S3",),
    roles=("mailbox",),
    check=own_passwords(_KEYS, "zmmypasswd", role="mailbox"),
    refs=(),
    examples=(
        passes(localconfig=_OWN),
        fails(localconfig={**_OWN, "mysql_root_password": DEFAULT}),
        fails(localconfig={}),
        unsure(missing=("localconfig",)),
        unconcerned(services=("mta",), localconfig={}),
    ),
)
