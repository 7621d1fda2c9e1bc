"""Attachments that run as programs are refused."""

from collections.abc import Iterator

from zmward.catalog.attributes import attributes
from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.antispam._filters import on_filters
from zmward.controls.shapes.attributes import global_attr
from zmward.controls.shapes.basic import layers
from zmward.controls.shapes.wanted import contains
from zmward.deviation import Judgement, Layer, deviates, sound
from zmward.facts import Facts
from zmward.sources.amavis import AMAVIS, Amavis

_ATTR = "zimbraMtaBlockedExtension"
LIST = attributes()["zimbraMtaCommonBlockedExtension"].defaults.global_config


def _rendered(facts: Facts, host: str) -> Iterator[Judgement]:
    rules = facts.read(AMAVIS, host).banned.lower()
    have = set("".join(c if c.isalnum() else " " for c in rules).split())
    missing = [extension for extension in LIST if extension not in have]
    if not missing:
        yield sound(
            Layer.RENDERED,
            host,
            source="amavis",
            seen=f"$banned_filename_re: {rules[:200]}",
        )
    else:
        text = f"$banned_filename_re lacks: {' '.join(missing)}"
        yield deviates(
            Layer.RENDERED,
            host,
            text,
            " ".join(LIST),
            no_cure=f"It follows from {_ATTR}: zmconfigd restarts amavis.",
        )


def _amavis(extensions: str) -> Amavis:
    return Amavis({}, (), (), f"qr'.\\.({extensions})$'i," if extensions else "")


CONTROL = Control(
    id="dangerous-attachments-blocked",
    title="Attachments that run as programs are refused",
    why="A double click on such an attachment runs it; hardly any sender means well.",
    impact="Users who exchange programs or scripts by mail must use another way.",
    severity=Severity.MEDIUM,
    tips=("T17",),
    roles=("mta",),
    locks_out="users who exchange programs or scripts by mail",
    check=layers(
        global_attr("zimbraMtaBlockedExtension", contains(*LIST), unset=()),
        on_filters(Layer.RENDERED, (AMAVIS,), _rendered),
    ),
    refs=(),
    note=(
        "zimbraMtaCommonBlockedExtension is only the list that the console offers; "
        "zimbraMtaBlockedExtension is what counts. The published guide's list lacks "
        "ten of the "
        "common ones. Beyond Zimbra's list, general practice adds disk images, "
        "installers and scripts (iso img vhd vhdx ps1 msi jar cpl one): the site "
        "decides."
    ),
    examples=(
        passes(config={_ATTR: LIST}, amavis=_amavis("|".join(LIST))),
        fails(config={}, amavis=_amavis("")),
        fails(config={_ATTR: ("exe",)}, amavis=_amavis("exe")),
        fails(config={_ATTR: LIST}, amavis=_amavis("exe")),
        unsure(config={_ATTR: LIST}),
    ),
)
