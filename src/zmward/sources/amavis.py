"""Amavis's configuration as it runs with, and the pax that its decoders find."""

import re

import msgspec

from zmward.sources.source import Snippet, Source, Unreadable

_SETTING = re.compile(r"^\$([a-z_0-9]+)\s*=\s*(.*?);\s*(?:#.*)?$")
_LIST = re.compile(r"^@([a-z_]+)\s*=\s*(?:qw\s*)?\(", re.MULTILINE)
_WORDS = r"""(?:'[^']*'|"[^"]*"|\\?[$@]\w+|\[[^\]]*\])"""
_DECODER = re.compile(
    rf"\[\s*('[^']*'|\[[^\]]*\])\s*,\s*\\&(\w+)\s*((?:,\s*{_WORDS}\s*)*),?\s*\]"
)
_CPIO = re.compile(r"\bg?cpio\b")
_WORD = re.compile(r"""'([^']*)'|"([^"]*)"|\\?[$]([a-z_]+)""")
_BANNED = re.compile(r"^\$banned_filename_re\s*=\s*new_RE\(", re.MULTILINE)


class Decoder(msgspec.Struct, frozen=True):
    """What unpacks one kind of archive: the kind, amavis's routine, the programs."""

    kind: str
    routine: str
    programs: tuple[str, ...]


class Amavis(msgspec.Struct, frozen=True):
    """The scalars, the trusted networks, the decoders and the banned names' rules."""

    settings: dict[str, str]
    networks: tuple[str, ...]
    decoders: tuple[Decoder, ...]
    banned: str


def _block(text: str, start: int) -> str:
    """Return what stands between a parenthesis at `start` and its partner."""
    depth = 0
    for place in range(start, len(text)):
        if text[place] == "(":
            depth += 1
        elif text[place] == ")":
            depth -= 1
            if not depth:
                return text[start + 1 : place]
    raise Unreadable("amavisd.conf: a parenthesis is never closed")


def _lists(text: str) -> dict[str, str]:
    return {match[1]: _block(text, match.end() - 1) for match in _LIST.finditer(text)}


def _decoders(text: str) -> tuple[Decoder, ...]:
    code = re.sub(r"\s#.*", "", text)
    found = []
    for match in _DECODER.finditer(code):
        programs = tuple(
            command.split()[0]
            for command in map("".join, _WORD.findall(match[3]))
            if command.split()
        )
        kind = " ".join(map("".join, _WORD.findall(match[1])))
        found.append(Decoder(kind, match[2], programs))
    # What is not understood may stay so, unless it is what is judged.
    if _CPIO.search(_DECODER.sub("", code)):
        raise Unreadable("amavisd.conf: a decoder of cpio is not understood")
    return tuple(found)


def parse(answer: str) -> Amavis:
    """Read the Perl text of amavisd.conf: plain assignments only."""
    lines = [line for line in answer.splitlines() if not line.lstrip().startswith("#")]
    text = "\n".join(lines)
    if "$inet_socket_port" not in text and "@decoders" not in text:
        raise Unreadable("amavisd.conf holds neither a port nor decoders")
    settings = {}
    for line in lines:
        match = _SETTING.match(line.strip())
        if match is not None:
            settings[match[1]] = match[2].strip().strip("'\"")
    lists = _lists(text)
    banned = _BANNED.search(text)
    return Amavis(
        settings=settings,
        networks=tuple(lists.get("mynetworks", "").split()),
        decoders=_decoders(lists.get("decoders", "")),
        banned=_block(text, banned.end() - 1).strip() if banned else "",
    )


def parse_pax(answer: str) -> tuple[str, ...]:
    """Read the paths of the programs named pax that amavis would find."""
    found = tuple(line.strip() for line in answer.splitlines() if line.strip())
    if not found or found[0] != "searched":
        raise Unreadable("pax: the answer does not say that anything was searched")
    return found[1:]


AMAVIS = Source(
    name="amavis",
    about="Amavis's configuration; passwords are left out.",
    question=Snippet(
        """
file=/opt/zimbra/conf/amavisd.conf
content "$file" >/dev/null || return
content "$file" | awk '
    tolower($0) ~ /pass(word|wd)/ { next }
    # Access to a database is a list of name, user and password, over some lines.
    /_dsn|DBI:/ { within = 1 }
    within { gsub(/\\047[^\\047]*\\047|"[^"]*"/, "\\047masked\\047") }
    /;[ \\t]*(#.*)?$/ { within = 0 }
    { print }'
"""
    ),
    parse=parse,
)
PAX = Source(
    name="amavis-pax",
    about="The program pax, where Amavis looks for it.",
    # amavisd's own $path; a program elsewhere does not count.
    question=Snippet(
        """
printf 'searched\\n'
for folder in /opt/zimbra/bin /usr/local/sbin /usr/local/bin \\
    /usr/sbin /sbin /usr/bin /bin; do
    [ ! -x "$folder/pax" ] || [ -d "$folder/pax" ] || printf '%s/pax\\n' "$folder"
done
"""
    ),
    parse=parse_pax,
)
