"""Asks one port one hello after another, and keeps what the answers show."""

from contextlib import suppress

from zmward.catalog.ciphers import suites
from zmward.scan.line import Ask, Babble, Broken, Dial, Exchange, Line, Silent
from zmward.scan.tls_hello import GROUPS, NAMES, TLS12, TLS13, Hello, record
from zmward.scan.tls_reply import Refusal, Reply, group_name, reply
from zmward.scan.tls_starttls import Unwilling, begin

# postscreen lets a stranger wait for six seconds before it greets.
_FIRST, _LATER, _ALL = 9.0, 4.0, 15.0
_CHAINS, _LONGEST = 4, 65_536


def ciphers_of(version: int) -> tuple[int, ...]:
    """Return every cipher that a protocol knows."""
    if version == TLS13:
        return tuple(n for n, suite in suites().items() if suite.newest)
    old = version < TLS12
    return tuple(
        number
        for number, suite in suites().items()
        if not suite.newest and (not old or suite.mac in ("SHA", "MD5"))
    )


def _kind(name: str) -> str:
    words = name.removeprefix("TLS_").partition("_")[0]
    if "_anon_" in name:
        return {"DH": "DHE", "ECDH": "ECDHE"}[words]
    return words if words in ("DHE", "ECDHE") else ""


_KINDS = {number: _kind(suite.name) for number, suite in suites().items()}


def server_name(host: str) -> str:
    """Return the host's name; an address is none (RFC 6066)."""
    last = host.rstrip(".").rpartition(".")[2]
    if ":" in host or last.isdigit():
        return ""
    try:
        return host.rstrip(".").encode("idna").decode()
    except UnicodeError:
        return ""


class Asked:
    """One port, and all that it showed."""

    def __init__(self, dial: Dial, port: int, ask: Ask, starttls: str) -> None:
        self._dial, self._port, self._starttls = dial, port, starttls
        self._host = ask.host
        self.name = server_name(ask.host)
        self._spent = 0.0
        self._hellos = 0
        self.unwilling = ""
        self.exchanges: list[Exchange] = []
        self.chains: dict[bytes, tuple[bytes, ...]] = {}
        self.stapled: set[bytes] = set()
        self.groups: dict[str, None] = {}
        self.dh_bits: set[int] = set()
        self.compressed: set[bool] = set()
        self.safe_renegotiation: set[bool] = set()

    def hello(self, hello: Hello, *, note: bool = False) -> Reply | Refusal:
        """Send one hello on a connection of its own; `note` writes down how it ended.

        Raises Broken where no answer came that could be understood.
        """
        if self._spent > _ALL:
            raise Silent("it was too slow to ask everything")
        seconds = _LATER if self._hellos else _FIRST
        self._hellos += 1
        with self._dial.connect(self._port, seconds=seconds) as line:
            try:
                if self._starttls:
                    begin(line, self._starttls, self._host)
                line.send(record(hello))
                answer = reply(line, _KINDS)
                if isinstance(answer, Reply):
                    self._believe(hello, answer)
                    if answer.share:
                        self._open(line, hello, answer)
            except Unwilling as words:
                # Who refuses later on has had enough of us, no more.
                if self._hellos == 1:
                    self.unwilling = str(words)
                raise
            finally:
                self._spent += line.spent
        if note:
            self._note(hello, answer)
        return answer

    def _believe(self, hello: Hello, answer: Reply) -> None:
        """Keep what the answer shows; raise Babble where it cannot be true."""
        if answer.version > hello.version or answer.version not in NAMES:
            raise Babble("it chose a protocol that was not offered")
        if answer.cipher not in hello.ciphers:
            raise Babble("it chose a cipher that was not offered")
        if answer.group and answer.group not in (*hello.offered, *GROUPS):
            raise Babble("it chose a group that was not offered")
        if answer.group:
            self.groups[group_name(answer.group)] = None
        if answer.dh_bits:
            self.dh_bits.add(answer.dh_bits)
        if answer.version < TLS13:
            self.compressed.add(answer.compressed)
            self.safe_renegotiation.add(answer.safe_renegotiation)
            self._show(answer.chain, stapled=answer.stapled)

    def _show(self, chain: tuple[bytes, ...], *, stapled: bool) -> None:
        """Keep a chain by its first certificate: a server may have one for each key."""
        if not chain or sum(map(len, chain)) > _LONGEST:
            return
        if len(self.chains) >= _CHAINS and chain[0] not in self.chains:
            return
        self.chains.setdefault(chain[0], chain)
        if stapled:
            self.stapled.add(chain[0])

    def _open(self, line: Line, hello: Hello, answer: Reply) -> None:
        from zmward.scan.tls_secrets import opened  # noqa: PLC0415  # cryptography is slow to import

        with suppress(Broken):
            chain, stapled = opened(line, hello, answer)
            self._show(chain, stapled=stapled)

    def _note(self, hello: Hello, answer: Reply | Refusal) -> None:
        sent = f"ClientHello {NAMES[hello.version]}, {len(hello.ciphers)} ciphers"
        if isinstance(answer, Refusal):
            said = answer.words
        else:
            said = f"ServerHello {NAMES[answer.version]}, "
            said += suites()[answer.cipher].name
        self.exchanges.append(Exchange(self._port, sent, said))
