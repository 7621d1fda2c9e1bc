"""Attachments in today's dangerous formats are refused."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attributes import global_attr
from zmward.controls.shapes.wanted import (
    contains,
)

_LIST = (
    *("iso", "img", "vhd", "vhdx", "ps1", "psm1", "msi", "msp", "jar", "cpl"),
    *("inf", "url", "vba", "xll", "iqy", "slk", "one", "appx"),
)

CONTROL = Control(
    id="disk-images-and-scripts-blocked",
    title="Attachments in today's dangerous formats are refused",
    why=(
        "Since macros are blocked, malware comes as disk images, shortcuts, installers"
        " and script files that no older list names."
    ),
    impact="Users who exchange such files by mail must use another way.",
    severity=Severity.LOW,
    tips=("T17",),
    roles=("mta",),
    locks_out="users who exchange such files by mail",
    check=global_attr("zimbraMtaBlockedExtension", contains(*_LIST), unset=()),
    refs=(),
    note="Advice beyond Zimbra's own list, from general practice.",
    examples=(
        passes(config={"zimbraMtaBlockedExtension": (*_LIST, "exe")}),
        fails(config={"zimbraMtaBlockedExtension": ("exe",)}),
        fails(config={}),
        unsure(missing=("ldap-config",)),
    ),
)
