"""Lines of the usual form, many at once: one expression cuts all in one walk.

It never cuts another way than the parsers do, and leaves a line of any other form to
them. What a part of a line says is remembered by its bytes.
"""

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from zmward.logs.candidates import words
from zmward.logs.clock import FRACTIONS, SECONDS
from zmward.logs.event import Via
from zmward.logs.known import LONGEST_PART, Found, Memory
from zmward.logs.lines import Place, Told, name
from zmward.logs.mailboxd import attempt, client
from zmward.logs.mailboxd import what as mailboxd_what
from zmward.logs.syslog import SAME
from zmward.logs.syslog import what as syslog_what

_OTHER = rb".*\n"
# Each walk has an end: a client can write lines that go on and on.
_VALUE = rb"[^;]{0,500};"
# The thread's own number says nothing; of a longer name the parser cuts the end off.
_THREAD = rb"(?:qtp\d{1,12}-\d{1,9}:(?=https?://)|)([^\]]{0,370})\] \["
# A value that goes on behind a doubled `;` is followed by neither key nor bracket.
_NAME = rb"(?:name=([^;]{1,320});|)(?:a?mid=%s|)" % _VALUE
_PEERS = rb"(?:ip=%s|)(?:oip=%s|)" % (_VALUE, _VALUE)
_WAY = rb"(?:port=%s|)(?:oport=%s|)(?:via=%s|)" % ((_VALUE,) * 3)
_PROTOCOL = rb"(?:oproto=([^;]{0,32});|)(?:ua=%s|)" % _VALUE
_ATTEMPT = rb"(?:soapId=([^;]{0,320});|cid=([^;]{0,320});|)"
_MAILBOXD: Final = re.compile(
    rb"(.{16})(:..)[,.](...) [A-Z]+ +\["
    + (_THREAD + _NAME + rb"(" + _PEERS + rb")" + _WAY + _PROTOCOL + _ATTEMPT)
    + rb"\] ([^ ]{1,64} - .*)\n|"
    + _OTHER
)
_PEER: Final = re.compile(rb"(?:ip=([^;]*);|)(?:oip=([^;]*);|)")
# A message of a queue file stands without its number, so that it comes again.
_SYSLOG: Final = re.compile(
    rb"(.{12})(:..) \S{1,255} (postfix|saslauthd)(?:/[\w./-]{1,64}|)\[\d+\]: "
    rb"(?:[0-9A-Za-z]{1,32}(?=: client=)|)(.*)\n|" + _OTHER
)
_RETURNS = re.compile(rb"\r+\n")
# Parses one line.
Parse = Callable[[bytes], None]


def _cut(form: re.Pattern[bytes], lines: Sequence[bytes]) -> list[tuple[bytes, ...]]:
    """Return the parts of each line: empty ones where it has another form.

    Fewer than there are lines say that they cannot be told apart in one walk.
    """
    whole = b"\n".join(lines) + b"\n"
    if whole.count(b"\n") != len(lines):
        # A candidate of two lines has a form of its own.
        whole = b"\n".join(b"" if b"\n" in one else one for one in lines) + b"\n"
    if b"\r" in whole:
        whole = _RETURNS.sub(b"\n", whole)
    found: list[tuple[bytes, ...]] = form.findall(whole)
    return found


def _candidate(place: Place, message: bytes) -> None:
    """Raise KeyError where another part of a line may have made it a candidate."""
    if not any(word in message for word in words(place.log)):
        raise KeyError(message)


class _Mailboxd:
    """What parts of lines of one of mailboxd's logs say, by their bytes.

    A message has a sort and an account, which may be the server's word, or tells of
    nothing; addresses have a sort and a client. Both sorts, the thread and the
    announced protocol make out what happened.
    """

    def __init__(self, place: Place) -> None:
        self._place, self._known = place, place.known
        self.messages = Memory[bytes, tuple[int, int, bool] | None](self._message)
        self.clients = Memory[bytes, tuple[int, int]](self._client)
        self.accounts = Memory[bytes, int](self._account)
        self.whats = Memory[tuple[bytes, bytes, int, int], int](self._what)
        self._tolds: list[Told] = []
        self._told = Memory[tuple[str, str], int]()
        self._seens: list[tuple[Via, str]] = []
        self._seen = Memory[tuple[Via, str], int]()

    def _message(self, message: bytes) -> tuple[int, int, bool] | None:
        """Return what a message says; KeyError where its line has to be parsed."""
        category, _, said = message.partition(b" - ")
        told = self._place.messages[category].meant(said)
        if told is None or len(message) > LONGEST_PART:
            raise KeyError(message)
        self._known.grown(len(message))
        if told.kind == "quiet":
            _candidate(self._place, message)
            return None
        sort = self._told.setdefault((told.kind, told.protocol), len(self._tolds))
        if sort == len(self._tolds):
            self._tolds.append(told)
        account = told.account or told.typed
        return sort, self._known.name(account), told.account != ""

    def _client(self, peers: bytes) -> tuple[int, int]:
        ip, oip = _PEER.findall(peers)[0]
        source, seen = client(self._place, ip, oip)
        sort = self._seen.setdefault(seen, len(self._seens))
        if sort == len(self._seens):
            self._seens.append(seen)
        self._known.grown(len(peers) + len(seen[1]))
        return sort, self._known.name(source)

    def _account(self, raw: bytes) -> int:
        self._known.grown(len(raw))
        return self._known.name(name(raw))

    def _what(self, key: tuple[bytes, bytes, int, int]) -> int:
        thread, announced, told, seen = key
        self._known.grown(len(thread))
        way = (thread, announced)
        return self._known.what(
            mailboxd_what(self._place, self._tolds[told], way, self._seens[seen])
        )


def mailboxd(place: Place, lines: Sequence[bytes], found: Found, parse: Parse) -> bool:
    """Read lines of mailboxd; return False where they have to be parsed one by one."""
    cut = _cut(_MAILBOXD, lines)
    if len(cut) != len(lines):
        return False
    heard = place.known.heard(place.log, _Mailboxd, place)
    messages, clients, whats = heard.messages, heard.clients, heard.whats
    accounts, twice = heard.accounts, place.known.twice
    minutes, when, what = place.clock.minutes, found.whens.append, found.whats.append
    source, account = found.sources.append, found.accounts.append
    key = found.keys.append
    for line, parts in zip(lines, cut, strict=True):
        minute, second, part, thread, own, peers, proto, request, cid, message = parts
        try:
            at = minutes[minute] + (SECONDS[second] + FRACTIONS[part])
            said = messages[message]
        except KeyError:
            parse(line)
            continue
        if said is not None:
            sort, who, named = said
            way, peer = clients[peers]
            number = whats[thread, proto, sort, way]
            when(at)
            what(number)
            source(peer)
            account(accounts[own] if own and not named else who)
            key(attempt(request, cid) if twice[number] else "")
    return True


class _Syslog:
    """What messages of daemons say: what, the client and the account, or nothing."""

    def __init__(self, place: Place) -> None:
        self._place, self._known = place, place.known
        self.messages = {
            daemon: Memory[bytes, tuple[int, int, int] | None](
                partial(self._message, daemon)
            )
            for daemon in (b"postfix", b"saslauthd")
        }

    def _message(self, daemon: bytes, message: bytes) -> tuple[int, int, int] | None:
        """Return what a message says; KeyError where its line has to be parsed."""
        queued = SAME + message if message.startswith(b": ") else message
        told = self._place.messages[daemon].meant(queued)
        if told is None or len(message) > LONGEST_PART:
            raise KeyError(message)
        known = self._known
        known.grown(len(message))
        if told.kind == "quiet":
            _candidate(self._place, message)
            return None
        peer, shared = syslog_what(self._place, told, daemon)
        return known.what(shared), known.name(peer), known.name(told.typed)


def syslog(place: Place, lines: Sequence[bytes], found: Found, parse: Parse) -> bool:
    """Read lines of syslog; return False where they have to be parsed one by one."""
    cut = _cut(_SYSLOG, lines)
    if len(cut) != len(lines):
        return False
    messages = place.known.heard(place.log, _Syslog, place).messages
    minutes, when, what = place.clock.minutes, found.whens.append, found.whats.append
    source, account = found.sources.append, found.accounts.append
    for line, (minute, second, daemon, message) in zip(lines, cut, strict=True):
        try:
            at = minutes[minute] + SECONDS[second]
            said = messages[daemon][message]
        except KeyError:
            parse(line)
            continue
        if said is not None:
            number, peer, who = said
            when(at)
            what(number)
            source(peer)
            account(who)
    found.keys += [""] * (len(found.whens) - len(found.keys))
    return True
