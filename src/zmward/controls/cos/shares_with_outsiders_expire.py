"""Shares with guests and with the public end by themselves."""

from collections.abc import Iterator

from zmward.change import SetAttr
from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import on_directory
from zmward.controls.shapes.wanted import lasting
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound
from zmward.facts import Facts
from zmward.sources.accounts import ACCOUNTS, Group
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
    for name in _ALL:
        for values, group in overrides.get(name, {}).items():
            yield from _own(name, tuple(values.split("\n")), group)


def _own(name: str, values: tuple[str, ...], group: Group) -> Iterator[Judgement]:
    """Judge the accounts that set a lifetime for themselves."""
    if _ENDING.holds(values):
        return
    found = f"{name}: {', '.join(values)} (set on the account)"
    for account in group.names:
        cure = SetAttr(f"account:{account}", name, values, None)
        yield deviates(
            Layer.DECLARED,
            f"account:{account}",
            found,
            _ENDING.text,
            cure=cure,
            source="directory",
        )
    rest = group.count - len(group.names)
    if rest > 0:
        yield deviates(
            Layer.DECLARED,
            f"{rest} more accounts",
            found,
            _ENDING.text,
            no_cure="Repair those that are named first, then audit again.",
        )


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
        " left alone. Shares that exist keep the end that they have."
    ),
    examples=(
        passes(cos={"default": dict.fromkeys(_ALL, "90d")}, accounts={}),
        fails(cos={"default": dict.fromkeys(_ALL, "0")}, accounts={}),
        fails(
            cos={"default": {**dict.fromkeys(_ALL, "90d"), _ALL[2]: "0"}}, accounts={}
        ),
        fails(cos={"default": {}}, accounts={}),
        fails(
            cos={"default": dict.fromkeys(_ALL, "90d")},
            accounts={_ALL[0]: {"0": ["boss@example.com"]}},
        ),
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
