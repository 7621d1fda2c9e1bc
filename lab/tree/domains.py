"""Three domains: own passwords, another directory's passwords, a portal's key."""

import base64
import hashlib

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from lab.tree.identity import identifier, stamp
from lab.tree.ldif import Entry, one
from lab.tree.server import HOST
from lab.tree.skeleton import STAFF_COS

LOCAL = "example.test"
EXTERNAL = "ad.example.test"
PORTAL = "portal.example.test"

_OWN = {
    LOCAL: one(
        zimbraAuthMech="zimbra",
        zimbraPublicServiceHostname=HOST,
        zimbraVirtualHostname="webmail.example.test",
        zimbraGalMode="zimbra",
        zimbraGalAccountId=identifier(f"galsync.kq8w2m@{LOCAL}"),
    ),
    EXTERNAL: one(
        zimbraAuthMech="ad",
        zimbraAuthLdapURL="ldap://dc1.ad.example.test:389",
        zimbraAuthLdapBindDn="%u@ad.example.test",
        zimbraAuthFallbackToLocal="TRUE",
        zimbraDomainDefaultCOSId=STAFF_COS,
        zimbraGalMode="zimbra",
    ),
    PORTAL: one(
        zimbraAuthMech="zimbra",
        zimbraPreAuthKey=hashlib.sha256(b"lab pre-auth key").hexdigest(),
        zimbraVirtualHostname="portal.example.test",
    ),
}


def domain_dn(domain: str) -> str:
    """Return the entry's place: one level for each label."""
    return ",".join(f"dc={label}" for label in domain.split("."))


def signing_key(domain: str) -> dict[str, list[str]]:
    """Return what zmdkimkeyutil -a writes, with a key made now."""
    selector = identifier(f"dkim {domain}").upper()
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    ).decode()
    public = key.public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    text = base64.b64encode(public).decode()
    return one(
        DKIMDomain=domain,
        DKIMIdentity=domain,
        DKIMSelector=selector,
        DKIMKey=private,
        DKIMPublicKey=(
            f'{selector}._domainkey\tIN\tTXT\t( "v=DKIM1; k=rsa; "\n'
            f'\t  "p={text}" )  ; ----- DKIM key {selector} for {domain}'
        ),
    )


def domains(*, signing: bool) -> list[Entry]:
    """Return the domains and the containers in them."""
    top = Entry(
        "dc=test", ("organization", "dcObject"), one(o="test domain", dc="test")
    )
    entries = [top]
    for name, own in _OWN.items():
        dn = domain_dn(name)
        values = one(
            dc=name.split(".", maxsplit=1)[0],
            o=f"{name} domain",
            zimbraId=identifier(f"domain {name}"),
            zimbraDomainName=name,
            zimbraDomainStatus="active",
            zimbraDomainType="local",
            zimbraMailStatus="enabled",
            zimbraCreateTimestamp=stamp(700),
        )
        classes = ["dcObject", "organization", "zimbraDomain", "amavisAccount"]
        if signing:
            classes.append("DKIM")
            values |= signing_key(name)
        groups = one(cn="groups", description="dynamic groups base")
        role = ("organizationalRole",)
        entries += [
            Entry(dn, tuple(classes), values | own),
            Entry(f"ou=people,{dn}", role, one(ou="people", cn="people")),
            Entry(f"cn=groups,{dn}", role, groups),
        ]
    return entries
