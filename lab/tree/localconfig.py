"""The localconfig.xml that the installer leaves on a server of the lab."""

from lab.nodes import Node, having
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
# Keys that name another node of a cluster, by its role; all else names the node.
_ELSEWHERE = {
    "ldap_host": "ldap",
    "ldap_master_url": "ldap",
    "ldap_url": "ldap",
    "zimbra_zmprov_default_soap_server": "mailbox",
}
# Keys that only nodes with a role have.
_ONLY = {"ldap_is_master": "ldap", "zmtrainsa_cleanup_host": "mta"}


def _placed(key: str, value: str, state: State, node: Node) -> str:
    if key in _ONLY and _ONLY[key] not in node.services:
        return ""
    role = _ELSEWHERE.get(key)
    named = having(state.nodes, role) if role else node
    return value.replace(HOST, named.host)


def localconfig(state: State, node: Node | None = None) -> dict[str, str]:
    """Return the keys of the file; an empty value in a state removes the key."""
    own = node or state.nodes[0]
    keys = {name: secret(name) for name in RANDOM}
    keys |= {k: _placed(k, value, state, own) for k, value in _INSTALLER.items()}
    keys |= dict(state.localconfig)
    return {name: value for name, value in sorted(keys.items()) if value}
