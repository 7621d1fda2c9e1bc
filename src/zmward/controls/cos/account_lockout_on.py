"""An account locks after too many wrong passwords."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attributes import cos_attr
from zmward.controls.shapes.basic import layers
from zmward.controls.shapes.wanted import between, exactly, lasting


def _good(**other: str) -> dict[str, str]:
    return {
        "zimbraPasswordLockoutEnabled": "TRUE",
        "zimbraPasswordLockoutMaxFailures": "10",
        "zimbraPasswordLockoutDuration": "1h",
        "zimbraPasswordLockoutFailureLifetime": "1h",
        **other,
    }


CONTROL = Control(
    id="account-lockout-on",
    title="An account locks after too many wrong passwords",
    why=(
        "Without it a password can be guessed for as long as it takes, from ever "
        "new addresses."
    ),
    impact=(
        "Whoever mistypes too often waits until the lockout ends; an attacker can"
        " lock users out on purpose."
    ),
    severity=Severity.MEDIUM,
    tips=("T26",),
    roles=("mailbox",),
    locks_out=(
        "users who mistype their password too often, and anybody whom an attacker"
        " wants to lock out"
    ),
    check=layers(
        cos_attr("zimbraPasswordLockoutEnabled", exactly("TRUE"), unset="FALSE"),
        cos_attr("zimbraPasswordLockoutMaxFailures", between(1, 50, cure=10)),
        cos_attr(
            "zimbraPasswordLockoutDuration",
            lasting("1d", least="1m", cure="1h", zero=True),
        ),
        cos_attr(
            "zimbraPasswordLockoutFailureLifetime",
            lasting("30d", least="10m", cure="1h", zero=True),
        ),
    ),
    refs=(),
    note=(
        "Let the address filters act first (bans, second factor) and the lockout "
        'be the laxer one. The status reads "lockout" until the next good login, '
        "even when the time is over. A failure that is forgotten after seconds "
        "never adds up: zimbraPasswordLockoutFailureLifetime is judged too."
    ),
    examples=(
        passes(cos={"default": _good()}, accounts={}),
        fails(
            cos={"default": _good(zimbraPasswordLockoutEnabled="FALSE")}, accounts={}
        ),
        fails(
            cos={"default": _good(zimbraPasswordLockoutMaxFailures="0")}, accounts={}
        ),
        fails(cos={"default": _good(zimbraPasswordLockoutDuration="30d")}, accounts={}),
        fails(cos={"default": _good(zimbraPasswordLockoutDuration="1s")}, accounts={}),
        fails(
            cos={"default": _good(zimbraPasswordLockoutFailureLifetime="5s")},
            accounts={},
        ),
        fails(
            cos={"default": _good()},
            accounts={"zimbraPasswordLockoutEnabled": {"FALSE": ["boss@example.com"]}},
        ),
        unsure(missing=("ldap-cos",), accounts={}),
    ),
)
