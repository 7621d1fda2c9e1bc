"""Passwords go to other directories over TLS only."""

from collections.abc import Iterator

from zmward.change import SetAttr
from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import on_directory
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.facts import Facts
from zmward.sources.directory import DOMAINS, Entry

_URL = "zimbraAuthLdapURL"
_STARTTLS = "zimbraAuthLdapStartTlsEnabled"


_MIXED = (
    f"Some addresses say ldaps, some ldap: try the other directory's TLS, then write "
    f"ldaps:// into each of {_URL}."
)
_MECHANISMS = ("zimbraAuthMech", "zimbraAuthMechAdmin")


def _asks_ldap(domain: Entry) -> bool:
    return any(domain.one(name) in ("ad", "ldap") for name in _MECHANISMS)


def _cure(domain: Entry) -> SetAttr:
    return SetAttr(domain.label, _STARTTLS, domain.own(_STARTTLS) or None, ("TRUE",))


def _look(facts: Facts) -> Iterator[Judgement]:
    concerned = [domain for domain in facts.domains() if _asks_ldap(domain)]
    if not concerned:
        reason = "no domain asks another LDAP directory"
        yield not_concerned(Layer.DECLARED, "directory", reason)
    for domain in concerned:
        words = [url for value in domain.own(_URL) for url in value.split()]
        starttls = domain.one(_STARTTLS) == "TRUE"
        clear = [url for url in words if not url.lower().startswith("ldaps://")]
        text = f"{_URL}: {', '.join(words) or '(not set)'}, STARTTLS {starttls}"
        if not words:
            yield unknown(Layer.DECLARED, domain.label, f"{_URL} is not set")
        elif starttls or not clear:
            yield sound(Layer.DECLARED, domain.label, source="directory", seen=text)
        else:
            # STARTTLS is asked for where no address says ldaps.
            cure = None if len(clear) < len(words) else _cure(domain)
            yield deviates(
                Layer.DECLARED,
                domain.label,
                text,
                "ldaps://, or STARTTLS",
                cure=cure,
                no_cure="" if cure else _MIXED,
                source="directory",
            )


CONTROL = Control(
    id="foreign-directory-asked-over-tls",
    title="Passwords go to other directories over TLS only",
    why=(
        "A bind over plain LDAP shows the password of each user at each login to "
        "everybody on the way."
    ),
    impact=(
        "The other directory needs STARTTLS and a certificate that Java trusts, or "
        "nobody of the domain logs in: try it first (openssl s_client -starttls ldap)."
    ),
    severity=Severity.HIGH,
    tips=("T26", "T31"),
    roles=("mailbox",),
    locks_out="users of the domain, if the other directory's TLS is not trusted",
    check=on_directory(
        Layer.DECLARED, (DOMAINS,), _look, cures=True, attributes=(_STARTTLS,)
    ),
    refs=(),
    examples=(
        passes(
            domains={
                "example.com": {
                    "zimbraAuthMech": "ad",
                    _URL: "ldaps://dc.example.com:636",
                }
            }
        ),
        passes(
            domains={
                "example.com": {
                    "zimbraAuthMech": "ldap",
                    _URL: "ldap://dc.example.com",
                    _STARTTLS: "TRUE",
                }
            }
        ),
        fails(
            domains={
                "example.com": {
                    "zimbraAuthMech": "ad",
                    _URL: ("ldaps://a.example.com", "ldap://b.example.com:389"),
                }
            }
        ),
        fails(
            domains={
                "example.com": {
                    "zimbraAuthMechAdmin": "ad",
                    _URL: "ldap://dc.example.com",
                }
            }
        ),
        unconcerned(domains={"local.example": {_URL: "ldap://old.example.com"}}),
        unsure(domains={"example.com": {"zimbraAuthMech": "ad"}}),
        unsure(missing=("ldap-domains",)),
    ),
)
