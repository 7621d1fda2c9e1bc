"""No deployed or served certificate is about to expire."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import layers, on_hosts
from zmward.controls.shapes.outside_certificates import lasting
from zmward.controls.tls._deployed import short, shown, unshown
from zmward.controls.tls._examples import ISSUER, NGINX_FILE, certificate, files
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.facts import Facts
from zmward.sources.certificates import CERTIFICATES, Certificate, CertificateFile
from zmward.sources.handshakes import HANDSHAKES, Handshake

_NO_CURE = (
    "Get a new one and deploy it: zmcertmgr deploycrt (or your renewal's hook), then "
    "zmcontrol restart."
)


def _one(
    facts: Facts, host: str, layer: Layer, name: str, found: Certificate
) -> Judgement:
    last = facts.now + timedelta(days=facts.profile.thresholds.certificate_days)
    text = f"{name}: {found.subject} ends {found.end:%Y-%m-%d}"
    wanted = f"valid for {facts.profile.thresholds.certificate_days} days more"
    if found.start > facts.now:
        text = f"{name}: {found.subject} begins {found.start:%Y-%m-%d}"
    elif found.end > last:
        return sound(layer, host, source="certificates", seen=text)
    return deviates(layer, host, text, wanted, no_cure=_NO_CURE)


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    files = facts.read(CERTIFICATES, host)
    if not files:
        yield unknown(Layer.LASTING, host, "no certificate file was found")
    for path, found in files.items():
        if found.problem:
            yield unknown(Layer.LASTING, host, f"{short(path)} {found.problem}")
        for one in found.certificates:
            yield _one(facts, host, Layer.LASTING, short(path), one)


def _running(facts: Facts, host: str) -> Iterator[Judgement]:
    files, found = facts.read(CERTIFICATES, host), facts.read(HANDSHAKES, host)
    for port, reason in unshown(found):
        yield unknown(Layer.RUNNING, host, f"port {port}: {reason}")
    for name, one in shown(files, found):
        yield _one(facts, host, Layer.RUNNING, name, one)
    if found and not any(shown(files, found)):
        seen = "the ports show what the files hold"
        yield sound(Layer.RUNNING, host, source="handshakes", seen=seen)
    if not found:
        yield not_concerned(Layer.RUNNING, host, "no TLS port that was asked listens")


def _served(certificate: Certificate | None) -> dict[int, Handshake]:
    hand = Handshake(8443, "TLSv1.3", "TLS_AES_256_GCM_SHA384", "refused", certificate)
    return {8443: hand}


CONTROL = Control(
    id="certificates-not-about-to-expire",
    title="No deployed or served certificate is about to expire",
    why=(
        "On the day it expires browsers, phones and other servers refuse this server, "
        "and mail stops."
    ),
    impact="The services restart when the new certificate is deployed.",
    severity=Severity.HIGH,
    tips=("T38", "T31"),
    roles=(),
    check=layers(
        on_hosts(Layer.LASTING, (CERTIFICATES,), _look),
        on_hosts(Layer.RUNNING, (CERTIFICATES, HANDSHAKES), _running),
    ),
    refs=(),
    note=(
        "Every certificate of every file counts, since an expired intermediate breaks "
        "the chain as well; so does Zimbra's own authority. mailboxd serves from a "
        "keystore that no file shows, so the ports are asked too. The days are "
        "thresholds.certificate-days of the profile."
    ),
    outside=lasting(_NO_CURE),
    examples=(
        passes(
            certificates=files(certificate(), ISSUER), handshakes=_served(certificate())
        ),
        fails(
            certificates=files(certificate(), ISSUER),
            handshakes=_served(
                certificate(fingerprint="bb", end=datetime(2026, 11, 1, tzinfo=UTC))
            ),
        ),
        unsure(certificates=files(certificate(), ISSUER), handshakes=_served(None)),
        fails(
            certificates=files(
                certificate(end=datetime(2026, 12, 1, tzinfo=UTC)), ISSUER
            )
        ),
        fails(certificates=files(certificate(end=datetime(2026, 11, 1, tzinfo=UTC)))),
        fails(certificates=files(certificate(start=datetime(2027, 1, 1, tzinfo=UTC)))),
        fails(
            certificates=files(
                certificate(),
                certificate(
                    subject="CN=Example CA", end=datetime(2026, 11, 30, tzinfo=UTC)
                ),
            )
        ),
        passes(
            certificates=files(certificate(end=datetime(2026, 12, 1, tzinfo=UTC))),
            handshakes={},
            profile={"thresholds": {"certificate-days": 7}},
        ),
        unsure(
            certificates={NGINX_FILE: CertificateFile((), "cannot be read: nonsense")}
        ),
        unsure(certificates={}),
        unsure(missing=("certificates",)),
    ),
)
