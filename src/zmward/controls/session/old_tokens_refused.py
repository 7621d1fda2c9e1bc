"""Tokens that logging out does not end are refused."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attributes import server_attr
from zmward.controls.shapes.wanted import at_least

CONTROL = Control(
    id="old-tokens-refused",
    title="Tokens that logging out does not end are refused",
    why=(
        "Older tokens are good until they expire, even after the user has logged "
        "out, so that a copied one can be replayed."
    ),
    impact=(
        "Very old clients and scripts that make tokens themselves must be renewed."
    ),
    severity=Severity.MEDIUM,
    tips=("T21",),
    roles=("mailbox",),
    locks_out="scripts that make tokens of the old kind",
    check=server_attr("zimbraLowestSupportedAuthVersion", at_least(2), role="mailbox"),
    refs=(),
    note="New installations write 2, upgrades wrote 1.",
    examples=(
        passes(config={"zimbraLowestSupportedAuthVersion": "2"}),
        fails(config={"zimbraLowestSupportedAuthVersion": "1"}),
        unsure(config={}),
        unsure(missing=("ldap-config",)),
    ),
)
