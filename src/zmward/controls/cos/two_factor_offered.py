"""Users can protect their login with a second factor."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.attributes import cos_attr
from zmward.controls.shapes.second_factor import FOLDER, with_two_factor
from zmward.controls.shapes.wanted import exactly

_SEEN = f"755 root root 4096 1700000000 directory|{FOLDER}\n"
_JAR = (
    f"{_SEEN}444 root root 9000 1700000000 regular file|"
    f"{FOLDER}/twofactorauth/zimbratwofactorauth.jar\n"
)
_SCHEMA = frozenset({"zimbrafeaturetwofactorauthavailable"})


CONTROL = Control(
    id="two-factor-offered",
    title="Users can protect their login with a second factor",
    why=(
        "A password alone is phished, guessed or bought; a second factor makes "
        "most of that useless."
    ),
    impact="Users see the setting and may enrol; nobody has to.",
    severity=Severity.MEDIUM,
    tips=("T13",),
    roles=("mailbox",),
    check=with_two_factor(
        cos_attr("zimbraFeatureTwoFactorAuthAvailable", exactly("TRUE"), unset="FALSE")
    ),
    refs=(),
    note=(
        "It is the first step; the next are enrolment, administrators, then class"
        " of service by class of service. The attributes are in every edition, "
        "the program behind them is an extension."
    ),
    examples=(
        passes(
            schema=_SCHEMA,
            raw={"extensions": _JAR},
            cos={"default": {"zimbraFeatureTwoFactorAuthAvailable": "TRUE"}},
            accounts={},
        ),
        fails(
            schema=_SCHEMA,
            raw={"extensions": _JAR},
            cos={"default": {"zimbraFeatureTwoFactorAuthAvailable": "FALSE"}},
            accounts={},
        ),
        unconcerned(
            schema=_SCHEMA,
            raw={"extensions": _SEEN},
            cos={"default": {"zimbraFeatureTwoFactorAuthAvailable": "FALSE"}},
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
            cos={"default": {"zimbraFeatureTwoFactorAuthAvailable": "FALSE"}},
            accounts={},
        ),
    ),
)
