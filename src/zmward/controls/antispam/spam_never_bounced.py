"""Spam is not bounced to its forged sender."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.antispam._filters import on_filters
from zmward.controls.shapes.attributes import server_attr
from zmward.controls.shapes.basic import layers
from zmward.controls.shapes.wanted import one_of
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.amavis import AMAVIS, Amavis

_ATTR = "zimbraAmavisFinalSpamDestiny"
_QUIET = ("D_DISCARD", "D_PASS")


def _rendered(facts: Facts, host: str) -> Iterator[Judgement]:
    value = facts.read(AMAVIS, host).settings.get("final_spam_destiny")
    text = f"$final_spam_destiny = {value}"
    if value is None:
        reason = "amavisd.conf sets no $final_spam_destiny"
        yield unknown(Layer.RENDERED, host, reason)
    elif value in _QUIET:
        yield sound(Layer.RENDERED, host, source="amavis", seen=text)
    else:
        follows = f"It follows from {_ATTR}: restart amavis."
        yield deviates(Layer.RENDERED, host, text, "D_DISCARD", no_cure=follows)


def _amavis(destiny: str) -> Amavis:
    return Amavis({"final_spam_destiny": destiny}, (), (), "")


CONTROL = Control(
    id="spam-never-bounced",
    title="Spam is not bounced to its forged sender",
    why=(
        "The sender of spam is forged: a bounce is spam to a stranger, and the server "
        "is listed for it."
    ),
    impact="Spam above the kill level is discarded without notice to its sender.",
    severity=Severity.MEDIUM,
    tips=("T18",),
    roles=("mta",),
    check=layers(
        server_attr(_ATTR, one_of(*_QUIET), role="antispam"),
        on_filters(Layer.RENDERED, (AMAVIS,), _rendered),
    ),
    refs=(),
    note=(
        "Amavis filters after Postfix has accepted the mail, so D_REJECT ends as a "
        "bounce too."
    ),
    examples=(
        passes(config={_ATTR: "D_DISCARD"}, amavis=_amavis("D_DISCARD")),
        fails(config={_ATTR: "D_BOUNCE"}, amavis=_amavis("D_BOUNCE")),
        fails(config={_ATTR: "D_DISCARD"}, amavis=_amavis("D_BOUNCE")),
        unsure(config={_ATTR: "D_DISCARD"}),
        unsure(missing=("ldap-config",)),
    ),
)
