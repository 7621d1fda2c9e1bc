"""rsyslog's configuration: what it reads and where it sends it."""

import re
from collections.abc import Mapping

import msgspec

from zmward.sources.source import Snippet, Source, contents

_OLD_FORWARD = re.compile(
    r"^(?:[^#$\s]\S*|.*\bthen)\s+(@@?)(\([^)]*\))?(\[[^\]]+\]|[^\s:;]+)(\S*)"
)
_OLD_RELP = re.compile(r"^[^#$\s]\S*\s+:omrelp:(\[[^\]]+\]|[^\s:;]+)")
_CALL = re.compile(r"\b(action|input|module|global)\s*\(", re.IGNORECASE)
_PAIR = re.compile(r'([A-Za-z0-9_.]+)\s*=\s*"([^"]*)"')
_OUTPUTS = ("omfwd", "omrelp", "omelasticsearch", "omkafka", "omhttp", "omgssapi")
_DRIVER = re.compile(r"^\$ActionSendStreamDriverMode\s+1\b", re.MULTILINE)


class Forward(msgspec.Struct, frozen=True):
    """One action that sends log lines to another host."""

    file: str
    target: str
    protocol: str
    encrypted: bool


class Logging(msgspec.Struct, frozen=True):
    """Where lines go, and which plain files are read."""

    forwards: tuple[Forward, ...]
    inputs: tuple[str, ...]
    files: tuple[str, ...] = ()


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
    found = []
    for line in text.splitlines():
        match = _OLD_FORWARD.match(line)
        if match:
            protocol = "tcp" if match[1] == "@@" else "udp"
            secure = encrypted and protocol == "tcp"
            found.append(Forward(file, match[3].strip("[]"), protocol, secure))
        relp = _OLD_RELP.match(line)
        if relp:
            found.append(Forward(file, relp[1].strip("[]"), "omrelp", encrypted=False))
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
    return Forward(file, target, protocol, encrypted and protocol != "udp")


def _here(forward: Forward) -> bool:
    return forward.target in ("127.0.0.1", "::1", "localhost", "")


def parse(answer: str) -> Logging:
    """Read all files of rsyslog, in both of its languages."""
    texts = {path: _bare(text) for path, text in contents(answer).items()}
    forwards: list[Forward] = []
    inputs = []
    for path, text in texts.items():
        forwards += _old(path, text)
        for name, pairs in _calls(text):
            made = _new(path, pairs) if name == "action" else None
            forwards += [made] if made else []
            if name == "input" and pairs.get("type", "").lower() == "imfile":
                inputs.append(pairs.get("file", ""))
        inputs += re.findall(r"(?m)^\$InputFileName\s+(\S+)", text)
    kept = tuple(forward for forward in forwards if not _here(forward))
    return Logging(kept, tuple(filter(None, inputs)), tuple(texts))


RSYSLOG = Source(
    name="rsyslog",
    about="rsyslog's configuration; passwords are masked.",
    question=Snippet(
        r"""
contents /etc/rsyslog.conf /etc/rsyslog.d/*.conf | masked
"""
    ),
    parse=parse,
)
