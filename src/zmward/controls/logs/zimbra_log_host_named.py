"""Zimbra's servers know which of them collects their log lines."""

from collections.abc import Iterator

from zmward.change import SetAttr
from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import on_directory
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.facts import Facts
from zmward.sources.directory import CONFIG, SERVERS

_NAME = "zimbraLogHostname"


def _look(facts: Facts) -> Iterator[Judgement]:
    found = facts.config().own(_NAME)
    loggers = [server.name for server in facts.servers("logger")]
    if not found and not loggers:
        yield not_concerned(Layer.DECLARED, "global", "no server runs logger")
        return
    if not found:
        cure = SetAttr("global", _NAME, None, (loggers[0],))
        alone = len(loggers) == 1
        yield deviates(
            Layer.DECLARED,
            "global",
            f"{_NAME}: (not set)",
            "the server that runs logger",
            cure=cure if alone else None,
            no_cure="" if alone else f"Choose one of {', '.join(loggers)}.",
            source="directory",
        )
        return
    names = {server.name for server in facts.servers()}
    foreign = [name for name in found if name not in names]
    if foreign:
        reason = f"{_NAME} names {', '.join(foreign)}, no server of this installation"
        yield unknown(Layer.DECLARED, "global", reason)
    else:
        seen = f"{_NAME}: {', '.join(found)}"
        yield sound(Layer.DECLARED, "global", source="directory", seen=seen)


CONTROL = Control(
    id="zimbra-log-host-named",
    title="Zimbra's servers know which of them collects their log lines",
    why="Without it there is no daily report and no view over all servers' services.",
    impact="`zmsyslogsetup` must then run on every node.",
    severity=Severity.LOW,
    tips=("T09",),
    check=on_directory(
        Layer.DECLARED, (CONFIG, SERVERS), _look, cures=True, attributes=(_NAME,)
    ),
    refs=(),
    note="It is plain UDP to port 514 inside the installation, not a safe log server.",
    examples=(
        passes(config={_NAME: "mail.example.com"}),
        fails(config={}),
        unsure(config={_NAME: "log.example.net"}),
        unsure(missing=("ldap-config",)),
        unconcerned(config={}, services=("mta",)),
    ),
)
