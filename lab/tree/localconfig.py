"""The localconfig.xml that the installer leaves on the lab's server."""

from lab.tree.identity import secret
from lab.tree.server import DOMAIN, HOST
from lab.tree.state import State

# The installer makes these at random; the trust store keeps Java's own.
RANDOM = (
    "ldap_amavis_password",
    "ldap_bes_searcher_password",
    "ldap_nginx_password",
    "ldap_postfix_password",
    "ldap_replication_password",
    "ldap_root_password",
    "mailboxd_keystore_password",
    "mysql_root_password",
    "zimbra_ldap_password",
    "zimbra_mysql_password",
)

_INSTALLER = {
    "av_notify_domain": DOMAIN,
    "av_notify_user": f"admin@{DOMAIN}",
    "ldap_host": HOST,
    "ldap_is_master": "true",
    "ldap_master_url": f"ldap://{HOST}:389",
    "ldap_port": "389",
    "ldap_starttls_supported": "1",
    "ldap_url": f"ldap://{HOST}:389",
    "mailboxd_truststore": "/opt/zimbra/common/etc/java/cacerts",
    "postfix_mail_owner": "postfix",
    "postfix_setgid_group": "postdrop",
    "smtp_destination": f"admin@{DOMAIN}",
    "smtp_notify": "yes",
    "smtp_source": f"admin@{DOMAIN}",
    "snmp_notify": "0",
    "snmp_trap_host": HOST,
    "ssl_default_digest": "sha256",
    "zimbra_gid": "1001",
    "zimbra_server_hostname": HOST,
    "zimbra_uid": "1001",
    "zimbra_user": "zimbra",
    "zimbra_zmprov_default_soap_server": HOST,
    "zmtrainsa_cleanup_host": "true",
}


def localconfig(state: State) -> dict[str, str]:
    """Return the keys of the file; an empty value in a state removes the key."""
    keys = {name: secret(name) for name in RANDOM} | _INSTALLER
    keys |= dict(state.localconfig)
    return {name: value for name, value in sorted(keys.items()) if value}
