"""Programs cannot be uploaded to the web client."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.attributes import cos_attr
from zmward.controls.shapes.basic import layers
from zmward.controls.shapes.wanted import contains, exactly

_SWITCH = "zimbraFeatureFileTypeUploadRestrictionsEnabled"
_LIST = "zimbraFileUploadBlockedFileTypes"
_TYPES = ("bat", "cmd", "com", "exe", "hta", "js", "lnk", "scr", "vbs", "wsf")
_SCHEMA = frozenset({_SWITCH.lower(), _LIST.lower()})


CONTROL = Control(
    id="upload-types-restricted",
    title="Programs cannot be uploaded to the web client",
    why=(
        "The briefcase and the composer take any file otherwise, and hand it on "
        "to colleagues under a trusted address."
    ),
    impact="Uploads of programs and scripts are refused in the web client.",
    locks_out="users who upload programs or scripts in the web client",
    severity=Severity.MEDIUM,
    tips=("T17",),
    roles=("mailbox",),
    check=layers(
        cos_attr(
            "zimbraFeatureFileTypeUploadRestrictionsEnabled",
            exactly("TRUE"),
            unset="FALSE",
        ),
        cos_attr("zimbraFileUploadBlockedFileTypes", contains(*_TYPES), unset=()),
    ),
    refs=(),
    note=(
        "It guards uploads only; attachments of arriving mail are the MTA's. The "
        "attributes came with 10.0; the list is there by default, the switch is "
        "off."
    ),
    examples=(
        passes(
            schema=_SCHEMA,
            cos={"default": {_SWITCH: "TRUE", _LIST: _TYPES}},
            accounts={},
        ),
        fails(
            schema=_SCHEMA,
            cos={"default": {_SWITCH: "FALSE", _LIST: _TYPES}},
            accounts={},
        ),
        fails(
            schema=_SCHEMA,
            cos={"default": {_SWITCH: "TRUE", _LIST: ("exe",)}},
            accounts={},
        ),
        unconcerned(schema=frozenset({"zimbraid"}), cos={"default": {}}, accounts={}),
        unsure(schema=_SCHEMA, missing=("ldap-cos",), accounts={}),
    ),
)
