"""Deployed certificates come with their whole chain."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.shapes.outside_certificates import whole
from zmward.controls.tls._deployed import CA, leaves, own_authority, short
from zmward.controls.tls._examples import ISSUER, NGINX_FILE, certificate, files
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.certificates import CERTIFICATES, Certificate, CertificateFile

_NO_CURE = (
    "Deploy it again with the authority's chain: zmcertmgr deploycrt comm CERTIFICATE"
    " CHAIN."
)


def _broken(chain: tuple[Certificate, ...], authority: str) -> str:
    """Return where the chain breaks, or nothing."""
    leaf = chain[0]
    if leaf.self_signed or (len(chain) == 1 and leaf.issuer == authority):
        return ""
    if len(chain) == 1:
        return f"the certificate of {leaf.issuer} is missing"
    for place, found in enumerate(chain[:-1]):
        if not found.signed_by_next:
            return f"certificate {place + 2} did not sign certificate {place + 1}"
    return ""


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    files = facts.read(CERTIFICATES, host)
    if not files:
        yield unknown(Layer.LASTING, host, "no certificate file was found")
    for path, file in files.items():
        if file.problem:
            yield unknown(Layer.LASTING, host, f"{short(path)} {file.problem}")
    for path, _ in leaves(files):
        chain = files[path].certificates
        reason = _broken(chain, own_authority(files))
        text = f"{short(path)}: {len(chain)} certificates"
        if reason:
            yield deviates(
                Layer.LASTING,
                host,
                f"{text}, {reason}",
                "each signed by the next",
                no_cure=_NO_CURE,
            )
        else:
            yield sound(Layer.LASTING, host, source="certificates", seen=text)


CONTROL = Control(
    id="certificate-chains-whole",
    title="Deployed certificates come with their whole chain",
    why=(
        "A client that misses an intermediate certificate refuses the server; browsers"
        " often have it by chance, phones and mail servers do not."
    ),
    impact="The services restart when the file is completed.",
    severity=Severity.MEDIUM,
    tips=("T31", "T38"),
    roles=(),
    check=on_hosts(Layer.LASTING, (CERTIFICATES,), _look),
    refs=("https://www.rfc-editor.org/rfc/rfc8446#section-4.4.2",),
    note=(
        "The order counts: own certificate first, each signed by the next. A "
        "certificate of Zimbra's own authority needs no chain, since its clients trust"
        " that authority by itself."
    ),
    outside=whole(_broken, _NO_CURE),
    examples=(
        passes(certificates=files(certificate(), ISSUER)),
        passes(
            certificates=files(
                certificate(),
                certificate(
                    subject="CN=Example CA", issuer="CN=Root", signed_by_next=False
                ),
            )
        ),
        passes(
            certificates={
                **files(certificate(signed_by_next=False)),
                **files(ISSUER, path=CA),
            }
        ),
        passes(certificates=files(certificate(self_signed=True, signed_by_next=False))),
        fails(certificates=files(certificate(signed_by_next=False))),
        fails(
            certificates=files(
                certificate(signed_by_next=False),
                certificate(subject="CN=Other", signed_by_next=False),
            )
        ),
        unsure(
            certificates={NGINX_FILE: CertificateFile((), "cannot be read: nonsense")}
        ),
        unsure(certificates={}),
        unsure(missing=("certificates",)),
    ),
)
