"""The proxy's certificate is issued by an authority, not by Zimbra itself."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.shapes.outside_certificates import ZIMBRAS_MARK, trusted
from zmward.controls.shapes.outside_tls import on
from zmward.controls.tls._deployed import CA, own_authority, short
from zmward.controls.tls._examples import ISSUER, NGINX_FILE, certificate, files
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.certificates import CERTIFICATES, CertificateFile

_NGINX = "/opt/zimbra/conf/nginx.crt"
_NO_CURE = (
    "Get a certificate from a public authority and deploy it: zmcertmgr deploycrt comm."
)


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    files = facts.read(CERTIFICATES, host)
    file = files.get(_NGINX)
    if file is None or not file.certificates:
        problem = file.problem if file else "was not found"
        yield unknown(Layer.LASTING, host, f"{short(_NGINX)} {problem}")
        return
    leaf = file.certificates[0]
    text = f"{short(_NGINX)}: issued by {leaf.issuer}"
    own = own_authority(files)
    if leaf.self_signed or leaf.issuer == own or ZIMBRAS_MARK in leaf.issuer:
        yield deviates(
            Layer.LASTING, host, text, "a public authority", no_cure=_NO_CURE
        )
    elif not own:
        reason = f"{short(CA)} was not seen, so its certificates are not recognised"
        yield unknown(Layer.LASTING, host, reason)
    else:
        yield sound(Layer.LASTING, host, source="certificates", seen=text)


_ZIMBRAS = files(certificate(subject="CN=mail,O=CA"), path=CA)

CONTROL = Control(
    id="web-certificate-trusted-by-browsers",
    title="The proxy's certificate is issued by an authority, not by Zimbra itself",
    why=(
        "With Zimbra's own authority every user sees a warning and learns to click it "
        "away, the one of an attacker included."
    ),
    impact="nginx restarts when the new certificate is deployed.",
    severity=Severity.MEDIUM,
    tips=("T31",),
    roles=("proxy",),
    check=on_hosts(Layer.LASTING, (CERTIFICATES,), _look, role="proxy"),
    refs=(),
    note=(
        "Whether the authority really is known to browsers is not looked up: one that "
        "Zimbra did not make itself passes here. A site whose devices all trust its "
        "own authority waives this."
    ),
    outside=trusted(on(443), _NO_CURE),
    examples=(
        passes(certificates={**files(certificate(), ISSUER), **_ZIMBRAS}),
        fails(
            certificates={
                **files(
                    certificate(issuer="CN=old,OU=Zimbra Collaboration Server,O=CA")
                ),
                **_ZIMBRAS,
            }
        ),
        unsure(certificates=files(certificate(), ISSUER)),
        fails(certificates=files(certificate(self_signed=True))),
        fails(certificates={**files(certificate()), **files(ISSUER, path=CA)}),
        unsure(
            certificates={NGINX_FILE: CertificateFile((), "cannot be read: nonsense")}
        ),
        unsure(missing=("certificates",)),
    ),
)
