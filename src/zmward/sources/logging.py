"""rsyslog: what it reads, as whom, where it sends it, and whether that arrives."""

import ipaddress
import re
from collections.abc import Container, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

import msgspec

from zmward.sources import rainerscript
from zmward.sources.rainerscript import DEFAULT
from zmward.sources.selectors import EVERY, SOME, Lines, kind
from zmward.sources.source import Snippet, Source, contents

_OLD_FORWARD = re.compile(r"(@@?)\s*(\([^)]*\))?(\[[^\]]+\]|[^\s:;#@(][^\s:;#]*)(\S*)")
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
# A queue of as many lines is no store: what throws lines away from there on.
_FEW = re.compile(r"-?0*\d{1,2}")
# The host in a target, which may be a URL: an address of IPv6 has colons of its own.
_PLACE = re.compile(
    r"(?:[a-z]+://)?(?:[^@/]*@)?(?:\[([^\]]*)\]"
    r"|([0-9a-f]*:[0-9a-f]*:[0-9a-f:.]*(?:%\w+)?)|([^:/]*))"
)
_HERE = re.compile(
    r"localhost[46]?(?:\..*)?|.*\.localhost|ip6-(?:localhost|loopback)"
    r"|127(?:\.\d+){1,2}|0(?:\.0){0,2}|"
)
# Templates that rsyslog has by itself.
_BUILT_IN = "RSYSLOG_"
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


def _place(word: str) -> str:
    """Return the host that a target names; nothing for this one itself."""
    match = _PLACE.match(word.lower())
    host = next(filter(None, match.groups()), "") if match else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        host = host.rstrip(".")
        return "" if _HERE.fullmatch(host) else host
    address = getattr(address, "ipv4_mapped", None) or address
    return "" if address.is_loopback or address.is_unspecified else str(address)


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

    def away(self, but: Container[str] = ()) -> Lines:
        """Return which of its lines go to a host that counts; of several, some."""
        places = [_place(word) for word in self.target.replace(",", " ").split()]
        others = [place for place in places if place and place not in but]
        if not others or self.target in but:
            return Lines()
        return EVERY if others == places and "`" not in self.target else SOME


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
    `own` are the rulesets that lines of this host come to; `local` says that nothing
    keeps rsyslog from reading what is logged here.
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
    local: bool = True

    @property
    def inputs(self) -> tuple[str, ...]:
        """Return the plain files that are read."""
        return tuple(one.path for one in self.watched)

    def sent(self, ruleset: str, lines: Lines, but: Container[str] = ()) -> Lines:
        """Return which lines that come to a ruleset are sent to a host that counts."""
        return _way(self.rulesets, ruleset, but, {})[0] & lines

    def own_sent(self, but: Container[str] = ()) -> Lines:
        """Return which of this host's lines are sent to a host that counts."""
        found = EVERY if self.local else SOME
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
        else:
            sent |= here & step.forward.away(but)
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


def _hasty(words: Mapping[str, str]) -> bool:
    """Say whether an action's queue throws lines away as soon as a few wait."""
    own = {k.replace(_QUEUE, "queue."): v for k, v in words.items()}
    mark, severity = own.get("queue.discardmark", ""), "queue.discardseverity"
    # Of severity 8 is no line: none is thrown away.
    return own.get(severity, "8") != "8" and bool(_FEW.fullmatch(mark))


def _written(step: rainerscript.Step, templates: Container[str]) -> bool:
    """Say whether what an action sends holds the line."""
    old = step.text.partition(";")[2].split()
    name = step.pairs.get("template", old[0] if old else "")
    return not name or name.startswith(_BUILT_IN) or name in templates


def _templates(program: rainerscript.Program) -> frozenset[str]:
    """Return the templates that write something of a line."""
    return frozenset(
        one.pairs.get("name", "")
        for one in program.objects
        if one.name == "template" and _sure(one) and "%" in one.pairs.get("string", "%")
    )


def _step(step: rainerscript.Step, templates: Container[str]) -> Step | None:
    """Return what a step means for the way of lines; None for what is done here."""
    if step.what == "stop":
        return Step(step.lines, step.said)
    if step.what == "call":
        return Step(step.lines, step.said, call=step.text or "?")
    forward = _new(step.file, step.pairs) if step.pairs else _old(step)
    if forward is None or not forward.away().may:
        return None
    more = {**step.pairs, **step.old}
    seldom = any(k.startswith(_SELDOM) and v not in _NO for k, v in more.items())
    doubt = seldom or _hasty(more) or not _written(step, templates)
    return Step(step.lines & (SOME if doubt else EVERY), step.said, forward)


def _sure(one: rainerscript.Input) -> bool:
    """Say whether an object is surely in force."""
    return one.pairs.get("config.enabled", "on") == "on"


def _moved(step: rainerscript.Step, program: rainerscript.Program) -> rainerscript.Step:
    """Take a condition on the sender as not known where this host's own is another."""
    if "fromhost-ip" in step.said.lower() and (
        program.elsewhere or any("localhostipif" in o.pairs for o in program.objects)
    ):
        return msgspec.structs.replace(step, lines=SOME)
    return step


def _watched(program: rainerscript.Program) -> Iterator[Watched]:
    for one in program.objects:
        if one.name == "input" and one.pairs.get("type", "").lower() == "imfile":
            pairs = one.pairs
            lines = kind(pairs.get("facility", "local0"), pairs.get("severity", "5"))
            lines &= EVERY if _sure(one) else SOME
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


def _local(program: rainerscript.Program) -> bool:
    """Say whether what is logged here is read: from the socket or the journal."""
    found = [(one.pairs.get("load", "").lower(), one) for one in program.objects]
    if any(load == "imjournal" and _sure(one) for load, one in found):
        return True
    return not any(
        (load == "imuxsock" and one.pairs.get("syssock.use", "on").lower() != "on")
        or (one.name == "imuxsock" and one.pairs.get("omit", "off").lower() != "off")
        for load, one in found
    )


def parse(answer: str) -> Logging:
    """Read all files of rsyslog, in both of its languages."""
    said = contents(answer)
    user, groups = _user(said)
    arrived = _arrivals(said.pop(ARRIVALS, ""))
    program = rainerscript.read(said)
    known = _templates(program)
    rulesets = {
        name: tuple(filter(None, (_step(_moved(s, program), known) for s in steps)))
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
        *(rulesets, _own(program), _local(program)),
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
