"""What an ICMP message says of the port that it is about (RFC 792, 4443)."""

from typing import Final, Literal

from zmward.scan.seen import PortState

Family = Literal[4, 6]
# Unreachable, and time exceeded: somebody on the way had the packet and dropped it.
_UNREACHABLE: Final[dict[Family, int]] = {4: 3, 6: 1}
_EXCEEDED: Final[dict[Family, int]] = {4: 11, 6: 3}
_PORT: Final[dict[Family, int]] = {4: 3, 6: 4}
_HOST: Final[dict[Family, int]] = {4: 1, 6: 3}
_TOO_BIG: Final = 4


def meaning(
    family: Family, kind: int, code: int, proto: Literal["tcp", "udp"]
) -> PortState | None:
    """Return the state of the port, or nothing where the message is no verdict.

    TCP itself answers for a closed port: "port unreachable" is a packet filter's word.
    """
    if kind == _EXCEEDED[family]:
        return "filtered"
    if kind != _UNREACHABLE[family] or (family == 4 and code == _TOO_BIG):  # noqa: PLR2004
        return None
    return "closed" if proto == "udp" and code == _PORT[family] else "filtered"


def nobody(family: Family, kind: int, code: int) -> bool:
    """Say whether the message says that no machine has the address."""
    return (kind, code) == (_UNREACHABLE[family], _HOST[family])
