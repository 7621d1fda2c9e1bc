"""Which lines a condition of rsyslog takes, by facility and severity.

A set of lines is a number with one bit for each facility and severity, as a line's
own `<PRI>` is made: eight times the facility, and the severity. That is so for what
programs of this host log, and a second time for lines of plain files: rsyslog does not
say that those come from this host.
"""

import re
from typing import Final

import msgspec

_FACILITIES: Final = {
    name: number
    for number, names in enumerate(
        (
            *("kern", "user", "mail", "daemon", "auth security", "syslog", "lpr"),
            *("news", "uucp", "cron", "authpriv", "ftp", "ntp", "audit"),
            *("alert console", "clock cron2"),
            *(f"local{number}" for number in range(8)),
        )
    )
    for name in names.split()
}
_SEVERITIES: Final = {
    name: number
    for number, names in enumerate(
        (
            *("emerg panic", "alert", "crit", "err error", "warning warn", "notice"),
            *("info", "debug"),
        )
    )
    for name in names.split()
}
_EVERY = 0xFF
_FILES = 8 * 24
_LOGGED_ALL = (1 << _FILES) - 1
_FILES_ALL = _LOGGED_ALL << _FILES
ALL: Final = _LOGGED_ALL | _FILES_ALL
_NAMES = r"[^.,;\s]+(?:,[^.,;\s]+)*"
_SELECTOR = re.compile(rf"(?:{_NAMES}\.[^.,;\s]+(?:[,;]+|$))+")
_PIECE = re.compile(rf"({_NAMES})\.(!?)(=?)([^.,;\s]+)[,;]*")
# Facilities 12 to 15 have no names in rsyslog's manual, and nobody writes them.
_NAMED = (*range(12), *range(16, 24))
# What leaves out debugging leaves out no trace.
ENOUGH: Final = sum(0x7F << 8 * number for number in _NAMED)
_HERE = "127.0.0.1"
_FROM = re.compile(
    r"""\(?\s*\$fromhost-ip\s*(==|!=|<>|startswith|contains)\s*["']([^"'\\]*)["']\s*\)?""",
    re.IGNORECASE,
)
_FROM_PROPERTY = re.compile(
    r""":fromhost-ip\s*,\s*(!?)(isequal|startswith|contains)\s*,\s*"([^"\\]*)\"""",
    re.IGNORECASE,
)
_PRIFILT = re.compile(r"""prifilt\(\s*["']([^"']+)["']\s*\)""")
# cloud-init's own drop-in keeps its lines of the first boot apart, and stops them.
_CLOUD_INIT = re.compile(r':syslogtag,\s*isequal,\s*"\[CLOUDINIT\]"')


class Lines(msgspec.Struct, frozen=True):
    """Some lines: of `sure` kinds all, of `may` kinds perhaps some."""

    sure: int = 0
    may: int = 0

    def __and__(self, other: "Lines") -> "Lines":
        """Return what is in both."""
        return Lines(self.sure & other.sure, self.may & other.may)

    def __or__(self, other: "Lines") -> "Lines":
        """Return what is in one of them."""
        return Lines(self.sure | other.sure, self.may | other.may)

    def without(self, other: "Lines") -> "Lines":
        """Return what is left where the others are taken away."""
        return Lines(self.sure & ~other.may, self.may & ~other.sure)


EVERY: Final = Lines(ALL, ALL)
SOME: Final = Lines(0, ALL)


def kind(facility: str, severity: str) -> Lines:
    """Return the one kind of a file's lines; some where a name is not known."""
    places = [
        int(word) if word.isdecimal() else names.get(word.lower(), -1)
        for word, names in ((facility, _FACILITIES), (severity, _SEVERITIES))
    ]
    if not (0 <= places[0] < 24 and 0 <= places[1] < 8):  # RFC 5424
        return Lines(0, _FILES_ALL)
    bit = 1 << _FILES + 8 * places[0] + places[1]
    return Lines(bit, bit)


def _bits(single: str, severity: str) -> int | None:
    """Return the severities that a word stands for; None where it is none."""
    if severity == "*":
        return _EVERY
    number = _SEVERITIES.get(severity)
    if number is None:
        return None
    return 1 << number if single else (2 << number) - 1


def _laid(before: int, inverted: str, severity: str, bits: int) -> int:
    """Lay one piece over what the pieces before it said of a facility."""
    if severity == "none":
        return _EVERY if inverted else 0
    if severity == "*":
        return 0 if inverted else _EVERY
    return (before or _EVERY) & ~bits if inverted else before | bits


def selected(text: str) -> Lines:
    """Read a selector such as `*.info;mail.none`, as rsyslog does, left to right."""
    if not _SELECTOR.fullmatch(text):
        return SOME
    table = dict.fromkeys(range(24), 0)
    for names, inverted, single, severity in _PIECE.findall(text.lower()):
        bits = 0 if severity == "none" else _bits(single, severity)
        some = [] if bits is None else names.split(",")
        if bits is None or any(
            n not in _FACILITIES and n not in ("*", "mark") for n in some
        ):
            return SOME
        for name in some:
            numbers = table if name == "*" else (_FACILITIES.get(name, -1),)
            for number in numbers:
                if number >= 0:
                    table[number] = _laid(table[number], inverted, severity, bits)
    found = sum(bits << 8 * number for number, bits in table.items())
    both = found | found << _FILES
    return Lines(both, both)


def _holds(operator: str, asked: str, address: str) -> bool:
    """Say whether an address is, begins with or contains what is asked for."""
    if operator == "startswith":
        return address.startswith(asked)
    return asked in address if operator == "contains" else address == asked


def _sender(words: str) -> Lines | None:
    """Return what a condition on the sender's address takes; None for any other."""
    new, old = _FROM.fullmatch(words), _FROM_PROPERTY.fullmatch(words)
    if new:
        operator, asked, inverted = new[1].lower(), new[2], new[1] in ("!=", "<>")
    elif old:
        operator, asked, inverted = old[2].lower(), old[3], bool(old[1])
    else:
        return None
    logged = _LOGGED_ALL if _holds(operator, asked, _HERE) != inverted else 0
    files = _FILES_ALL if _holds(operator, asked, "") != inverted else 0
    return Lines(logged | files, logged | files)


def condition(text: str) -> Lines:
    """Return which lines an expression or a property filter takes."""
    words = text.strip()
    sender = _sender(words)
    if sender is not None:
        return sender
    if _CLOUD_INIT.fullmatch(words):
        return Lines()
    asked = _PRIFILT.fullmatch(words)
    return selected(asked[1]) if asked else SOME
