"""Shares with guests and with the public end by themselves."""

from collections.abc import Iterator

from zmward.change import SetAttr
from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import on_directory
from zmward.controls.shapes.wanted import lasting
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound
from zmward.facts import Facts
from zmward.sources.accounts import ACCOUNTS
from zmward.sources.directory import COSES, Entry

_LIFETIMES = {
    "zimbraExternalSharingEnabled": (
        "zimbraExternalShareLifetime",
        "zimbraFileExternalShareLifetime",
    ),
    "zimbraPublicSharingEnabled": (
        "zimbraPublicShareLifetime",
        "zimbraFilePublicShareLifetime",
    ),
}
_ALL = tuple(name for names in _LIFETIMES.values() for name in names)
_CLOSED = dict.fromkeys(_LIFETIMES, "FALSE")
_ENDING = lasting("365d", cure="90d")


def _look(facts: Facts) -> Iterator[Judgement]:
    overrides = facts.read(ACCOUNTS).overrides
    for cos in facts.coses():
        for switch, names in _LIFETIMES.items():
            if cos.one(switch) == "FALSE" and "TRUE" not in overrides.get(switch, {}):
                reason = f"{switch} is FALSE"
                yield not_concerned(Layer.DECLARED, cos.label, reason)
                continue
            for name in names:
                yield _one(cos, name)


def _one(cos: Entry, name: str) -> Judgement:
    own = cos.own(name)
    text = f"{name}: {', '.join(own) or '(not set)'}"
    if _ENDING.holds(own):
        return sound(Layer.DECLARED, cos.label, source="directory", seen=text)
    return deviates(
        Layer.DECLARED,
        cos.label,
        text,
        _ENDING.text,
        cure=SetAttr(cos.label, name, own or None, _ENDING.cure(own)),
        source="directory",
    )


CONTROL = Control(
    id="shares-with-outsiders-expire",
    title="Shares with guests and with the public end by themselves",
    why=(
        "A share without an end stays open long after the work is done, and "
        "nobody goes back to close it."
    ),
    impact=(
        "New shares with guests and public shares end after at most a year; users"
        " renew those they still need."
    ),
    severity=Severity.LOW,
    tips=("T28",),
    roles=("mailbox",),
    check=on_directory(
        Layer.DECLARED, (COSES, ACCOUNTS), _look, cures=True, attributes=_ALL
    ),
    refs=(),
    note=(
        "0, the default, means without an end. Shares inside the organisation are"
        " left alone; lifetimes that accounts set for themselves are not looked "
        "at."
    ),
    examples=(
        passes(cos={"default": dict.fromkeys(_ALL, "90d")}, accounts={}),
        fails(cos={"default": dict.fromkeys(_ALL, "0")}, accounts={}),
        fails(
            cos={"default": {**dict.fromkeys(_ALL, "90d"), _ALL[2]: "0"}}, accounts={}
        ),
        fails(cos={"default": {}}, accounts={}),
        fails(
            cos={"default": {**_CLOSED, **dict.fromkeys(_ALL, "0")}},
            accounts={"zimbraPublicSharingEnabled": {"TRUE": ["boss@example.com"]}},
        ),
        unconcerned(
            cos={"default": {**_CLOSED, **dict.fromkeys(_ALL, "0")}}, accounts={}
        ),
        unsure(missing=("ldap-cos",), accounts={}),
    ),
)
