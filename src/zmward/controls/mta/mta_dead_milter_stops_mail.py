"""Mail waits while a milter does not answer."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.mta import mta_setting
from zmward.controls.shapes.wanted import one_of

CONTROL = Control(
    id="mta-dead-milter-stops-mail",
    title="Mail waits while a milter does not answer",
    why=(
        "With accept, mail passes unchecked and unsigned whenever the filter is down, "
        "which nobody notices."
    ),
    impact="While a milter is down, mail is deferred instead of let through.",
    severity=Severity.LOW,
    tips=("T18",),
    roles=("mta",),
    check=mta_setting(
        "zimbraMtaMilterDefaultAction", one_of("tempfail", "reject", "quarantine")
    ),
    refs=("https://www.postfix.org/postconf.5.html#milter_default_action",),
    examples=(
        passes(
            config={"zimbraMtaMilterDefaultAction": "tempfail"},
            postconf={"milter_default_action": "tempfail"},
        ),
        fails(
            config={"zimbraMtaMilterDefaultAction": "accept"},
            postconf={"milter_default_action": "accept"},
        ),
        fails(
            config={"zimbraMtaMilterDefaultAction": "tempfail"},
            postconf={"milter_default_action": "accept"},
        ),
        unsure(config={"zimbraMtaMilterDefaultAction": "tempfail"}),
    ),
)
