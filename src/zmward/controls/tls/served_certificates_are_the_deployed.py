"""Ports show the certificates that are deployed."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.tls._deployed import (
    SERVED,
    leaves,
    short,
)
from zmward.controls.tls._examples import NGINX_FILE, certificate, files
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.facts import Facts
from zmward.sources.certificates import CERTIFICATES, Certificate, CertificateFile
from zmward.sources.handshakes import HANDSHAKES, Handshake

_NO_CURE = (
    "Restart the service that shows it: zmproxyctl, zmmtactl, ldap or zmmailboxdctl "
    "restart."
)
_IMAPD = "/opt/zimbra/conf/imapd.crt"
_KEYSTORE = "mailboxd's keystore may hold a certificate of its own"
_NOTHING = "no port with a deployed certificate made a handshake"


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    files = facts.read(CERTIFICATES, host)
    shown = facts.read(HANDSHAKES, host)
    own = dict(leaves(files))
    domains = {leaf.fingerprint for path, leaf in own.items() if path not in SERVED}
    everything = {leaf.fingerprint for leaf in own.values()}
    compared = False
    for path, ports in SERVED.items():
        deployed = own.get(path)
        if deployed is None:
            continue
        for port in ports:
            seen = shown[port].certificate if port in shown else None
            if seen is None:
                continue
            text = f"port {port} shows {seen.subject}, which ends {seen.end:%Y-%m-%d}"
            if path == _IMAPD and seen.fingerprint not in everything:
                yield not_concerned(Layer.RUNNING, host, f"{text}: {_KEYSTORE}")
                continue
            compared = True
            if path == _IMAPD or seen.fingerprint in {deployed.fingerprint, *domains}:
                yield sound(Layer.RUNNING, host, source="handshakes", seen=text)
            else:
                wanted = f"{short(path)}, which ends {deployed.end:%Y-%m-%d}"
                yield deviates(Layer.RUNNING, host, text, wanted, no_cure=_NO_CURE)
    if not compared:
        yield unknown(Layer.RUNNING, host, _NOTHING)


def _shown(seen: Certificate | None) -> dict[int, Handshake]:
    return {443: Handshake(443, "TLSv1.3", "TLS_AES_256_GCM_SHA384", "refused", seen)}


CONTROL = Control(
    id="served-certificates-are-the-deployed",
    title="Ports show the certificates that are deployed",
    why=(
        "A new certificate that no service has taken up does not help when the old one"
        " expires."
    ),
    impact="The service restarts with the new certificate.",
    severity=Severity.MEDIUM,
    tips=("T38", "T31"),
    roles=(),
    check=on_hosts(Layer.RUNNING, (CERTIFICATES, HANDSHAKES), _look),
    refs=(),
    note=(
        "mailboxd reads its keystore, which may hold another certificate than the "
        "files: its ports are compared, and a certificate of their own is no fault. "
        "A domain's own certificate is "
        "accepted where the host name is that domain's."
    ),
    examples=(
        passes(certificates=files(certificate()), handshakes=_shown(certificate())),
        fails(
            certificates=files(certificate()),
            handshakes=_shown(certificate(fingerprint="bb")),
        ),
        unsure(certificates=files(certificate()), handshakes=_shown(None)),
        unsure(certificates=files(certificate()), handshakes={}),
        unsure(
            certificates={NGINX_FILE: CertificateFile((), "cannot be read: nonsense")},
            handshakes=_shown(certificate()),
        ),
        unsure(
            certificates=files(certificate(), path=_IMAPD),
            handshakes={
                8443: Handshake(
                    8443, "TLSv1.3", "", "refused", certificate(fingerprint="bb")
                )
            },
        ),
        unsure(missing=("handshakes",)),
    ),
)
