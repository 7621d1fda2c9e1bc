"""rsyslog: what it reads, as whom, where it sends it, and whether that arrives."""

import re
from collections.abc import Container, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

import msgspec

from zmward.sources import rainerscript
from zmward.sources.rainerscript import DEFAULT
from zmward.sources.selectors import EVERY, SOME, Lines, kind
from zmward.sources.source import Snippet, Source, contents

_OLD_FORWARD = re.compile(r"(@@?)\s*(\([^)]*\))?(\[[^\]]+\]|[^\s:;#]+)(\S*)")
_OLD_RELP = re.compile(r":omrelp:(\[[^\]]+\]|[^\s:;]+)", re.IGNORECASE)
_NUMBER = re.compile(r":(\d{1,5})(?:;|$)")
_OUTPUTS = ("omfwd", "omrelp", "omelasticsearch", "omkafka", "omhttp", "omgssapi")
# Milliseconds a line may wait for a full queue: each one holds up whoever logs.
_PATIENCE = 10
_QUEUE = "actionqueue"
_MODE = "actionsendstreamdrivermode"
# What has an action take only some of its lines; a file's reader names the old ones so.
_SELDOM = ("action.execonly", "actionexeconly")
_NO = ("", "0", "off", "no")
# How the lines of this host come in.
_OWN_INPUTS = ("imuxsock", "imjournal", "imklog")
# Rulesets that call each other deeper than this are not followed.
_DEEPEST = 24


# Where a test line was seen to arrive, and when: `NAME TIME`, one a line.
ARRIVALS: Final = "/var/lib/zmward/log-arrivals"
_ARRIVED = re.compile(r"(\S{1,253}) (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\+00:00")
# The syslog port, where an action names none.
_PORT = 514
_RUNS = "user "


class Forward(msgspec.Struct, frozen=True):
    """One action that sends log lines to another host.

    `queued`: its lines wait on disk, and nothing waits for a queue that is full.
    `port` is 0 where it is not known.
    """

    file: str
    target: str
    protocol: str
    encrypted: bool
    queued: bool = False
    port: int = 0


class Step(msgspec.Struct, frozen=True):
    """One step on the way of log lines: sent off, ended, or handed to a ruleset.

    `said` is the condition as the file says it; `call` is a ruleset.
    """

    lines: Lines
    said: str = ""
    forward: Forward | None = None
    call: str = ""


class Watched(msgspec.Struct, frozen=True):
    """A plain file that is read, to which ruleset its lines go, and their kind."""

    path: str
    ruleset: str
    lines: Lines


class Logging(msgspec.Struct, frozen=True):
    """Where lines go, which plain files are read, and which modules which file loads.

    `work` is the folder where what must outlive rsyslog is kept; empty: none is set.
    `user` is as whom rsyslogd runs, with its groups; empty where nobody has looked.
    `arrived` says of a log host when a test line was last seen there, in UTC.
    `own` are the rulesets that lines of this host come to.
    """

    forwards: tuple[Forward, ...]
    watched: tuple[Watched, ...]
    files: tuple[str, ...] = ()
    modules: tuple[tuple[str, str], ...] = ()
    work: str = ""
    user: str = ""
    groups: tuple[str, ...] = ()
    arrived: Mapping[str, datetime] = {}
    rulesets: Mapping[str, tuple[Step, ...]] = {}
    own: tuple[str, ...] = (DEFAULT,)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Return the plain files that are read."""
        return tuple(one.path for one in self.watched)

    def sent(self, ruleset: str, lines: Lines, but: Container[str] = ()) -> Lines:
        """Return which lines that come to a ruleset are sent to a host that counts."""
        return _way(self.rulesets, ruleset, but, {})[0] & lines

    def own_sent(self, but: Container[str] = ()) -> Lines:
        """Return which of this host's lines are sent to a host that counts."""
        found = EVERY
        for ruleset in self.own:
            found &= self.sent(ruleset, EVERY, but)
        return found


def _way(
    rulesets: Mapping[str, tuple[Step, ...]],
    ruleset: str,
    but: Container[str],
    known: dict[str, tuple[Lines, Lines]],
    depth: int = 0,
) -> tuple[Lines, Lines]:
    """Return which of all lines a ruleset sends off, and which go no further."""
    if ruleset in known or depth > _DEEPEST:
        return known.get(ruleset, (SOME, SOME))
    # What calls itself is not known.
    known[ruleset] = (SOME, SOME)
    sent, ended = Lines(), Lines()
    for step in rulesets.get(ruleset, ()):
        here = step.lines.without(ended)
        if step.call:
            more, stopped = _way(rulesets, step.call, but, known, depth + 1)
            sent, ended = sent | (more & here), ended | (stopped & here)
        elif step.forward is None:
            ended |= here
        elif step.forward.target not in but:
            sent |= here
    known[ruleset] = (sent, ended)
    return sent, ended


def _old(step: rainerscript.Step) -> Forward | None:
    """Read an action of the older language, with the directives that hold for it."""
    own = {f"queue.{k.removeprefix(_QUEUE)}": v for k, v in step.old.items()}
    queued = _queued(own)
    match = _OLD_FORWARD.match(step.text)
    if match:
        protocol = "tcp" if match[1] == "@@" else "udp"
        secure = step.old.get(_MODE) == "1" and protocol == "tcp"
        named = _NUMBER.match(match[4])
        port = int(named[1]) if named else _PORT
        target = match[3].strip("[]")
        return Forward(step.file, target, protocol, secure, queued, port)
    relp = _OLD_RELP.match(step.text)
    if relp is None:
        return None
    target = relp[1].strip("[]")
    return Forward(step.file, target, "omrelp", encrypted=False, queued=queued)


def _new(file: str, pairs: Mapping[str, str]) -> Forward | None:
    kind = pairs.get("type", "").lower()
    if kind not in _OUTPUTS:
        return None
    target = pairs.get("target") or pairs.get("server") or pairs.get("broker", "")
    protocol = pairs.get("protocol", "udp" if kind == "omfwd" else kind).lower()
    encrypted = (
        pairs.get("streamdrivermode") == "1"
        or (kind == "omrelp" and pairs.get("tls", "").lower() == "on")
        or pairs.get("usehttps", "").lower() == "on"
        or target.startswith("https:")
    )
    secure = encrypted and protocol != "udp"
    port = pairs.get("port", str(_PORT) if kind == "omfwd" else "")
    number = int(port) if port.isdecimal() else 0
    return Forward(file, target, protocol, secure, _queued(pairs), number)


def _queued(pairs: Mapping[str, str]) -> bool:
    """Say whether an action has a queue on disk that holds nobody up for long."""
    own = pairs.get("queue.type", "direct").lower() != "direct"
    patience = pairs.get("queue.timeoutenqueue", "")
    short = patience.isdigit() and int(patience) <= _PATIENCE
    return own and bool(pairs.get("queue.filename")) and short


def _here(forward: Forward) -> bool:
    return forward.target in ("127.0.0.1", "::1", "localhost", "")


def _user(found: dict[str, str]) -> tuple[str, tuple[str, ...]]:
    """Take as whom rsyslogd runs out of an answer; nobody for several."""
    names = [name for name in found if name.startswith(_RUNS)]
    groups = [tuple(found.pop(name).split()) for name in names]
    return (names[0][len(_RUNS) :], groups[0]) if len(names) == 1 else ("", ())


def _arrivals(text: str) -> Mapping[str, datetime]:
    lines = map(_ARRIVED.fullmatch, text.splitlines())
    try:
        return {
            line[1]: datetime.fromisoformat(line[2]).replace(tzinfo=UTC)
            for line in lines
            if line
        }
    except ValueError:
        return {}


def _step(step: rainerscript.Step) -> Step | None:
    """Return what a step means for the way of lines; None for what is done here."""
    if step.what == "stop":
        return Step(step.lines, step.said)
    if step.what == "call":
        return Step(step.lines, step.said, call=step.text or "?")
    forward = _new(step.file, step.pairs) if step.pairs else _old(step)
    if forward is None or _here(forward):
        return None
    more = {**step.pairs, **step.old}
    seldom = any(k.startswith(_SELDOM) and v not in _NO for k, v in more.items())
    return Step(step.lines & (SOME if seldom else EVERY), step.said, forward)


def _moved(step: rainerscript.Step, program: rainerscript.Program) -> rainerscript.Step:
    """Take a condition on the sender as not known where this host's own is another."""
    if program.elsewhere and "fromhost-ip" in step.said.lower():
        return msgspec.structs.replace(step, lines=SOME)
    return step


def _watched(program: rainerscript.Program) -> Iterator[Watched]:
    for one in program.objects:
        if one.name == "input" and one.pairs.get("type", "").lower() == "imfile":
            pairs = one.pairs
            lines = kind(pairs.get("facility", "local0"), pairs.get("severity", "5"))
            if pairs.get("config.enabled", "on") != "on":
                lines &= SOME
            ruleset = pairs.get("ruleset", "").lower() or program.default
            yield Watched(pairs.get("file", ""), ruleset, lines)


def _own(program: rainerscript.Program) -> tuple[str, ...]:
    """Return the rulesets that lines of this host may come to."""
    named = [
        one.pairs["ruleset"].lower()
        for one in program.objects
        if one.pairs.get("type", one.pairs.get("load", "")).lower() in _OWN_INPUTS
        and one.pairs.get("ruleset")
    ]
    return tuple(dict.fromkeys((program.default, *named)))


def parse(answer: str) -> Logging:
    """Read all files of rsyslog, in both of its languages."""
    said = contents(answer)
    user, groups = _user(said)
    arrived = _arrivals(said.pop(ARRIVALS, ""))
    program = rainerscript.read(said)
    rulesets = {
        name: tuple(filter(None, (_step(_moved(s, program)) for s in steps)))
        for name, steps in program.rulesets.items()
    }
    work, modules = "", []
    for one in program.objects:
        work = one.pairs.get("workdirectory", work) if one.name == "global" else work
        if one.name == "module":
            modules.append((one.file, one.pairs.get("load", "")))
    return Logging(
        tuple(s.forward for steps in rulesets.values() for s in steps if s.forward),
        tuple(one for one in _watched(program) if one.path),
        *(tuple(said), tuple(modules), work, user, groups, arrived),
        *(rulesets, _own(program)),
    )


RSYSLOG = Source(
    name="rsyslog",
    about="rsyslog's configuration and user; passwords are masked.",
    question=Snippet(
        rf"""
contents /etc/rsyslog.conf /etc/rsyslog.d/*.conf | masked
contents {ARRIVALS}
ps -o user:32= -C rsyslogd 2>/dev/null | sort -u | while read -r user; do
    groups=$(id -nG -- "$user") || continue
    printf '> user %s\n %s\n' "$user" "$groups"
done
"""
    ),
    parse=parse,
)
