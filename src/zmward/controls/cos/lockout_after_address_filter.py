"""Addresses are shut out before accounts lock."""

from collections.abc import Iterator

from zmward.change import SetAttr
from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import on_directory
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.facts import Facts
from zmward.sources.directory import CONFIG, COSES

_ON = "zimbraPasswordLockoutEnabled"
_MOST = "zimbraPasswordLockoutMaxFailures"
_FILTER = "zimbraInvalidLoginFilterMaxFailedLogin"


def _look(facts: Facts) -> Iterator[Judgement]:
    limit = facts.config().one(_FILTER)
    locking = [cos for cos in facts.coses() if cos.one(_ON) == "TRUE"]
    if not locking:
        yield not_concerned(Layer.DECLARED, "directory", "no class of service locks")
        return
    if not limit.isdecimal():
        yield unknown(Layer.DECLARED, "global", f"{_FILTER} is set nowhere")
        return
    if limit == "0":
        yield not_concerned(Layer.DECLARED, "global", "the address filter is off")
        return
    for cos in locking:
        most = cos.one(_MOST)
        text = f"{_MOST}: {most or '(not set)'}"
        if not most.isdecimal():
            yield unknown(Layer.DECLARED, cos.label, text)
        elif int(most) >= int(limit):
            yield sound(Layer.DECLARED, cos.label, source="directory", seen=text)
        else:
            yield deviates(
                Layer.DECLARED,
                cos.label,
                text,
                f"{limit} or more, as {_FILTER} has it",
                cure=SetAttr(cos.label, _MOST, (most,), (limit,)),
                source="directory",
            )


CONTROL = Control(
    id="lockout-after-address-filter",
    title="Addresses are shut out before accounts lock",
    why=(
        "When the account locks first, a guesser locks users out by name and goes"
        " on from another address."
    ),
    impact="None.",
    severity=Severity.LOW,
    tips=("T05", "T26"),
    roles=("mailbox",),
    check=on_directory(
        Layer.DECLARED, (CONFIG, COSES), _look, cures=True, attributes=(_MOST,)
    ),
    refs=(),
    examples=(
        passes(config={_FILTER: "10"}, cos={"default": {_ON: "TRUE", _MOST: "20"}}),
        passes(config={_FILTER: "10"}, cos={"default": {_ON: "TRUE", _MOST: "10"}}),
        fails(config={_FILTER: "10"}, cos={"default": {_ON: "TRUE", _MOST: "5"}}),
        unconcerned(config={_FILTER: "10"}, cos={"default": {_ON: "FALSE"}}),
        unconcerned(config={_FILTER: "0"}, cos={"default": {_ON: "TRUE", _MOST: "5"}}),
        unsure(config={}, cos={"default": {_ON: "TRUE", _MOST: "5"}}),
    ),
)
