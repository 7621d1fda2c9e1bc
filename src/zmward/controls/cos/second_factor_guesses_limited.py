"""The second factor cannot be guessed for ever."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.attributes import cos_attr
from zmward.controls.shapes.second_factor import FOLDER, with_two_factor
from zmward.controls.shapes.wanted import between

_SEEN = f"755 root root 4096 1700000000 directory|{FOLDER}\n"
_JAR = (
    f"{_SEEN}444 root root 9000 1700000000 regular file|"
    f"{FOLDER}/twofactorauth/zimbratwofactorauth.jar\n"
)
_SCHEMA = frozenset({"zimbratwofactorauthlockoutmaxfailures"})


CONTROL = Control(
    id="second-factor-guesses-limited",
    title="The second factor cannot be guessed for ever",
    why="Six digits fall to patience where the number of attempts has no end.",
    impact="Whoever mistypes the code too often waits.",
    locks_out="users who mistype the code too often, while the lockout lasts",
    severity=Severity.MEDIUM,
    tips=("T13",),
    roles=("mailbox",),
    check=with_two_factor(
        cos_attr("zimbraTwoFactorAuthLockoutMaxFailures", between(1, 20, cure=10))
    ),
    refs=(),
    examples=(
        passes(
            schema=_SCHEMA,
            raw={"extensions": _JAR},
            cos={"default": {"zimbraTwoFactorAuthLockoutMaxFailures": "10"}},
            accounts={},
        ),
        fails(
            schema=_SCHEMA,
            raw={"extensions": _JAR},
            cos={"default": {"zimbraTwoFactorAuthLockoutMaxFailures": "0"}},
            accounts={},
        ),
        unconcerned(
            schema=_SCHEMA,
            raw={"extensions": _SEEN},
            cos={"default": {"zimbraTwoFactorAuthLockoutMaxFailures": "0"}},
            accounts={},
        ),
        unconcerned(
            schema=_SCHEMA,
            profile={"services": {"two-factor": "unwanted"}},
            cos={},
            accounts={},
        ),
        unsure(
            schema=_SCHEMA,
            missing=("extensions",),
            cos={"default": {"zimbraTwoFactorAuthLockoutMaxFailures": "0"}},
            accounts={},
        ),
    ),
)
