"""Amavis opens no archive with cpio."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.antispam._filters import PAX_SOURCES, on_filters, pax
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.amavis import AMAVIS, PAX, Amavis, Decoder
from zmward.sources.osrelease import OsRelease

_CPIO = {"cpio", "gcpio"}
_NO_CURE = (
    "Bring Zimbra up to its current patch (`zmward patches`); until then pax must be "
    "installed and named first, so that cpio is never reached."
)


def _name(program: str) -> str:
    return program.rpartition("/")[2]


def _pax_first(decoder: Decoder) -> bool:
    """Say whether Amavis takes pax where it is there: the first that it finds."""
    return _name(decoder.programs[0]) == "pax"


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    decoders = facts.read(AMAVIS, host).decoders
    if not decoders:
        yield unknown(
            Layer.RENDERED, host, "no decoder could be read from amavisd.conf"
        )
        return
    named = [d for d in decoders if _CPIO & {_name(p) for p in d.programs}]
    there = bool(named) and bool(facts.read(PAX, host))
    bad = [d for d in named if not (there and _pax_first(d))]
    if not bad:
        seen = f"{len(decoders)} decoders"
        seen += ", pax is there and comes before cpio" if named else ""
        yield sound(Layer.RENDERED, host, source="amavis", seen=seen)
    for decoder in bad:
        text = f"[{decoder.kind}] {' '.join(decoder.programs)}"
        cure = pax(facts, host) if _pax_first(decoder) else None
        yield deviates(
            Layer.RENDERED,
            host,
            text,
            "pax alone, or first and installed",
            cure=cure,
            no_cure="" if cure else _NO_CURE,
        )


_OLD = Amavis({}, (), (Decoder("tar", "do_pax_cpio", ("pax", "gcpio", "cpio")),), "")

CONTROL = Control(
    id="amavis-never-uses-cpio",
    title="Amavis opens no archive with cpio",
    why=(
        "By cpio one mail with a crafted archive writes any file that zimbra may "
        "write, a web shell first (CVE-2022-41352)."
    ),
    impact="Amavis restarts after the installation, for seconds.",
    severity=Severity.HIGH,
    tips=("T02",),
    roles=("mta",),
    check=on_filters(Layer.RENDERED, (AMAVIS, PAX, *PAX_SOURCES), _look, cures=True),
    refs=("https://nvd.nist.gov/vuln/detail/CVE-2022-41352",),
    note=(
        "amavisd.conf.in listed pax, gcpio and cpio until late 2022; builds since then"
        " list pax alone. Amavis takes the first program of the line that it finds."
    ),
    examples=(
        unconcerned(services=("mta",)),
        passes(amavis=Amavis({}, (), (Decoder("cpio", "do_pax_cpio", ("pax",)),), "")),
        passes(amavis=_OLD, amavis_pax=("/usr/bin/pax",)),
        fails(amavis=_OLD, amavis_pax=()),
        fails(
            amavis=_OLD,
            amavis_pax=(),
            os_release=OsRelease("ubuntu", "22.04", like=("debian",)),
            packages={"zimbra-mta": "10.1.0"},
        ),
        fails(
            amavis=Amavis({}, (), (Decoder("cpio", "do_pax_cpio", ("cpio",)),), ""),
            amavis_pax=("/usr/bin/pax",),
        ),
        unsure(amavis=Amavis({}, (), (), "")),
        unsure(missing=("amavis",)),
    ),
)
