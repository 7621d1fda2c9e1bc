"""Each deployed certificate belongs to the key beside it."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.tls._deployed import leaves, short
from zmward.controls.tls._examples import NGINX_FILE, certificate, files
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.certificates import CERTIFICATES, CertificateFile
from zmward.sources.tls_keys import TLS_KEYS, PrivateKey

_NO_CURE = (
    "Deploy certificate and key together: zmcertmgr verifycrt comm KEY CERTIFICATE, "
    "then deploycrt."
)


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    keys = facts.read(TLS_KEYS, host)
    files = facts.read(CERTIFICATES, host)
    found = tuple(leaves(files))
    if not found:
        yield unknown(Layer.LASTING, host, "no certificate could be read")
    for path, file in files.items():
        if file.problem:
            yield unknown(Layer.LASTING, host, f"{short(path)} {file.problem}")
    for path, leaf in found:
        key = keys.get(path.removesuffix(".crt") + ".key")
        if key is None or not key.public_key:
            yield unknown(
                Layer.LASTING, host, f"the key of {short(path)} cannot be read"
            )
        elif key.public_key == leaf.public_key:
            yield sound(
                Layer.LASTING,
                host,
                source="tls-keys",
                seen=f"{short(path)} matches its key",
            )
        else:
            yield deviates(
                Layer.LASTING,
                host,
                f"{short(path)} belongs to another key",
                "the key beside it",
                no_cure=_NO_CURE,
            )


_KEY = "/opt/zimbra/conf/nginx.key"
_KEYS = {_KEY: PrivateKey(0o640, "zimbra", "zimbra", "11")}

CONTROL = Control(
    id="certificates-match-their-keys",
    title="Each deployed certificate belongs to the key beside it",
    why=(
        "A service whose certificate and key do not match runs on until its next "
        "restart, and does not come up again."
    ),
    impact="Nobody is affected until the restart.",
    severity=Severity.HIGH,
    tips=("T31", "T38"),
    roles=(),
    check=on_hosts(Layer.LASTING, (CERTIFICATES, TLS_KEYS), _look),
    refs=(),
    examples=(
        passes(certificates=files(certificate()), tls_keys=_KEYS),
        fails(certificates=files(certificate(public_key="22")), tls_keys=_KEYS),
        unsure(certificates=files(certificate()), tls_keys={}),
        unsure(
            certificates=files(certificate()),
            tls_keys={_KEY: PrivateKey(0o640, "zimbra", "zimbra", "")},
        ),
        unsure(
            certificates={NGINX_FILE: CertificateFile((), "cannot be read: nonsense")},
            tls_keys=_KEYS,
        ),
        unsure(
            certificates={
                **files(certificate()),
                "/opt/zimbra/conf/smtpd.crt": CertificateFile((), "holds nothing"),
            },
            tls_keys=_KEYS,
        ),
        unsure(certificates={}, tls_keys=_KEYS),
        unsure(missing=("tls-keys",)),
    ),
)
