"""Amavis opens no archive with cpio."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.antispam._filters import on_filters
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.amavis import AMAVIS, Amavis, Decoder

_CPIO = {"cpio", "gcpio"}
_NO_CURE = (
    "Bring Zimbra up to its current patch (`zmward patches`); until then pax must be "
    "installed, so that cpio is never reached."
)


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    decoders = facts.read(AMAVIS, host).decoders
    if not decoders:
        yield unknown(
            Layer.RENDERED, host, "no decoder could be read from amavisd.conf"
        )
        return
    bad = [d for d in decoders if _CPIO & {p.rpartition("/")[2] for p in d.programs}]
    if not bad:
        yield sound(
            Layer.RENDERED, host, source="amavis", seen=f"{len(decoders)} decoders"
        )
    for decoder in bad:
        text = f"[{decoder.kind}] {' '.join(decoder.programs)}"
        yield deviates(Layer.RENDERED, host, text, "pax alone", no_cure=_NO_CURE)


CONTROL = Control(
    id="amavis-never-uses-cpio",
    title="Amavis opens no archive with cpio",
    why=(
        "By cpio one mail with a crafted archive writes any file that zimbra may "
        "write, a web shell first (CVE-2022-41352)."
    ),
    impact="Nobody is affected.",
    severity=Severity.HIGH,
    tips=("T02",),
    roles=("mta",),
    check=on_filters(Layer.RENDERED, (AMAVIS,), _look),
    refs=("https://nvd.nist.gov/vuln/detail/CVE-2022-41352",),
    note=(
        "amavisd.conf.in listed pax, gcpio and cpio until late 2022; builds since then"
        " list pax alone."
    ),
    examples=(
        unconcerned(services=("mta",)),
        passes(amavis=Amavis({}, (), (Decoder("cpio", "do_pax_cpio", ("pax",)),), "")),
        fails(
            amavis=Amavis(
                {}, (), (Decoder("tar", "do_pax_cpio", ("pax", "gcpio", "cpio")),), ""
            )
        ),
        unsure(amavis=Amavis({}, (), (), "")),
        unsure(missing=("amavis",)),
    ),
)
