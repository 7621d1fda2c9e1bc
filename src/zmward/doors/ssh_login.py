"""The door to logins over SSH: the system's own ssh tries, without any password."""

from collections.abc import Sequence
from typing import Final

from zmward.doors.waited import FLOODED, TIMED_OUT, waited
from zmward.errors import Unreachable
from zmward.scan.login import LoginShown, Proof
from zmward.scan.login_ssh import argv, told, untold

_MOST = 100_000
SSH_PROOFS: Final[tuple[Proof, ...]] = ("ssh-passwords", "ssh-keys")


def ssh_logins(
    user: str, address: str, port: int = 22, *, proofs: Sequence[Proof] = SSH_PROOFS
) -> tuple[LoginShown, ...]:
    """Ask which ways sshd takes, and log in by the administrator's own key.

    The host's key must be known to the system's ssh: an impostor proves nothing.
    """
    return tuple(_one(proof, user, address, port) for proof in proofs)


def _one(proof: Proof, user: str, address: str, port: int) -> LoginShown:
    words = argv(proof, user, address, port)
    if not words:
        reason = "the user or the address is none that ssh could be told"
        return untold(proof, user, address, port, reason)
    try:
        heard = waited(words, b"", 0, most=_MOST)
    except Unreachable as error:
        return untold(proof, user, address, port, str(error))
    if heard.code in (FLOODED, TIMED_OUT):
        return untold(proof, user, address, port, heard.error.decode())
    return told(proof, user, address, port, (heard.code, heard.error))
