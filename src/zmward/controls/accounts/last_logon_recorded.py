"""The last logon of each account is recorded at least daily."""

from collections.abc import Iterator

from zmward.change import SetAttr
from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_directory
from zmward.controls.shapes.wanted import seconds
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.accounts import ACCOUNTS, Accounts, Census
from zmward.sources.directory import CONFIG

_EVERY = "zimbraLastLogonTimestampFrequency"
_BACKEND = "zimbraEphemeralBackendURL"
_DAY = seconds("1d") or 0
_HOUR = seconds("1h") or 0
_MANY = 10_000


def _wanted(facts: Facts, every: float) -> str:
    """Return what is wanted instead, or nothing where the value will do."""
    if not 0 < every <= _DAY:
        return "more than 0, at most 1d"
    in_ldap = (facts.config().one(_BACKEND) or "ldap://").startswith("ldap")
    if in_ldap and every < _HOUR and facts.read(ACCOUNTS).census.active > _MANY:
        return f"1h to 1d: each logon of more than {_MANY} users writes to LDAP"
    return ""


def _look(facts: Facts) -> Iterator[Judgement]:
    value = facts.config().one(_EVERY)
    every = seconds(value)
    text = f"{_EVERY}: {value or '(not set)'}"
    if every is None:
        yield unknown(Layer.DECLARED, "global", f"{text}: what the code then does")
        return
    wanted = _wanted(facts, every)
    if not wanted:
        yield sound(Layer.DECLARED, "global", source="directory", seen=text)
        return
    yield deviates(
        Layer.DECLARED,
        "global",
        text,
        wanted,
        cure=SetAttr("global", _EVERY, (value,), ("1d",)),
        source="directory",
    )


def _crowd(active: int) -> Accounts:
    return Accounts(0, (), {}, {}, {}, Census({"user active": active}))


CONTROL = Control(
    id="last-logon-recorded",
    title="The last logon of each account is recorded at least daily",
    why=(
        "Unused accounts, and logins at strange times, are only seen where the "
        "time of the last logon is known."
    ),
    impact="One write for each account and day.",
    severity=Severity.LOW,
    tips=("T22",),
    roles=("mailbox",),
    check=on_directory(
        Layer.DECLARED, (CONFIG, ACCOUNTS), _look, cures=True, attributes=(_EVERY,)
    ),
    refs=(),
    note=(
        "The default is 7 days, not 3. SSDB is not needed: with LDAP as the back "
        "end a short interval is a matter of load alone, so that it is judged by "
        "the number of users."
    ),
    examples=(
        passes(config={_EVERY: "1d"}, accounts={}),
        passes(config={_EVERY: "1s"}, accounts={}),
        passes(
            config={_EVERY: "1s", _BACKEND: "ssdb://db.example.com:8888"},
            missing=("ldap-accounts",),
        ),
        fails(config={_EVERY: "7d"}, accounts={}),
        fails(config={_EVERY: "0"}, accounts={}),
        fails(config={_EVERY: "1s"}, ldap_accounts=_crowd(50_000)),
        unsure(config={}, accounts={}),
        unsure(config={_EVERY: "1s"}, missing=("ldap-accounts",)),
    ),
)
