"""Shares with guests and with the public end by themselves."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attributes import cos_attr
from zmward.controls.shapes.basic import layers
from zmward.controls.shapes.wanted import lasting

_LIFETIMES = (
    "zimbraExternalShareLifetime",
    "zimbraPublicShareLifetime",
    "zimbraFileExternalShareLifetime",
    "zimbraFilePublicShareLifetime",
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
    check=layers(
        *(cos_attr(name, lasting("365d", cure="90d"), unset="0") for name in _LIFETIMES)
    ),
    refs=(),
    note=(
        "0, the default, means without an end. Shares inside the organisation are"
        " left alone."
    ),
    examples=(
        passes(
            cos={
                "default": {
                    "zimbraExternalShareLifetime": "90d",
                    "zimbraPublicShareLifetime": "90d",
                    "zimbraFileExternalShareLifetime": "90d",
                    "zimbraFilePublicShareLifetime": "90d",
                }
            },
            accounts={},
        ),
        fails(
            cos={
                "default": {
                    "zimbraExternalShareLifetime": "0",
                    "zimbraPublicShareLifetime": "0",
                    "zimbraFileExternalShareLifetime": "0",
                    "zimbraFilePublicShareLifetime": "0",
                }
            },
            accounts={},
        ),
        fails(
            cos={
                "default": {
                    "zimbraExternalShareLifetime": "90d",
                    "zimbraPublicShareLifetime": "90d",
                    "zimbraFileExternalShareLifetime": "90d",
                    "zimbraFilePublicShareLifetime": "90d",
                }
            },
            accounts={"zimbraPublicShareLifetime": {"0": ["boss@example.com"]}},
        ),
        unsure(missing=("ldap-cos",), accounts={}),
    ),
)
