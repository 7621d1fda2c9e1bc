"""postscreen turns away clients that talk first."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.mta import mta_setting
from zmward.controls.shapes.wanted import (
    one_of,
)

_ATTR = "zimbraMtaPostscreenGreetAction"
_OBJECTS = frozenset({"globalConfig", "server"})
_KNOWN = {_ATTR.lower(): _OBJECTS}

CONTROL = Control(
    id="postscreen-stops-pregreeters",
    title="postscreen turns away clients that talk first",
    why=(
        "A spam program sends its HELO before the greeting; postscreen sees it and, "
        "with the action ignore, only writes it down."
    ),
    impact=(
        "A broken client that talks first is turned away; others notice nothing, since"
        " postscreen waits for them already."
    ),
    severity=Severity.LOW,
    tips=("T18",),
    roles=("mta",),
    check=mta_setting("zimbraMtaPostscreenGreetAction", one_of("enforce", "drop")),
    refs=("https://www.postfix.org/POSTSCREEN_README.html#pregreet",),
    examples=(
        passes(
            schema=_KNOWN,
            config={_ATTR: "enforce"},
            postconf={"postscreen_greet_action": "enforce"},
        ),
        fails(
            schema=_KNOWN,
            config={_ATTR: "ignore"},
            postconf={"postscreen_greet_action": "ignore"},
        ),
        unsure(schema=_KNOWN, config={_ATTR: "enforce"}),
    ),
)
