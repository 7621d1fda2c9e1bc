"""Addresses are shut out before accounts lock."""

from collections.abc import Iterator

from zmward.change import SetAttr
from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import on_directory
from zmward.controls.shapes.effective import server_value
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.facts import Facts
from zmward.sources.directory import CONFIG, COSES, SERVERS

_ON = "zimbraPasswordLockoutEnabled"
_MOST = "zimbraPasswordLockoutMaxFailures"
_FILTER = "zimbraInvalidLoginFilterMaxFailedLogin"


def _limit(facts: Facts) -> int | None:
    """Return after how many failures the laxest mailbox server bans; 0 is never."""
    found = [server_value(facts, s, _FILTER) for s in facts.servers("mailbox")]
    numbers = [int(one[0]) for one in found if one and one[0].isdecimal()]
    if not numbers or len(numbers) < len(found):
        return None
    return 0 if 0 in numbers else max(numbers)


def _look(facts: Facts) -> Iterator[Judgement]:
    limit = _limit(facts)
    locking = [cos for cos in facts.coses() if cos.one(_ON) == "TRUE"]
    if not locking:
        yield not_concerned(Layer.DECLARED, "directory", "no class of service locks")
        return
    if limit is None:
        yield unknown(Layer.DECLARED, "global", f"{_FILTER} is set nowhere")
        return
    if not limit:
        yield not_concerned(Layer.DECLARED, "global", "the address filter is off")
        return
    for cos in locking:
        most = cos.one(_MOST)
        text = f"{_MOST}: {most or '(not set)'}"
        if not most.isdecimal():
            yield unknown(Layer.DECLARED, cos.label, text)
        elif most == "0":
            reason = "account-lockout-on judges a lockout without a number"
            yield not_concerned(Layer.DECLARED, cos.label, reason)
        elif int(most) >= limit:
            yield sound(Layer.DECLARED, cos.label, source="directory", seen=text)
        else:
            yield deviates(
                Layer.DECLARED,
                cos.label,
                text,
                f"{limit} or more, as {_FILTER} has it",
                cure=SetAttr(cos.label, _MOST, (most,), (str(limit),)),
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
        Layer.DECLARED,
        (CONFIG, SERVERS, COSES),
        _look,
        cures=True,
        attributes=(_MOST,),
    ),
    refs=(),
    note="Where servers differ, the one that bans last counts.",
    examples=(
        passes(config={_FILTER: "10"}, cos={"default": {_ON: "TRUE", _MOST: "20"}}),
        passes(config={_FILTER: "10"}, cos={"default": {_ON: "TRUE", _MOST: "10"}}),
        fails(config={_FILTER: "10"}, cos={"default": {_ON: "TRUE", _MOST: "5"}}),
        unconcerned(config={_FILTER: "10"}, cos={"default": {_ON: "FALSE"}}),
        unconcerned(config={_FILTER: "0"}, cos={"default": {_ON: "TRUE", _MOST: "5"}}),
        fails(
            config={_FILTER: "10"},
            server={_FILTER: "99"},
            cos={"default": {_ON: "TRUE", _MOST: "20"}},
        ),
        unconcerned(config={_FILTER: "10"}, cos={"default": {_ON: "TRUE", _MOST: "0"}}),
        unsure(config={}, cos={"default": {_ON: "TRUE", _MOST: "5"}}),
    ),
)
