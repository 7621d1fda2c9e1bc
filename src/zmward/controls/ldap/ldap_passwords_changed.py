"""The directory's service accounts have passwords of the site's own."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.secrets import own_passwords
from zmward.sources.masking import DEFAULT, SET

_KEYS = (
    "zimbra_ldap_password",
    "ldap_root_password",
    "ldap_replication_password",
    "ldap_postfix_password",
    "ldap_amavis_password",
    "ldap_nginx_password",
    "ldap_bes_searcher_password",
)
_OWN = dict.fromkeys(_KEYS, SET)

CONTROL = Control(
    id="ldap-passwords-changed",
    title="The directory's service accounts have passwords of the site's own",
    why=(
        "The compiled defaults stand in Zimbra's source; with one of them and port 389 "
        "the whole directory is read, and with two it is written."
    ),
    impact="A new password must reach every node before services restart.",
    severity=Severity.CRITICAL,
    tips=("S6",),
    roles=("ldap",),
    check=own_passwords(_KEYS, "zmldappasswd", role="ldap"),
    refs=(),
    note="Values are masked before they leave the host; only `default` is told.",
    examples=(
        passes(localconfig=_OWN),
        fails(localconfig={**_OWN, "ldap_amavis_password": DEFAULT}),
        fails(localconfig={k: v for k, v in _OWN.items() if "nginx" not in k}),
        unsure(localconfig={k: v for k, v in _OWN.items() if "bes" not in k}),
        unsure(missing=("localconfig",)),
    ),
)
