"""Deployed and served certificates have strong keys and signatures."""

from collections.abc import Iterator

from msgspec.structs import replace

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import layers, on_hosts
from zmward.controls.shapes.outside_certificates import strong
from zmward.controls.tls._deployed import short, shown, unshown
from zmward.controls.tls._examples import ISSUER, NGINX_FILE, certificate, files
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.facts import Facts
from zmward.sources.certificates import CERTIFICATES, Certificate, CertificateFile
from zmward.sources.handshakes import HANDSHAKES, Handshake

_NO_CURE = (
    "Get a new one (zmcertmgr createcsr … -digest sha256 -keysize 2048) and deploy it."
)
_WANTED = "RSA 2048 or EC 256, SHA-2"
_BITS = {"RSA": 2048, "EC": 256}
_HASHES = ("sha224", "sha256", "sha384", "sha512", "sha3", "with the key's own hash")


def _weak(found: Certificate) -> str:
    kind = found.key.partition(" ")[0]
    if kind == "DSA" or found.bits < _BITS.get(kind, 0):
        return f"{found.key} key of {found.bits} bits"
    if not found.signature.startswith(_HASHES) and not found.self_signed:
        return f"signature with {found.signature}"
    return ""


def _one(host: str, layer: Layer, name: str, found: Certificate) -> Judgement:
    text = f"{name}: {found.subject}, {found.key} {found.bits}, {found.signature}"
    if not _weak(found):
        return sound(layer, host, source="certificates", seen=text)
    return deviates(layer, host, f"{text}: {_weak(found)}", _WANTED, no_cure=_NO_CURE)


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    files = facts.read(CERTIFICATES, host)
    if not files:
        yield unknown(Layer.LASTING, host, "no certificate file was found")
    for path, file in files.items():
        if file.problem:
            yield unknown(Layer.LASTING, host, f"{short(path)} {file.problem}")
        for found in file.certificates:
            yield _one(host, Layer.LASTING, short(path), found)


def _running(facts: Facts, host: str) -> Iterator[Judgement]:
    files, found = facts.read(CERTIFICATES, host), facts.read(HANDSHAKES, host)
    for port, reason in unshown(found):
        yield unknown(Layer.RUNNING, host, f"port {port}: {reason}")
    for name, one in shown(files, found):
        yield _one(host, Layer.RUNNING, name, one)
    if found and not any(shown(files, found)):
        seen = "the ports show what the files hold"
        yield sound(Layer.RUNNING, host, source="handshakes", seen=seen)
    if not found:
        yield not_concerned(Layer.RUNNING, host, "no TLS port that was asked listens")


def _served(certificate: Certificate) -> dict[int, Handshake]:
    hand = Handshake(8443, "TLSv1.3", "TLS_AES_256_GCM_SHA384", "refused", certificate)
    return {8443: hand}


CONTROL = Control(
    id="certificates-strong",
    title="Deployed and served certificates have strong keys and signatures",
    why=(
        "A short key can be computed, a SHA-1 signature forged: then anybody can stand"
        " in for this server."
    ),
    impact="The services restart when the new certificate is deployed.",
    severity=Severity.HIGH,
    tips=("T31",),
    roles=(),
    check=layers(
        on_hosts(Layer.LASTING, (CERTIFICATES,), _look),
        on_hosts(Layer.RUNNING, (CERTIFICATES, HANDSHAKES), _running),
    ),
    refs=("https://www.rfc-editor.org/rfc/rfc9155",),
    note=(
        "A root's own signature is never checked by anybody, so a root in the file may"
        " be old."
    ),
    outside=strong(_weak, _WANTED, _NO_CURE),
    examples=(
        passes(
            certificates=files(certificate(), ISSUER), handshakes=_served(certificate())
        ),
        passes(
            certificates=files(certificate(key="EC secp256r1", bits=256)), handshakes={}
        ),
        fails(
            certificates=files(certificate(), ISSUER),
            handshakes=_served(certificate(fingerprint="bb", bits=1024)),
        ),
        unsure(certificates=files(certificate(), ISSUER)),
        fails(certificates=files(certificate(bits=1024))),
        fails(certificates=files(certificate(signature="sha1"))),
        fails(certificates=files(certificate(key="DSA"))),
        fails(certificates=files(certificate(key="EC secp192r1", bits=192))),
        passes(
            certificates=files(certificate(), replace(ISSUER, signature="sha1")),
            handshakes={},
        ),
        unsure(
            certificates={NGINX_FILE: CertificateFile((), "cannot be read: nonsense")}
        ),
        unsure(certificates={}),
        unsure(missing=("certificates",)),
    ),
)
