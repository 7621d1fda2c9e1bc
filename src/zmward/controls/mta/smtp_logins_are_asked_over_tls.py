"""SMTP logins are asked for at the mailbox server over TLS."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, sound
from zmward.facts import Facts
from zmward.sources.saslauthd import SASLAUTHD

_NO_CURE = "It follows from zimbraMtaAuthTarget and the mailbox servers' own URLs."


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    urls = facts.read(SASLAUTHD, host)["zimbra_url"].split()
    plain = [url for url in urls if not url.startswith("https://")]
    if plain or not urls:
        text = f"zimbra_url: {' '.join(plain)}"
        yield deviates(Layer.RENDERED, host, text, "https:// only", no_cure=_NO_CURE)
    else:
        yield sound(
            Layer.RENDERED,
            host,
            source="saslauthd",
            seen=f"zimbra_url: {' '.join(urls)}",
        )


CONTROL = Control(
    id="smtp-logins-are-asked-over-tls",
    title="SMTP logins are asked for at the mailbox server over TLS",
    why=(
        "saslauthd sends each user's password to the mailbox server; over http it "
        "crosses the network readable."
    ),
    impact="Nobody is affected.",
    severity=Severity.HIGH,
    tips=("T31",),
    roles=("mta",),
    check=on_hosts(Layer.RENDERED, (SASLAUTHD,), _look, role="mta"),
    refs=(),
    note=(
        "zimbra_cert_check is off as shipped: the certificate is not verified, so keep"
        " port 7073 within the cluster."
    ),
    examples=(
        passes(
            saslauthd={
                "zimbra_url": "https://mail.example.com:7073/service/admin/soap/"
            }
        ),
        fails(saslauthd={"zimbra_url": "http://mail.example.com:7070/service/soap/"}),
        unsure(missing=("saslauthd",)),
    ),
)
