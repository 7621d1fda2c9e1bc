"""Postfix does not tell which addresses exist on request."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.postconf import POSTCONF

_NO_CURE = (
    "No attribute: /opt/zimbra/common/sbin/postconf -e disable_vrfy_command=yes, then "
    "zmmtactl reload; zmconfigd leaves it alone."
)


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    value = facts.read(POSTCONF, host).get("disable_vrfy_command")
    text = f"disable_vrfy_command = {value}"
    if value is None:
        yield unknown(Layer.RENDERED, host, "Postfix has no disable_vrfy_command")
    elif value == "yes":
        yield sound(Layer.RENDERED, host, source="postconf", seen=text)
    else:
        yield deviates(Layer.RENDERED, host, text, "yes", no_cure=_NO_CURE)


CONTROL = Control(
    id="mta-answers-no-vrfy",
    title="Postfix does not tell which addresses exist on request",
    why=(
        "VRFY answers whether an address exists, without sending anything: spammers "
        "collect addresses with it."
    ),
    impact="Nobody is affected; no mail program uses VRFY.",
    severity=Severity.LOW,
    tips=("T18",),
    roles=("mta",),
    check=on_hosts(Layer.RENDERED, (POSTCONF,), _look, role="mta"),
    refs=("https://www.postfix.org/postconf.5.html#disable_vrfy_command",),
    note=(
        "No attribute: zmconfigd leaves the parameter alone, so postconf -e survives "
        "it; an upgrade may reset main.cf."
    ),
    examples=(
        passes(postconf={"disable_vrfy_command": "yes"}),
        fails(postconf={"disable_vrfy_command": "no"}),
        unsure(missing=("postconf",)),
    ),
)
