"""postscreen acts on the blocklists that it asks."""

from collections.abc import Iterator

from zmward.change import SetAttr
from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import layers, on_directory
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound
from zmward.facts import Facts
from zmward.sources.directory import CONFIG, SERVERS
from zmward.sources.schema import SCHEMA

_ACTION = "zimbraMtaPostscreenDnsblAction"
_SITES = "zimbraMtaPostscreenDnsblSites"
_OBJECTS = frozenset({"globalConfig", "server"})
_KNOWN = {_ACTION.lower(): _OBJECTS, _SITES.lower(): _OBJECTS}


def _look(facts: Facts) -> Iterator[Judgement]:
    if not facts.knows(_SITES):
        yield not_concerned(
            Layer.DECLARED, "directory", "this version has no postscreen"
        )
        return
    config = facts.config()
    for server in facts.servers("mta"):
        sites = server.own(_SITES) or config.own(_SITES)
        holder = server if server.own(_ACTION) else config
        action = holder.one(_ACTION)
        text = f"{_ACTION}: {action or '(not set)'}, {len(sites)} lists"
        if not sites:
            yield not_concerned(Layer.DECLARED, server.label, "postscreen asks no list")
        elif action in ("enforce", "drop"):
            yield sound(Layer.DECLARED, server.label, source="directory", seen=text)
        else:
            cure = SetAttr(
                holder.label, _ACTION, holder.own(_ACTION) or None, ("enforce",)
            )
            yield deviates(
                Layer.DECLARED, holder.label, text, "enforce or drop", cure=cure
            )


CONTROL = Control(
    id="postscreen-acts-on-blocklists",
    title="postscreen acts on the blocklists that it asks",
    why=(
        "With the action ignore postscreen asks the lists, writes the result to the "
        "log and lets everybody in."
    ),
    impact="Clients that the lists name are turned away at port 25.",
    severity=Severity.MEDIUM,
    tips=("T18",),
    roles=("mta",),
    locks_out="senders whose address is listed, also wrongly",
    check=layers(
        on_directory(
            Layer.DECLARED,
            (CONFIG, SERVERS, SCHEMA),
            _look,
            cures=True,
            attributes=(_ACTION, _SITES),
        )
    ),
    refs=("https://www.postfix.org/POSTSCREEN_README.html#dnsbl",),
    note=(
        "enforce answers with a 550 and logs the mail's sender, drop hangs up. "
        "postscreen belongs on port 25 only."
    ),
    examples=(
        passes(
            schema=_KNOWN, config={_SITES: ("zen.example.org*2",), _ACTION: "enforce"}
        ),
        fails(
            schema=_KNOWN, config={_SITES: ("zen.example.org*2",), _ACTION: "ignore"}
        ),
        fails(
            schema=_KNOWN,
            config={_SITES: ("zen.example.org*2",), _ACTION: "enforce"},
            server={_ACTION: "ignore"},
        ),
        unconcerned(schema=_KNOWN, config={_ACTION: "ignore"}),
        unconcerned(schema={"zimbramailport": _OBJECTS}, config={}),
        unsure(schema=_KNOWN, missing=("ldap-config",)),
    ),
)
