"""rsyslog: what it reads, as whom, where it sends it, and whether that arrives."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import msgspec

from zmward.sources.source import Snippet, Source, contents

_OLD_FORWARD = re.compile(
    r"^(?:[^#$\s]\S*|.*\bthen)\s+(@@?)(\([^)]*\))?(\[[^\]]+\]|[^\s:;]+)(\S*)"
)
_OLD_RELP = re.compile(r"^[^#$\s]\S*\s+:omrelp:(\[[^\]]+\]|[^\s:;]+)")
_NUMBER = re.compile(r":(\d{1,5})(?:;|$)")
_CALL = re.compile(r"\b(action|input|module|global)\s*\(", re.IGNORECASE)
_PAIR = re.compile(r'([A-Za-z0-9_.]+)\s*=\s*"([^"]*)"')
_OUTPUTS = ("omfwd", "omrelp", "omelasticsearch", "omkafka", "omhttp", "omgssapi")
_LOADED = re.compile(r"^\$ModLoad\s+(\S+)", re.MULTILINE)
_WORK = re.compile(r"^\$WorkDirectory\s+(\S+)", re.MULTILINE)
_QUEUE = re.compile(r"^\$ActionQueue([A-Za-z]+)\s+(\S+)", re.MULTILINE)
# Milliseconds a line may wait for a full queue: each one holds up whoever logs.
_PATIENCE = 10
_DRIVER = re.compile(r"^\$ActionSendStreamDriverMode\s+1\b", re.MULTILINE)


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


class Logging(msgspec.Struct, frozen=True):
    """Where lines go, which plain files are read, and which modules which file loads.

    `work` is the folder where what must outlive rsyslog is kept; empty: none is set.
    `user` is as whom rsyslogd runs, with its groups; empty where nobody has looked.
    `arrived` says of a log host when a test line was last seen there, in UTC.
    """

    forwards: tuple[Forward, ...]
    inputs: tuple[str, ...]
    files: tuple[str, ...] = ()
    modules: tuple[tuple[str, str], ...] = ()
    work: str = ""
    user: str = ""
    groups: tuple[str, ...] = ()
    arrived: Mapping[str, datetime] = {}


def _bare(text: str) -> str:
    """Return the text without comments."""
    return re.sub(r"(?m)^\s*#.*$|\s#\s.*$", "", text)


def _calls(text: str) -> list[tuple[str, dict[str, str]]]:
    """Return each `name(key="value" …)` of rsyslog's newer language."""
    found = []
    for match in _CALL.finditer(text):
        end = text.find(")", match.end())
        inside = text[match.end() : end if end >= 0 else None]
        pairs = {key.lower(): value for key, value in _PAIR.findall(inside)}
        found.append((match[1].lower(), pairs))
    return found


def _old(file: str, text: str) -> list[Forward]:
    encrypted = _DRIVER.search(text) is not None
    queued = _queued({f"queue.{k.lower()}": v for k, v in _QUEUE.findall(text)})
    found = []
    for line in text.splitlines():
        match = _OLD_FORWARD.match(line)
        if match:
            protocol = "tcp" if match[1] == "@@" else "udp"
            secure = encrypted and protocol == "tcp"
            named = _NUMBER.match(match[4])
            port = int(named[1]) if named else _PORT
            target = match[3].strip("[]")
            found.append(Forward(file, target, protocol, secure, queued, port))
        relp = _OLD_RELP.match(line)
        if relp:
            target = relp[1].strip("[]")
            found.append(
                Forward(file, target, "omrelp", encrypted=False, queued=queued)
            )
    return found


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


def parse(answer: str) -> Logging:
    """Read all files of rsyslog, in both of its languages."""
    said = contents(answer)
    user, groups = _user(said)
    arrived = _arrivals(said.pop(ARRIVALS, ""))
    texts = {path: _bare(text) for path, text in said.items()}
    forwards: list[Forward] = []
    inputs, modules, work = [], [], ""
    for path, text in texts.items():
        modules += [(path, name) for name in _LOADED.findall(text)]
        work = "".join(_WORK.findall(text)[-1:]) or work
        forwards += _old(path, text)
        for name, pairs in _calls(text):
            made = _new(path, pairs) if name == "action" else None
            forwards += [made] if made else []
            if name == "input" and pairs.get("type", "").lower() == "imfile":
                inputs.append(pairs.get("file", ""))
            if name == "module":
                modules.append((path, pairs.get("load", "")))
            if name == "global":
                work = pairs.get("workdirectory", work)
        inputs += re.findall(r"(?m)^\$InputFileName\s+(\S+)", text)
    kept = tuple(forward for forward in forwards if not _here(forward))
    read = tuple(filter(None, inputs))
    return Logging(
        *(kept, read, tuple(texts), tuple(modules), work),
        *(user, groups, arrived),
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
