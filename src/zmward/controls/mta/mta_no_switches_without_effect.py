"""No switch of the MTA is set that nothing reads."""

from collections.abc import Iterator

from zmward.catalog.attributes import attributes
from zmward.change import SetAttr
from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_directory
from zmward.deviation import Judgement, Layer, deviates, sound
from zmward.facts import Facts
from zmward.sources.directory import CONFIG, SERVERS, Entry

_DEAD = {
    "zimbraMtaSmtpTlsMandatoryProtocols": "postconf -e smtp_tls_mandatory_protocols=…",
    "zimbraMtaAuthEnabled": "zimbraMtaSaslAuthEnable",
    "zimbraSpamCheckEnabled": "the service antispam",
    "zimbraVirusCheckEnabled": "the service antivirus",
}


def _one(entry: Entry, attribute: str, instead: str) -> Judgement:
    default = attributes()[attribute].defaults.global_config
    own = entry.own(attribute)
    text = f"{attribute}: {', '.join(own) or '(not set)'}"
    if not own or own == default:
        return sound(Layer.DECLARED, entry.label, source="directory", seen=text)
    after = None if entry.kind == "server" else default
    wanted = f"as shipped; what works is {instead}"
    cure = None
    if not attributes()[attribute].deprecated_since:
        cure = SetAttr(entry.label, attribute, own, after or None)
    return deviates(
        Layer.DECLARED,
        entry.label,
        f"{text} (has no effect)",
        wanted,
        cure=cure,
        no_cure="" if cure else "Deprecated: zmprov refuses to write it. Ignore it.",
    )


def _look(facts: Facts) -> Iterator[Judgement]:
    for attribute, instead in _DEAD.items():
        for entry in (facts.config(), *facts.servers()):
            yield _one(entry, attribute, instead)


CONTROL = Control(
    id="mta-no-switches-without-effect",
    title="No switch of the MTA is set that nothing reads",
    why=(
        "Such a switch looks like protection on every screen and does nothing; the "
        "real one stands as it was."
    ),
    impact="Nothing changes, since nothing read the switch.",
    severity=Severity.LOW,
    tips=("T11", "T31"),
    roles=("mta",),
    check=on_directory(
        Layer.DECLARED,
        (CONFIG, SERVERS),
        _look,
        cures=True,
        attributes=("zimbraMtaSmtpTlsMandatoryProtocols",),
    ),
    refs=(),
    note=(
        "zmconfigd reads zimbraMtaSmtpMandatoryTlsProtocols, which no schema has; "
        "smtp_tls_mandatory_protocols can only be set with postconf -e. "
        "zimbraMtaAuthEnabled, zimbraSpamCheckEnabled and zimbraVirusCheckEnabled are "
        "left over from versions 4 to 6."
    ),
    examples=(
        passes(
            config={
                "zimbraMtaSmtpTlsMandatoryProtocols": "!SSLv2, !SSLv3",
                "zimbraMtaAuthEnabled": "TRUE",
            }
        ),
        passes(config={}),
        fails(config={"zimbraMtaSmtpTlsMandatoryProtocols": ">=TLSv1.2"}),
        fails(config={}, server={"zimbraMtaAuthEnabled": "FALSE"}),
        unsure(missing=("ldap-config",)),
    ),
)
