"""Zimlets that are known to be unsafe are not deployed."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.extensions import ZIMLETS

_UNSAFE = ("com_zimbra_clientuploader", "com_zimbra_webex")
_FOLDER = "/opt/zimbra/zimlets-deployed"


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    found = facts.read(ZIMLETS, host)
    if _FOLDER not in found:
        yield unknown(Layer.RUNNING, host, f"{_FOLDER} was not seen")
        return
    names = {path.rpartition("/")[2] for path in found}
    bad = [name for name in _UNSAFE if name in names]
    if not bad:
        seen = f"{len(found) - 1} zimlets, none of them listed as unsafe"
        yield sound(Layer.RUNNING, host, source="zimlets", seen=seen)
    for name in bad:
        yield deviates(
            Layer.RUNNING,
            host,
            name,
            "not deployed",
            no_cure=f"As user zimbra: zmzimletctl undeploy {name}",
            source="zimlets",
        )


_PLACE = "755 zimbra zimbra 4096 1700000000 directory|/opt/zimbra/zimlets-deployed\n"


CONTROL = Control(
    id="unsafe-zimlets-undeployed",
    title="Zimlets that are known to be unsafe are not deployed",
    why=(
        "A zimlet runs in the web client of every user; these two had holes of "
        "their own and hardly anybody uses them."
    ),
    impact="What these zimlets do is gone from the web client.",
    severity=Severity.MEDIUM,
    tips=("T01", "T19"),
    roles=("mailbox",),
    check=on_hosts(Layer.RUNNING, (ZIMLETS,), _look, role="mailbox"),
    refs=(),
    note=(
        "com_zimbra_webex served as a way to make the server fetch addresses, "
        "com_zimbra_clientuploader takes files."
    ),
    examples=(
        passes(raw={"zimlets": _PLACE}),
        fails(
            raw={
                "zimlets": _PLACE
                + _PLACE.replace("deployed\n", "deployed/com_zimbra_webex\n")
            }
        ),
        unsure(raw={"zimlets": ""}),
        unsure(missing=("zimlets",)),
        unconcerned(services=("mta",)),
    ),
)
