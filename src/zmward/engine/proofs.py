"""Proofs that need a probe account of the site's own: never without being asked for."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import msgspec

from zmward.doors.network import Network
from zmward.doors.ssh_login import ssh_logins
from zmward.scan.line import Ask
from zmward.scan.login import Guards, LoginShown, Wishes, proofs
from zmward.scan.login_account import Account
from zmward.scan.seen import PortSeen


class Login(msgspec.Struct, frozen=True):
    """What is to be proved by logging in.

    `anyway`: also where a lockout or a jail could act, or nobody knows. `ssh` is the
    user for whom the ways to log in over SSH are proved; empty for nobody.
    """

    account: Account | None = None
    wishes: Wishes = Wishes()
    guards: Guards = Guards()
    anyway: bool = False
    ssh: str = ""


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def prove(
    network: Network, ports: Sequence[PortSeen], ask: Ask, login: Login
) -> Iterator[LoginShown]:
    """Yield how each proof ended."""
    if login.account is not None:
        yield from proofs(
            *(network, ports, ask, login.account, login.wishes),
            guards=login.guards,
            now=_now,
            source=network.source(),
            anyway=login.anyway,
        )
    if login.ssh:
        for port in ports:
            if port.service == "ssh":
                yield from ssh_logins(login.ssh, port.address, port.port)
