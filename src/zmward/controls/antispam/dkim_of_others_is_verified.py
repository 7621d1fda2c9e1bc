"""DKIM signatures of incoming mail are verified."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.antispam._filters import on_filters
from zmward.controls.shapes.attributes import server_attr
from zmward.controls.shapes.basic import layers
from zmward.controls.shapes.wanted import exactly
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.amavis import AMAVIS, Amavis

_ATTR = "zimbraAmavisEnableDKIMVerification"


def _rendered(facts: Facts, host: str) -> Iterator[Judgement]:
    value = facts.read(AMAVIS, host).settings.get("enable_dkim_verification")
    text = f"$enable_dkim_verification = {value}"
    if value is None:
        yield unknown(
            Layer.RENDERED, host, "amavisd.conf sets no $enable_dkim_verification"
        )
    elif value == "1":
        yield sound(Layer.RENDERED, host, source="amavis", seen=text)
    else:
        yield deviates(
            Layer.RENDERED,
            host,
            text,
            "1",
            no_cure=f"It follows from {_ATTR}: restart amavis.",
        )


CONTROL = Control(
    id="dkim-of-others-is-verified",
    title="DKIM signatures of incoming mail are verified",
    why=(
        "A forged sender is told from a real one by its signature; SpamAssassin's "
        "DMARC rules need the result."
    ),
    impact="Nobody is affected.",
    severity=Severity.MEDIUM,
    tips=("T18",),
    roles=("mta",),
    check=layers(
        server_attr(
            "zimbraAmavisEnableDKIMVerification", exactly("TRUE"), role="antispam"
        ),
        on_filters(Layer.RENDERED, (AMAVIS,), _rendered),
    ),
    refs=(),
    examples=(
        passes(
            config={_ATTR: "TRUE"},
            amavis=Amavis({"enable_dkim_verification": "1"}, (), (), ""),
        ),
        fails(
            config={_ATTR: "FALSE"},
            amavis=Amavis({"enable_dkim_verification": "0"}, (), (), ""),
        ),
        fails(
            config={_ATTR: "TRUE"},
            amavis=Amavis({"enable_dkim_verification": "0"}, (), (), ""),
        ),
        unsure(config={_ATTR: "TRUE"}),
    ),
)
