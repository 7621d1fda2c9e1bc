"""Which protocols a port accepts, and which kinds of their ciphers.

Each protocol is asked for by a hello of its own, then each kind of its ciphers by
offering that kind alone: what was chosen is taken out and the rest offered again, until
the server refuses or enough of the kind is known.

Whoever only hangs up, without an alert, may refuse, or have lost one connection: it has
refused where it hangs up again, and takes a good hello in between and afterwards.
"""

from collections.abc import Collection, Iterator
from typing import Final

from msgspec.structs import replace

from zmward.catalog.ciphers import KINDS, Kind, by_name, suites
from zmward.scan.line import Broken, Ended
from zmward.scan.tls_asked import Asked, ciphers_of
from zmward.scan.tls_hello import NAMES, SSL3, TLS10, TLS11, TLS12, TLS13, Hello
from zmward.scan.tls_reply import Refusal
from zmward.scan.tls_shown import Chooser, Spoken

_OLD: Final = (SSL3, TLS10, TLS11)
# Enough to name; each more costs a connection.
_ENOUGH: Final = 3
_MODERN: Final = 2

# Ciphers that are offered together, and how many of them are enough.
Offer = tuple[tuple[int, ...], int]


def _offers(version: int, known: Collection[Kind], *, every: bool) -> Iterator[Offer]:
    """Yield what is to be offered after the first hello.

    Of kinds that are `known` from another protocol there is enough. A certificate may
    belong to each kind of key, and Diffie-Hellman shows its length when it is chosen.
    """
    ciphers = {number: suites()[number] for number in ciphers_of(version)}
    if every:
        yield tuple(ciphers), len(ciphers)
        return
    if version == TLS13:
        return
    for kind in KINDS:
        if kind not in known:
            found = tuple(n for n, suite in ciphers.items() if suite.kind == kind)
            yield found, 1 if kind == "good" else _ENOUGH
    if not known:
        keyed = {n: suite.authentication for n, suite in ciphers.items()}
        yield tuple(n for n, key in keyed.items() if key == "ECDSA"), 1
        yield tuple(n for n, key in keyed.items() if key == "RSA"), 1
        yield tuple(n for n, s in ciphers.items() if s.name.startswith("TLS_DHE_")), 1


def _hello(asked: Asked, version: int) -> Hello:
    return Hello(version, ciphers_of(version), asked.name if version > SSL3 else "")


class _Asking:
    """One protocol of a port while it is asked for."""

    def __init__(self, asked: Asked, hello: Hello) -> None:
        self._asked, self._hello = asked, hello
        self._chosen: list[int] = []
        self._hung_up: list[Offer] = []

    def first(self) -> Spoken:
        """Offer everything that the protocol has."""
        name = NAMES[self._hello.version]
        try:
            answer = self._asked.hello(self._hello, note=True)
        except Broken as broken:
            return Spoken(name, "unknown", str(broken))
        if isinstance(answer, Refusal):
            return Spoken(name, "refused", answer.words)
        if answer.version != self._hello.version:
            return Spoken(name, "refused", f"it chose {NAMES[answer.version]}")
        self._chosen.append(answer.cipher)
        # The first hello brought the chain; what is left is cheaper without keys.
        self._hello = replace(self._hello, shares=())
        words = f"ServerHello with {suites()[answer.cipher].name}"
        return Spoken(name, "accepted", words)

    def ciphers(self, found: Spoken, known: Collection[Kind], *, every: bool) -> Spoken:
        """Ask an accepted protocol for its ciphers."""
        chooser: Chooser = "unknown"
        words, whole = found.words, False
        try:
            for offer in _offers(self._hello.version, known, every=every):
                self._offer(offer)
            if self._hung_up or (every and len(self._chosen) > 1):
                chooser = self._follows()
            while again := self._hung_up:
                self._hung_up = []
                for offer in again:
                    self._offer(offer, again=True)
                self._follows()
            whole = True
        except Broken as broken:
            words = f"{words}, then {broken}"
        names = tuple(suites()[number].name for number in self._chosen)
        return Spoken(
            *(found.name, found.state, words, names),
            whole=whole,
            every=every and whole,
            chooser=chooser,
        )

    def _offer(self, offer: Offer, *, again: bool = False) -> None:
        """Offer some ciphers until they are refused, or there are enough.

        Where it hangs up, what is left is kept to be offered `again`, once.
        """
        ciphers, enough = offer
        left = [number for number in ciphers if number not in self._chosen]
        while left and len(ciphers) - len(left) < enough:
            answer = self._asked.hello(replace(self._hello, ciphers=tuple(left)))
            if isinstance(answer, Refusal) or answer.version != self._hello.version:
                bare = isinstance(answer, Refusal) and not answer.alert
                if bare and not again:
                    self._hung_up.append(offer)
                return
            again = False
            self._chosen.append(answer.cipher)
            left.remove(answer.cipher)

    def _follows(self) -> Chooser:
        """Offer the last choice before the first: who is followed decides.

        Who only hung up on other ciphers must still take one of these.
        """
        ciphers = tuple(dict.fromkeys((self._chosen[-1], self._chosen[0])))
        answer = self._asked.hello(replace(self._hello, ciphers=ciphers))
        if isinstance(answer, Refusal):
            raise Ended("it hung up for good")
        if len(ciphers) == 1:
            return "unknown"
        return "server" if answer.cipher == self._chosen[0] else "client"


def _believed(
    asked: Asked, asking: list[_Asking], spoken: list[Spoken]
) -> list[Spoken]:
    """Doubt refusals where nothing was accepted, or where it only hung up."""
    good = next((one for one in spoken if one.state == "accepted"), None)
    if good is None:
        # With nothing accepted, an alert too may mean something else than the protocol.
        return [_doubted(o, "it accepted no protocol at all") for o in spoken]
    bare = [place for place, one in enumerate(spoken) if _hung_up(one)]
    if not bare:
        return spoken
    found = list(spoken)
    version = next(number for number, name in NAMES.items() if name == good.name)
    try:
        _still_speaks(asked, version)
        for place in bare:
            found[place] = asking[place].first()
        _still_speaks(asked, version)
    except Broken as broken:
        doubt = f"it hung up, and then {broken}"
        return [_doubted(o, doubt) if _hung_up(o) else o for o in found]
    return found


def _still_speaks(asked: Asked, version: int) -> None:
    """Raise Broken where a protocol that was accepted is not any more."""
    if isinstance(asked.hello(_hello(asked, version)), Refusal):
        raise Ended("no longer took what it had taken")


def _doubted(one: Spoken, why: str) -> Spoken:
    """Return a refusal as unknown."""
    if one.state != "refused":
        return one
    return Spoken(one.name, "unknown", f"{one.words}; {why}")


def _hung_up(one: Spoken) -> bool:
    return one.state == "refused" and one.words == "it hung up"


def _first_hellos(asked: Asked) -> Iterator[_Asking]:
    from zmward.scan.tls_secrets import shares  # noqa: PLC0415  # cryptography is slow to import

    yield _Asking(asked, replace(_hello(asked, TLS13), shares=shares()))
    for version in (TLS12, *_OLD):
        yield _Asking(asked, _hello(asked, version))


def protocols(asked: Asked, *, every: bool) -> list[Spoken]:
    """Ask for each protocol, newest first, then for the ciphers of the accepted ones.

    It ends where the two newest tell that nothing speaks TLS. With `every`, all ciphers
    are asked for, which costs a connection for each.
    """
    asking, spoken = list[_Asking](), list[Spoken]()
    for one in _first_hellos(asked):
        asking.append(one)
        spoken.append(one.first())
        if len(spoken) == _MODERN and all(found.state == "unknown" for found in spoken):
            return spoken
    spoken = _believed(asked, asking, spoken)
    known: set[Kind] = set()
    for place, one in enumerate(asking):
        if spoken[place].state == "accepted":
            spoken[place] = one.ciphers(spoken[place], known, every=every)
            names = spoken[place].ciphers if place else ()
            known |= {by_name()[name].kind for name in names}
    return spoken
