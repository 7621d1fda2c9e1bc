"""The door to the domain name system: one question at a time, bounded, three-valued."""

import time
from collections.abc import Iterable
from typing import Final

import dns.exception
import dns.flags
import dns.name
import dns.rdata
import dns.rdatatype
import dns.resolver
from dns.rdtypes.txtbase import TXTBase

from zmward.scan.names import Answered, Kind

_SECONDS: Final = 3.0
_WHOLE: Final = 30.0
_VALUES: Final = 64
_LONGEST: Final = 4096
# Postfix' own resolvers take answers of this size without fragments.
_PAYLOAD: Final = 1232
_IN_A_ROW: Final = 3


class Resolver:
    """The system's resolver, or one that is named; every run has an end.

    Who does not answer three questions in a row is asked no more.
    """

    def __init__(self, servers: Iterable[str] = (), port: int = 53) -> None:
        own = list(servers)
        self._until = time.monotonic() + _WHOLE
        self._silent = 0
        self._trouble = ""
        try:
            self._resolver = dns.resolver.Resolver(configure=not own)
        except dns.exception.DNSException:
            self._resolver = dns.resolver.Resolver(configure=False)
            self._trouble = "no resolver is configured here"
        if own:
            self._resolver.nameservers = own
            self._resolver.port = port
        self._resolver.timeout = _SECONDS / 2
        self._resolver.use_edns(0, dns.flags.DO, _PAYLOAD)
        # RFC 6840, 5.7: asks for the word whether the answer was proved.
        self._resolver.flags = dns.flags.RD | dns.flags.AD

    def ask(self, name: str, kind: Kind) -> Answered:
        """Return every record of a kind, none, or that nobody knows."""
        left = self._until - time.monotonic()
        if self._trouble or left <= 0 or self._silent >= _IN_A_ROW:
            words = self._trouble or "the resolver was left alone: it is too slow"
            return Answered(name, kind, None, trouble=words)
        try:
            found = self._resolver.resolve(
                dns.name.from_text(name),
                kind,
                lifetime=min(_SECONDS, left),
                search=False,
                raise_on_no_answer=False,
            )
        except dns.resolver.NXDOMAIN:
            self._silent = 0
            return Answered(name, kind, ())
        except dns.resolver.NoNameservers:
            self._silent = 0
            return Answered(name, kind, None, trouble="the servers answer with errors")
        except dns.exception.Timeout:
            self._silent += 1
            return Answered(name, kind, None, trouble="no answer in time")
        except (dns.exception.DNSException, OSError, ValueError) as error:
            words = f"no answer: {type(error).__name__}"
            return Answered(name, kind, None, trouble=words)
        self._silent = 0
        secure = bool(found.response.flags & dns.flags.AD)
        return _whole(name, kind, found.rrset or (), secure=secure)


def _whole(
    name: str, kind: Kind, found: Iterable[dns.rdata.Rdata], *, secure: bool
) -> Answered:
    """Return every record; a part would speak for the whole, so none of too many."""
    records = tuple(found)
    if len(records) > _VALUES:
        return Answered(name, kind, None, trouble="too many records")
    texts = tuple(sorted(map(_text, records)))
    if any(len(text) > _LONGEST for text in texts):
        return Answered(name, kind, None, trouble="too long a record")
    return Answered(name, kind, texts, secure)


def _text(record: dns.rdata.Rdata) -> str:
    if isinstance(record, TXTBase):
        return b"".join(record.strings).decode("utf-8", "replace")
    return record.to_text()
