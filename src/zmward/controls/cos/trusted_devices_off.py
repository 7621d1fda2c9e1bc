"""No device skips the second factor for weeks."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.attributes import cos_attr
from zmward.controls.shapes.second_factor import FOLDER, with_two_factor
from zmward.controls.shapes.wanted import exactly

_SEEN = f"755 root root 4096 1700000000 directory|{FOLDER}\n"
_JAR = (
    f"{_SEEN}444 root root 9000 1700000000 regular file|"
    f"{FOLDER}/twofactorauth/zimbratwofactorauth.jar\n"
)
_SCHEMA = frozenset({"zimbrafeaturetrusteddevicesenabled"})


CONTROL = Control(
    id="trusted-devices-off",
    title="No device skips the second factor for weeks",
    why=(
        "A trusted browser that is stolen or copied is in without the second "
        "factor for a month."
    ),
    impact="Users enter the second factor at each login.",
    severity=Severity.LOW,
    tips=("T13",),
    roles=("mailbox",),
    check=with_two_factor(
        cos_attr("zimbraFeatureTrustedDevicesEnabled", exactly("FALSE"))
    ),
    refs=(),
    examples=(
        passes(
            schema=_SCHEMA,
            raw={"extensions": _JAR},
            cos={"default": {"zimbraFeatureTrustedDevicesEnabled": "FALSE"}},
            accounts={},
        ),
        fails(
            schema=_SCHEMA,
            raw={"extensions": _JAR},
            cos={"default": {"zimbraFeatureTrustedDevicesEnabled": "TRUE"}},
            accounts={},
        ),
        unconcerned(
            schema=_SCHEMA,
            raw={"extensions": _SEEN},
            cos={"default": {"zimbraFeatureTrustedDevicesEnabled": "TRUE"}},
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
            cos={"default": {"zimbraFeatureTrustedDevicesEnabled": "TRUE"}},
            accounts={},
        ),
    ),
)
