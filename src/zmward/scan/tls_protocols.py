"""Which protocols a port accepts, and which of their ciphers.

Each protocol is asked for by a hello of its own; the ciphers by offering all, taking
out what was chosen, and asking again until the server refuses.
"""

from typing import Final

from msgspec.structs import replace

from zmward.catalog.ciphers import suites
from zmward.scan.line import Broken
from zmward.scan.tls_asked import Asked, ciphers_of
from zmward.scan.tls_hello import NAMES, SSL3, TLS10, TLS11, TLS12, TLS13, Hello
from zmward.scan.tls_reply import Refusal, Reply
from zmward.scan.tls_shown import Chooser, Spoken, State

_OLD: Final = (SSL3, TLS10, TLS11)


def _hello(asked: Asked, version: int, ciphers: tuple[int, ...]) -> Hello:
    return Hello(version, ciphers, asked.name if version > SSL3 else "")


def _named(ciphers: list[int]) -> tuple[str, ...]:
    return tuple(suites()[number].name for number in ciphers)


def _ask(asked: Asked, hello: Hello) -> Spoken:
    """Ask for one protocol, then for each of its ciphers."""
    name = NAMES[hello.version]
    left, chosen = list(hello.ciphers), list[int]()
    while left:
        try:
            answer = asked.hello(replace(hello, ciphers=tuple(left)), note=not chosen)
        except Broken as broken:
            state: State = "accepted" if chosen else "unknown"
            return Spoken(name, state, str(broken), _named(chosen))
        if isinstance(answer, Refusal) or answer.version != hello.version:
            if chosen:
                return _spoken(asked, hello, chosen, answer)
            return Spoken(name, "refused", _words(answer))
        chosen.append(answer.cipher)
        left.remove(answer.cipher)
        # The first hello brought the chain; what is left is cheaper without keys.
        hello = replace(hello, shares=())
    return _spoken(asked, hello, chosen, None)


def _words(answer: Reply | Refusal) -> str:
    if isinstance(answer, Refusal):
        return answer.words
    return f"it chose {NAMES[answer.version]}"


def _spoken(
    asked: Asked, hello: Hello, chosen: list[int], last: Reply | Refusal | None
) -> Spoken:
    """Return an accepted protocol; who only hung up at last must still answer."""
    after = _asked_again(asked, hello, chosen)
    hung_up = isinstance(last, Refusal) and not last.alert
    chooser: Chooser = "unknown"
    if after and len(chosen) > 1:
        chooser = "server" if after.cipher == chosen[0] else "client"
    return Spoken(
        NAMES[hello.version],
        "accepted",
        f"ServerHello with {suites()[chosen[0]].name}",
        _named(chosen),
        whole=after is not None or not hung_up,
        chooser=chooser,
    )


def _asked_again(asked: Asked, hello: Hello, chosen: list[int]) -> Reply | None:
    """Offer the last choice before the first: who is followed decides."""
    ciphers = tuple(dict.fromkeys((chosen[-1], chosen[0])))
    try:
        answer = asked.hello(replace(hello, ciphers=ciphers))
    except Broken:
        return None
    return answer if isinstance(answer, Reply) else None


def _newest(asked: Asked) -> Spoken:
    from zmward.scan.tls_secrets import shares  # noqa: PLC0415  # cryptography is slow to import

    hello = _hello(asked, TLS13, ciphers_of(TLS13))
    return _ask(asked, replace(hello, shares=shares()))


def _believed(asked: Asked, spoken: list[Spoken]) -> list[Spoken]:
    """Doubt refusals where nothing was accepted, or where we may have been shut out.

    Who only hangs up may refuse a protocol, or everybody who asks too much: whether it
    still answers tells.
    """
    good = next((one for one in spoken if one.state == "accepted"), None)
    bare = [one for one in spoken if one.state == "refused" and _hung_up(one)]
    doubted = ""
    if good is None:
        doubted = "it accepted no protocol at all"
    elif bare:
        version = next(number for number, name in NAMES.items() if name == good.name)
        try:
            answer = asked.hello(_hello(asked, version, ciphers_of(version)))
        except Broken as broken:
            doubted = f"it hung up, and then {broken}"
        else:
            doubted = "it hung up for good" if isinstance(answer, Refusal) else ""
    if not doubted:
        return spoken
    # With nothing accepted, an alert too may mean something else than the protocol.
    wrong = bare if good else [one for one in spoken if one.state == "refused"]
    return [
        Spoken(one.name, "unknown", f"{one.words}; {doubted}") if one in wrong else one
        for one in spoken
    ]


def _hung_up(one: Spoken) -> bool:
    return one.words == "it hung up"


def protocols(asked: Asked) -> list[Spoken]:
    """Ask for every protocol, newest first; stop where nothing speaks TLS."""
    found = [_newest(asked)]
    for version in (TLS12, *_OLD):
        found.append(_ask(asked, _hello(asked, version, ciphers_of(version))))
        if len(found) == 2 and all(one.state == "unknown" for one in found):  # noqa: PLR2004  # the modern two
            return found
    return _believed(asked, found)
