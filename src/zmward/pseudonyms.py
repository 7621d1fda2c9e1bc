"""Replaces names and addresses in evidence by stable aliases.

The same key gives the same aliases, so that two collections can be compared. What a
control judges survives: networks keep their lengths and what lies within them,
loopback, link-local and private ranges keep their kind, domains keep their levels.
"""

import base64
import binascii
import hashlib
import hmac
import ipaddress
import re
from collections.abc import Callable, Iterable
from functools import cache

import msgspec

from zmward.errors import BadFile
from zmward.evidence import DIRECTORY, Answer, Evidence, Missing, Parsed
from zmward.sources.directory import DOMAINS, SERVERS
from zmward.sources.identity import IDENTITY
from zmward.sources.source import Unreadable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_V4 = r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]*\d\.)"
_V6 = r"(?<![\w:])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])"
_ADDRESS = re.compile(f"({_V6}|{_V4})(/\\d{{1,3}})?")
_MAIL = re.compile(r"[A-Za-z0-9._%+'-]+@(?=[A-Za-z0-9-]+\.)")
_LABEL = re.compile(r"^((?:dc|zimbraPortalName): )(\S+)$", re.MULTILINE)
_ENCODED = re.compile(r"^([A-Za-z][A-Za-z0-9;-]*:: )([A-Za-z0-9+/=]+)$", re.MULTILINE)
_CERTIFICATE = "-----BEGIN CERTIFICATE-----"
# These stay as they are: they name no one.
_UNTOUCHED = tuple(
    ipaddress.ip_network(text)
    for text in ("127.0.0.0/8", "0.0.0.0/8", "224.0.0.0/3", "::/64", "ff00::/8")
)
# First octets that hold a special range: so many bits keep their kind.
_SPECIAL = {10: 8, 100: 16, 169: 16, 172: 16, 192: 16}
_PUBLIC = tuple(n for n in range(1, 224) if n != 127 and n not in _SPECIAL)  # noqa: PLR2004  # loopback
_V6_KEPT = 16


class Aliases:
    """Makes aliases under one key; `names` are the domains and hosts to replace."""

    def __init__(self, key: bytes, names: Iterable[str]) -> None:
        self._key = key
        known = sorted({name.lower() for name in names if name}, key=len, reverse=True)
        pattern = "|".join(re.escape(name) for name in known)
        self._names = re.compile(
            # A reply such as 250-mail.example.com begins with a code, not a name.
            rf"(?<![\w])((?:(?!\d{{3}}-)[\w-]+\.)*)({pattern})(?![\w-])",
            re.IGNORECASE,
        )
        self._empty = not known
        self.address = cache(self._address)
        self.octets = self._octets()

    def _digest(self, *words: str) -> bytes:
        message = "\0".join(words).encode()
        return hmac.new(self._key, message, hashlib.sha256).digest()

    def word(self, kind: str, word: str) -> str:
        """Return the alias of one word: its kind's letter and six digits."""
        return f"{kind}{self._digest(kind, word.lower()).hex()[:6]}"

    def name(self, name: str) -> str:
        """Return the alias of a dotted name, level by level."""
        labels = name.rstrip(".").split(".")
        hidden = [self.word("n", ".".join(labels[i:])) for i in range(len(labels) - 1)]
        return ".".join((*hidden, "invalid")) if hidden else self.word("h", labels[0])

    def _octets(self) -> dict[int, int]:
        """Return the first octets of public addresses, shuffled by the key."""
        shuffled = sorted(_PUBLIC, key=lambda octet: self._digest("octet", str(octet)))
        return dict(zip(_PUBLIC, shuffled, strict=True))

    def _head(self, address: Address) -> tuple[str, int]:
        """Return the first bits of the alias and how many they are."""
        bits = f"{int(address):0{address.max_prefixlen}b}"
        if address.version == 6:  # noqa: PLR2004  # IPv6
            return bits[:_V6_KEPT], _V6_KEPT
        octet = int(bits[:8], 2)
        kept = _SPECIAL.get(octet)
        if kept is not None:
            return bits[:kept], kept
        return f"{self.octets[octet]:08b}", 8

    def _bits(self, address: Address, length: int) -> Address:
        width = address.max_prefixlen
        bits = f"{int(address):0{width}b}"
        head, start = self._head(address)
        found = [*head, *bits[start:]]
        for place in range(start, length):
            flip = self._digest("bit", str(width), bits[:place])[0] & 1
            found[place] = str(int(bits[place]) ^ flip)
        return type(address)(int("".join(found), 2))

    def _address(self, text: str, length: int | None) -> str:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return text
        if any(address in network for network in _UNTOUCHED):
            return text
        most = address.max_prefixlen
        bound = most if length is None else min(length, most)
        return str(self._bits(address, bound))

    def text(self, text: str) -> str:
        """Return a text with every known name, mailbox and address replaced."""

        def addressed(match: re.Match[str]) -> str:
            length = int(match[2][1:]) if match[2] else None
            return self.address(match[1], length) + (match[2] or "")

        found = _MAIL.sub(lambda match: f"{self.word('u', match[0][:-1])}@", text)
        if not self._empty:
            found = self._names.sub(lambda m: self.name(m[1] + m[2]), found)
        return _ADDRESS.sub(addressed, found)


def _names(evidence: Evidence) -> Iterable[str]:
    for host in evidence.hosts:
        yield host
        answer = evidence.answer(host, IDENTITY.name)
        if isinstance(answer, Answer):
            try:
                yield IDENTITY.parse(answer.text).name
            except Unreadable:
                continue
    for source in (SERVERS, DOMAINS):
        answer = evidence.answer(DIRECTORY, source.name)
        if isinstance(answer, Answer):
            try:
                yield from (entry.name for entry in source.parse(answer.text))
            except Unreadable as error:
                raise BadFile(f"The names cannot be found: {error}.") from error


def _as_dn(name: str) -> str:
    """Return a domain as LDAP writes it in a DN: dc=example,dc=com."""
    return ",".join(f"dc={label}" for label in name.split("."))


class _Texts:
    """Replaces names in whole answers, LDIF's own spellings of them included."""

    def __init__(self, names: Iterable[str], aliases: Aliases) -> None:
        self._aliases = aliases
        self._dns = {_as_dn(name): _as_dn(aliases.name(name)) for name in names}
        self._labels = {
            name.partition(".")[0]: aliases.name(name).partition(".")[0]
            for name in names
        }

    def hidden(self, text: str) -> str:
        for dn, alias in self._dns.items():
            text = text.replace(dn, alias)
        text = _LABEL.sub(
            lambda match: match[1] + self._labels.get(match[2], match[2]), text
        )
        return self._aliases.text(_ENCODED.sub(self._recoded, text))

    def _recoded(self, match: re.Match[str]) -> str:
        """Return a base64 value with the names inside replaced."""
        try:
            value = base64.b64decode(match[2], validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return match[0]
        encoded = base64.b64encode(self._aliases.text(value).encode()).decode()
        return f"{match[1]}{encoded}"


def pseudonymise(evidence: Evidence, key: bytes) -> Evidence:
    """Return the evidence under aliases; the same key gives the same aliases."""
    names = tuple(dict.fromkeys(_names(evidence)))
    aliases = Aliases(key, names)
    texts = _Texts(names, aliases)
    return msgspec.structs.replace(
        evidence,
        answers={
            host if host == DIRECTORY else aliases.text(host): {
                name: _answer(answer, texts.hidden) for name, answer in answers.items()
            }
            for host, answers in evidence.answers.items()
        },
    )


def _answer(
    answer: Answer | Missing | Parsed, hidden: Callable[[str], str]
) -> Answer | Missing | Parsed:
    if isinstance(answer, Answer):
        if _CERTIFICATE in answer.text:
            return Missing("withheld: certificates hold the names of the site")
        return Answer(hidden(answer.text), answer.code, hidden(answer.error))
    if isinstance(answer, Missing):
        return Missing(hidden(answer.reason), answer.kind)
    return answer
