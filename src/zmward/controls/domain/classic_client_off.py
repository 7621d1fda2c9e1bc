"""The classic web client is off where nobody needs it."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.attributes import domain_attr, global_attr
from zmward.controls.shapes.basic import layers
from zmward.controls.shapes.service import unless_wanted
from zmward.controls.shapes.wanted import exactly

_OFF = "zimbraClassicWebClientDisabled"
_SCHEMA = frozenset({_OFF.lower()})


CONTROL = Control(
    id="classic-client-off",
    title="The classic web client is off where nobody needs it",
    why=(
        "Most of the scripting holes of past years were in the classic client; "
        "what is off is not attacked."
    ),
    impact="Users of the classic client must use the modern one.",
    severity=Severity.LOW,
    tips=("T01",),
    roles=("mailbox",),
    locks_out="users of the classic web client",
    check=unless_wanted(
        "classic_client",
        layers(
            global_attr(_OFF, exactly("TRUE"), unset="FALSE"),
            domain_attr(
                _OFF, exactly("TRUE"), only=lambda domain: bool(domain.own(_OFF))
            ),
        ),
    ),
    refs=(),
    note="The setting came with 10.1.",
    examples=(
        passes(schema=_SCHEMA, config={_OFF: "TRUE"}, domains={}),
        fails(schema=_SCHEMA, config={_OFF: "FALSE"}, domains={}),
        fails(
            schema=_SCHEMA,
            config={_OFF: "TRUE"},
            domains={"example.com": {_OFF: "FALSE"}},
        ),
        unconcerned(
            schema=_SCHEMA,
            profile={"services": {"classic-client": "wanted"}},
            domains={},
        ),
        unconcerned(schema=frozenset({"zimbraid"}), domains={}),
        unsure(schema=_SCHEMA, missing=("ldap-config",), domains={}),
    ),
)
