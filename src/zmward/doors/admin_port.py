"""mailboxd's admin port: found, trusted, spoken to with the host's own curl.

Who answers on the port must prove to be mailboxd before a password is sent, since any
local user can listen there while mailboxd is down. Three proofs are tried in turn:

1. chain and name, by Zimbra's own authority,
2. chain and name, by the authorities of the system,
3. the key of the certificate in mailboxd's own keystore.
"""

import base64
import hashlib
import re
import time
from collections.abc import Callable, Iterator
from typing import Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from zmward.doors.directory import DOWN, NO_CURL, SILENT
from zmward.doors.host import Done
from zmward.doors.soap import body
from zmward.doors.waited import TIMED_OUT
from zmward.doors.zimbra_host import Survey, ZimbraHost, filtered
from zmward.errors import Fault, Refused

_PATH: Final = "/service/admin/soap/"
# curl's exit codes.
_REFUSED, _BROKEN, _WRONG_PIN = 7, 35, 90
_MISTRUST: Final = frozenset({51, 58, 59, 60, 77, 83, 91, _WRONG_PIN})
_NO_PIN: Final = "sha256//" + base64.b64encode(bytes(32)).decode()
_ANY: Final = frozenset({"", "0.0.0.0", "::", "*"})  # noqa: S104
_TOO_MANY: Final = b"429 "
_BUSY: Final = 503
_PAUSES: Final = (1.1, 1.5, 2.0, 3.0, 5.0)
_LAST_LINE = re.compile(r"([0-9]{3}) ([^\n]*)")


class Answer(msgspec.Struct, frozen=True):
    """An HTTP answer."""

    status: int
    kind: str
    content: bytes


class Place(msgspec.Struct, frozen=True):
    """Where mailboxd's admin port is."""

    host: str
    port: int
    addresses: tuple[str, ...]


def place(host: ZimbraHost, survey: Survey) -> Place:
    """Return where the directory says that this host's admin port is."""
    name = survey.value("zimbra_server_hostname")
    wanted = f"(&(objectClass=zimbraServer){filtered('cn', name)})"
    wanted = f"(|(objectClass=zimbraGlobalConfig){wanted})"
    attributes = ("zimbraAdminPort", "zimbraAdminBindAddress")
    found = host.search(survey, "cn=zimbra", "sub", wanted, *attributes)
    # The server's own port wins over the global one.
    ordered = sorted(
        found, key=lambda record: record.dn.lower() == "cn=config,cn=zimbra"
    )
    ports = [port for record in ordered if (port := record.one("zimbraAdminPort"))]
    bound = [record.one("zimbraAdminBindAddress") for record in ordered]
    addresses = [address for address in bound if address not in _ANY]
    port = ports[0] if ports and ports[0].isdecimal() else "7071"
    return Place(name, int(port), (*addresses, "127.0.0.1", "::1"))


class AdminPort:
    """One login, then messages; what was found to be trusted is kept."""

    def __init__(
        self, host: ZimbraHost, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._host, self._sleep = host, sleep
        self._survey = host.survey()
        if not self._survey.curl:
            raise Fault(NO_CURL, "curl is not installed", host.door.name)
        self._place = place(host, self._survey)
        self._curl: tuple[str, ...] = ()
        self._token = ""
        self.requests = 0
        self.logins = 0

    @property
    def where(self) -> str:
        """Return how messages name the port."""
        return f"mailboxd on {self._place.host}"

    def token(self) -> str:
        """Return the token of this run, logging in at the first call."""
        return self._token or self.log_in()

    def log_in(self) -> str:
        """Let the host log itself in and keep the token it gets."""
        known = [self._curl] if self._curl else self._ways()
        mistrust = lost = ""
        for curl in known:
            done = self._sent_login(curl)
            if done.code == _REFUSED:
                continue
            if done.code in _MISTRUST:
                mistrust = mistrust or _said(done)
            elif done.code == _BROKEN:
                # An overloaded or starting mailboxd drops connections half way.
                lost = lost or _said(done)
            else:
                self._curl = curl
                return self._received(self._answer(done))
        if mistrust:
            raise Refused(
                f"{self.where} shows a certificate that is neither in its keystore "
                "nor vouched for under its name by Zimbra's or the system's "
                f"authorities ({mistrust}): restart mailboxd if it was renewed."
            )
        if lost:
            raise Fault(SILENT, f"no TLS connection came about: {lost}", self.where)
        raise Fault(DOWN, "nothing answers on the admin port", self.where)

    def post(self, message: bytes) -> Answer:
        """Send one message."""
        argv = self._host.as_zimbra(*self._curl)
        return self._soap(self._answer(self._patiently(self._sender(argv, message))))

    def _sender(self, argv: tuple[str, ...], message: bytes) -> Callable[[], Done]:
        def send() -> Done:
            self.requests += 1
            return self._host.door.run(argv, given=message, seconds=90)

        return send

    def _sent_login(self, curl: tuple[str, ...]) -> Done:
        return self._patiently(lambda: self._host.ask("login", *curl, seconds=60))

    def _patiently(self, send: Callable[[], Done]) -> Done:
        """Send again, a bounded number of times, while too much is asked at once."""
        done = send()
        for pause in _PAUSES:
            last = done.out.rpartition(b"\n")[2]
            if not last.startswith(_TOO_MANY):
                break
            self._sleep(pause)
            done = send()
        return done

    def _received(self, answer: Answer) -> str:
        self.logins += 1
        inner = body(self._soap(answer).content, self.where)
        found = inner.get("AuthResponse", {}).get("authToken")
        first = found[0] if isinstance(found, list) and found else found
        token = first.get("_content") if isinstance(first, dict) else first
        if not isinstance(token, str) or not token:
            raise Fault("answer.mixed", "no token after a login", self.where)
        self._token = token
        return token

    def _ways(self) -> Iterator[tuple[str, ...]]:
        """Yield curl's words for each address and each proof, the cheapest first."""
        for address in self._place.addresses:
            for proof in self._by_chain():
                yield self._words(address, proof)
        for address in self._place.addresses:
            for proof in self._by_key(address):
                yield self._words(address, proof)

    def _by_chain(self) -> Iterator[tuple[str, ...]]:
        yield "--cacert", f"{self._host.home}/conf/ca/ca.pem"
        for bundle in self._survey.bundles:
            yield "--cacert", bundle

    def _by_key(self, address: str) -> Iterator[tuple[str, ...]]:
        pins = []
        for certificate in self._host.certificates(self._survey):
            key = x509.load_pem_x509_certificate(certificate).public_key()
            public = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            pins.append(base64.b64encode(hashlib.sha256(public).digest()).decode())
        # Names and dates do not matter to a pin, but a curl that ignored pins would
        # trust anybody: it must refuse an impossible one first.
        never = self._words(address, ("--insecure", "--pinnedpubkey", _NO_PIN))
        probe = self._host.as_zimbra(*never)
        if pins and self._host.door.run(probe, seconds=60).code == _WRONG_PIN:
            wanted = ";".join(f"sha256//{pin}" for pin in pins)
            yield "--insecure", "--pinnedpubkey", wanted

    def _words(self, address: str, proof: tuple[str, ...]) -> tuple[str, ...]:
        host, port = self._place.host, self._place.port
        literal = f"[{address}]" if ":" in address else address
        return (
            *("env", "-i", "LC_ALL=C", "PATH=/usr/bin:/bin", self._survey.curl),
            # -q: no .curlrc, which could name a proxy or print everything.
            *("-q", "--silent", "--show-error", "--noproxy", "*", "--proto", "=https"),
            *("--tlsv1.2", "--connect-timeout", "10", *proof),
            *("--resolve", f"{host}:{port}:{literal}"),
            *self._asking(),
        )

    def _asking(self) -> tuple[str, ...]:
        """Return curl's words for one message of SOAP, which end every such list."""
        return (
            *("--max-time", "50"),
            *("--header", "Content-Type: application/soap+xml; charset=utf-8"),
            *("--header", "Expect:", "--data-binary", "@-"),
            *("--write-out", r"\n%{http_code} %{content_type}"),
            f"https://{self._place.host}:{self._place.port}{_PATH}",
        )

    def fetching(self, path: str, silent_seconds: int) -> tuple[str, ...]:
        """Return the argument list that fetches a path from the port that was trusted.

        What must not be seen, such as a cookie, is given to its standard input as a
        configuration of curl's.
        """
        self.token()
        way = self._curl[: -len(self._asking())]
        slow = ("--speed-limit", "1", "--speed-time", str(silent_seconds))
        url = f"https://{self._place.host}:{self._place.port}{path}"
        return self._host.as_zimbra(*way, *slow, "--fail", "--config", "-", url)

    def _answer(self, done: Done) -> Answer:
        if done.code == _REFUSED:
            raise Fault(DOWN, "nothing answers on the admin port", self.where)
        if done.code in _MISTRUST:
            raise Refused(f"{self.where} shows another certificate now: {_said(done)}")
        if done.code in {28, _BROKEN, 52, 55, 56, TIMED_OUT}:
            raise Fault(SILENT, f"the answer was lost: {_said(done)}", self.where)
        content, _, last = done.out.rpartition(b"\n")
        match = _LAST_LINE.fullmatch(last.decode("ascii", "replace"))
        if done.code or match is None:
            raise Fault(f"host.{done.code}", _said(done), self.where)
        return Answer(int(match[1]), match[2], content)

    def _soap(self, answer: Answer) -> Answer:
        """Return the answer if mailboxd's SOAP engine wrote it."""
        if answer.status == _BUSY:
            raise Fault("http.503", "mailboxd starts, or refuses us", self.where)
        if "html" in answer.kind or answer.status not in {200, 500}:
            raise Fault(f"http.{answer.status}", "this is no SOAP answer", self.where)
        return answer


def _said(done: Done) -> str:
    """Return curl's complaint; never its output, which may hold a token."""
    return Done(done.code, b"", done.error).said
