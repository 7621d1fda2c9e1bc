"""Deployed certificates have strong keys and signatures."""

from collections.abc import Iterator

from msgspec.structs import replace

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.tls._deployed import (
    short,
)
from zmward.controls.tls._examples import ISSUER, NGINX_FILE, certificate, files
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.certificates import CERTIFICATES, Certificate, CertificateFile

_NO_CURE = (
    "Get a new one (zmcertmgr createcsr … -digest sha256 -keysize 2048) and deploy it."
)
_BITS = {"RSA": 2048, "EC": 224}
_HASHES = ("sha224", "sha256", "sha384", "sha512", "sha3", "with the key's own hash")


def _weak(found: Certificate) -> str:
    kind = found.key.partition(" ")[0]
    if kind == "DSA" or found.bits < _BITS.get(kind, 0):
        return f"{found.key} key of {found.bits} bits"
    if not found.signature.startswith(_HASHES) and not found.self_signed:
        return f"signature with {found.signature}"
    return ""


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    files = facts.read(CERTIFICATES, host)
    if not files:
        yield unknown(Layer.LASTING, host, "no certificate file was found")
    for path, file in files.items():
        if file.problem:
            yield unknown(Layer.LASTING, host, f"{short(path)} {file.problem}")
        for found in file.certificates:
            kind = f"{found.key} {found.bits}, {found.signature}"
            text = f"{short(path)}: {found.subject}, {kind}"
            if _weak(found):
                yield deviates(
                    Layer.LASTING,
                    host,
                    f"{text}: {_weak(found)}",
                    "RSA 2048 or EC 256, SHA-2",
                    no_cure=_NO_CURE,
                )
            else:
                yield sound(Layer.LASTING, host, source="certificates", seen=text)


CONTROL = Control(
    id="certificates-strong",
    title="Deployed certificates have strong keys and signatures",
    why=(
        "A short key can be computed, a SHA-1 signature forged: then anybody can stand"
        " in for this server."
    ),
    impact="The services restart when the new certificate is deployed.",
    severity=Severity.HIGH,
    tips=("T31",),
    roles=(),
    check=on_hosts(Layer.LASTING, (CERTIFICATES,), _look),
    refs=("https://www.rfc-editor.org/rfc/rfc9155",),
    note=(
        "A root's own signature is never checked by anybody, so a root in the file may"
        " be old."
    ),
    examples=(
        passes(certificates=files(certificate(), ISSUER)),
        passes(certificates=files(certificate(key="EC secp256r1", bits=256))),
        fails(certificates=files(certificate(bits=1024))),
        fails(certificates=files(certificate(signature="sha1"))),
        fails(certificates=files(certificate(key="DSA"))),
        fails(certificates=files(certificate(key="EC secp192r1", bits=192))),
        passes(certificates=files(certificate(), replace(ISSUER, signature="sha1"))),
        unsure(
            certificates={NGINX_FILE: CertificateFile((), "cannot be read: nonsense")}
        ),
        unsure(certificates={}),
        unsure(missing=("certificates",)),
    ),
)
