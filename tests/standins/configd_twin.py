"""A directory in memory with the interface that zmconfigd reads."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from lab.zimbra.configd.inputs import Inputs

CATALOG = Path(__file__).parents[2] / "src/zmward/catalog/attributes.json"
LOCAL = {
    "zimbra_server_hostname": "mail.example.test",
    "ldap_url": "ldap://mail.example.test:389",
    "postfix_setgid_group": "postdrop",
    "postjournal_enabled": "false",
    "zmconfigd_enable_config_restarts": "true",
    "zmconfigd_max_failed_restarts": "3",
}
OWN = {
    "zimbraServiceHostname": ["mail.example.test"],
    "zimbraServiceEnabled": [
        *("ldap", "mailbox", "mta", "proxy", "memcached", "amavis", "antivirus"),
        *("antispam", "opendkim", "stats", "logger", "dnscache"),
    ],
    "zimbraMtaMyNetworks": ["127.0.0.0/8 [::1]/128 192.0.2.10/32"],
    "zimbraMtaAuthTarget": ["TRUE"],
    "zimbraReverseProxyLookupTarget": ["TRUE"],
    "zimbraReverseProxyMailMode": ["https"],
    "zimbraMailMode": ["https"],
    "zimbraMailPort": ["8080"],
    "zimbraMailSSLPort": ["8443"],
    "zimbraMailProxyPort": ["80"],
    "zimbraMailSSLProxyPort": ["443"],
    "zimbraIPMode": ["ipv4"],
}


def new_installation() -> dict[str, list[str]]:
    """Return the global configuration of a new installation."""
    rows = json.loads(CATALOG.read_text())
    return {
        name: [str(value) for value in row["defaults"]["globalConfig"]]
        for name, row in rows.items()
        if isinstance(row, dict) and row.get("defaults", {}).get("globalConfig")
    }


@dataclass
class Twin:
    """Global configuration, one server and domains; all changeable by a test."""

    local: dict[str, str] = field(default_factory=lambda: dict(LOCAL))
    own: dict[str, list[str]] = field(default_factory=lambda: dict(OWN))
    config: dict[str, list[str]] = field(default_factory=new_installation)
    domains: list[dict[str, list[str]]] = field(default_factory=list)

    def read(self) -> Inputs:
        """Return what a round would read now."""
        effective = {**self.config, **self.own}
        return Inputs(
            local=dict(self.local),
            server=effective,
            config=dict(self.config),
            servers=(effective,),
            domains=tuple(dict(one) for one in self.domains),
        )
