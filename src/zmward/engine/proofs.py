"""Proofs that need a probe account of the site's own: never without being asked for."""

import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final

import msgspec

from zmward.doors.network import Network
from zmward.doors.ssh_login import SSH_PROOFS, ssh_logins
from zmward.engine.talks import fault
from zmward.errors import Unreachable
from zmward.scan.line import Ask
from zmward.scan.login import Guards, LoginShown, Proof, Wishes, proofs, risk, wished
from zmward.scan.login_account import Account, Tries
from zmward.scan.login_origin import traced
from zmward.scan.login_sent import Letter, Probe, collected, send
from zmward.scan.seen import PortSeen

# A message is on its way for some seconds; then somebody reads it by hand.
_ON_ITS_WAY: Final = 30
_BETWEEN: Final = 3
_LOOKS: Final = 5


class Login(msgspec.Struct, frozen=True):
    """What is to be proved by logging in.

    `anyway`: also where a lockout or a jail could act, or nobody knows. `ssh` is the
    user for whom the ways to log in over SSH are proved; empty for nobody. `send_to`
    gets one message, whose headers are looked at; empty for none. The password goes to
    nobody whose certificate is not believed, unless it is to `any_certificate`. `log`
    gives the newest lines of the server's audit.log.
    """

    account: Account | None = None
    wishes: Wishes = Wishes()
    guards: Guards = Guards()
    anyway: bool = False
    ssh: str = ""
    send_to: str = ""
    any_certificate: bool = False
    log: Callable[[], Iterable[str]] | None = None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def prove(
    network: Network,
    ports: Sequence[PortSeen],
    ask: Ask,
    login: Login,
    tries: Tries,
) -> Iterator[LoginShown]:
    """Yield how each proof ended; `tries` are shared by all hosts of a run."""
    before = tries.spent
    doubt = "" if login.anyway else risk(login.guards)
    if login.account is not None and login.send_to and not doubt:
        probe = Probe(network, ask, login.account, tries)
        yield _sent(probe, ports, login.send_to)
    elif login.account is not None and login.send_to:
        name = login.account.name
        yield LoginShown("sent-headers", network.address, 0, name, trouble=doubt)
    if login.account is not None and tries.spent == before:
        found = proofs(
            *(network, ports, ask, login.account, login.wishes),
            guards=login.guards,
            now=_now,
            source=network.source(),
            anyway=login.anyway,
            tries=tries,
        )
        yield from (_traced(shown, login) for shown in found)
    if login.ssh:
        for port in ports:
            if port.service == "ssh":
                yield from ssh_logins(login.ssh, port.address, port.port)


def proved(
    network: Network,
    ports: Sequence[PortSeen],
    ask: Ask,
    login: Login,
    tries: Tries,
) -> tuple[LoginShown, ...]:
    """Return how each proof ended; one that breaks zmward leaves all of them in doubt.

    What was found before is kept, and an unknown of each kind stands beside it.
    """
    found: list[LoginShown] = []
    try:
        for shown in prove(network, ports, ask, login, tries):
            found.append(shown)  # noqa: PERF402  # what came before a fault counts
    except Exception as error:  # noqa: BLE001  # no server may end the whole scan
        name, why = login.account.name if login.account else login.ssh, fault(error)
        found += (
            LoginShown(proof, network.address, 0, name, trouble=why)
            for proof in _asked(login)
        )
    return tuple(found)


def _asked(login: Login) -> Iterator[Proof]:
    if login.account is not None and login.send_to:
        yield "sent-headers"
    if login.account is not None:
        yield from wished(login.wishes)
    if login.ssh:
        yield from SSH_PROOFS


def _traced(shown: LoginShown, login: Login) -> LoginShown:
    """Look for a login in the server's log: its line may take a moment."""
    if login.log is None:
        return shown
    for _ in range(_LOOKS):
        try:
            found = traced(shown, login.log())
        except Unreachable as error:
            return msgspec.structs.replace(shown, trouble=str(error))
        if found.proof != "origin-in-log" or not found.trouble:
            break
        time.sleep(1)
    return found


def _sent(probe: Probe, ports: Sequence[PortSeen], to: str) -> LoginShown:
    """Send one message; fetch it again where it went to the probe account itself."""
    letter = Letter(to, secrets.token_hex(12), format_datetime(datetime.now(UTC)))
    shown = send(probe, ports, letter)
    boxes = [p for p in ports if p.service == "imap" and p.tls]
    if shown.trouble or to != probe.account.name or not boxes:
        return shown
    until = time.monotonic() + _ON_ITS_WAY
    while time.monotonic() < until and not probe.tries.spent:
        if (found := collected(probe, boxes[0], shown, letter)) is not None:
            return found
        time.sleep(_BETWEEN)
    return msgspec.structs.replace(shown, trouble="the message did not come in time")
