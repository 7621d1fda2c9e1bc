"""Certificates name the hosts that they are shown for."""

from collections.abc import Iterator, Mapping

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.shapes.outside_certificates import names
from zmward.controls.tls._deployed import CONF, SERVED, covers, leaves, short
from zmward.controls.tls._examples import NGINX_FILE, certificate, files
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.certificates import (
    CERTIFICATES,
    Certificate,
    CertificateFile,
)
from zmward.sources.directory import DOMAINS

_NGINX = "/opt/zimbra/conf/nginx.crt"
_NO_CURE = (
    "Get a certificate with all the names and deploy it: zmcertmgr deploycrt, "
    "zmcontrol restart."
)
_NAMES = ("zimbraPublicServiceHostname", "zimbraVirtualHostname")


def _public(facts: Facts) -> list[str]:
    """Return the names under which browsers come, of domains without their own."""
    domains = [d for d in facts.domains() if not d.own("zimbraSSLCertificate")]
    names = [name for d in domains for a in _NAMES for name in d.own(a)]
    return list(dict.fromkeys(names))


def _missing(facts: Facts, host: str, path: str, found: Certificate) -> list[str]:
    """Return the names that are lacking; other services need one that is theirs."""
    public = _public(facts)
    if path == _NGINX and public:
        return [name for name in public if not covers(found.names, name)]
    fits = any(covers(found.names, name) for name in (host, *public))
    return [] if fits else [host]


def _of_domains(
    facts: Facts, host: str, files: Mapping[str, CertificateFile]
) -> Iterator[Judgement]:
    """Judge each domain's own certificate by the names under which it is asked."""
    for domain in facts.domains():
        file = files.get(f"{CONF}/domaincerts/{domain.name}.crt")
        if not domain.own("zimbraSSLCertificate") or not file or not file.certificates:
            continue
        found = file.certificates[0]
        wanted = [name for a in _NAMES for name in domain.own(a)]
        missing = [name for name in wanted if not covers(found.names, name)]
        text = f"{domain.name}: {' '.join(found.names) or 'no names'}"
        if missing:
            also = f"also {' '.join(missing)}"
            yield deviates(Layer.LASTING, host, text, also, no_cure=_NO_CURE)
        else:
            yield sound(Layer.LASTING, host, source="certificates", seen=text)


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    files = facts.read(CERTIFICATES, host)
    if not files:
        yield unknown(Layer.LASTING, host, "no certificate file was found")
    for path, file in files.items():
        if file.problem:
            yield unknown(Layer.LASTING, host, f"{short(path)} {file.problem}")
    yield from _of_domains(facts, host, files)
    for path, found in leaves({p: f for p, f in files.items() if p in SERVED}):
        missing = _missing(facts, host, path, found)
        text = f"{short(path)}: {' '.join(found.names) or 'no names'}"
        if missing:
            yield deviates(
                Layer.LASTING, host, text, f"also {' '.join(missing)}", no_cure=_NO_CURE
            )
        else:
            yield sound(Layer.LASTING, host, source="certificates", seen=text)


CONTROL = Control(
    id="certificates-name-this-server",
    title="Certificates name the hosts that they are shown for",
    why=(
        "Who gets used to clicking a warning away clicks away the one of an attacker "
        "as well."
    ),
    impact="The services restart when the new certificate is deployed.",
    severity=Severity.MEDIUM,
    tips=("T31",),
    roles=(),
    check=on_hosts(Layer.LASTING, (CERTIFICATES, DOMAINS), _look),
    refs=("https://www.rfc-editor.org/rfc/rfc6125",),
    note=(
        "nginx must cover each domain's public and virtual host names unless the "
        "domain has a certificate of its own; the others must cover the server's name, "
        "or a public one."
        " The common name does not count (RFC 6125)."
    ),
    outside=names(_NO_CURE),
    examples=(
        passes(certificates=files(certificate()), domains={}),
        passes(
            certificates=files(certificate(names=("*.example.com",))),
            domains={"example.com": {"zimbraVirtualHostname": "webmail.example.com"}},
        ),
        passes(
            certificates=files(certificate()),
            domains={
                "a.example.com": {
                    "zimbraVirtualHostname": "web.a.example.com",
                    "zimbraSSLCertificate": "PEM",
                }
            },
        ),
        fails(
            certificates={
                **files(certificate()),
                **files(
                    certificate(names=("other.a.example.com",)),
                    path="/opt/zimbra/conf/domaincerts/a.example.com.crt",
                ),
            },
            domains={
                "a.example.com": {
                    "zimbraVirtualHostname": "web.a.example.com",
                    "zimbraSSLCertificate": "PEM",
                }
            },
        ),
        fails(certificates=files(certificate(names=("old.example.com",))), domains={}),
        fails(
            certificates=files(certificate()),
            domains={
                "example.com": {"zimbraPublicServiceHostname": "webmail.example.com"}
            },
        ),
        fails(
            certificates=files(
                certificate(names=("old.example.com",)),
                path="/opt/zimbra/conf/smtpd.crt",
            ),
            domains={},
        ),
        unsure(
            certificates={NGINX_FILE: CertificateFile((), "cannot be read: nonsense")},
            domains={},
        ),
        unsure(certificates={}, domains={}),
        unsure(missing=("certificates",)),
        unsure(certificates=files(certificate())),
    ),
)
