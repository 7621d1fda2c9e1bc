"""The exposure map as geometry: listeners by bind address and port."""

import msgspec

from zmward.exposure import Node, Socket
from zmward.i18n import Speaker, mark

STEP = 24
LEFT = 216
TOP = 78
_ROW = 30

_EVERY = {
    "*": mark("every address, IPv4 and IPv6"),
    "0.0.0.0": mark("every address, IPv4"),  # noqa: S104  # a label
    "::": mark("every address, IPv6"),
}
LOOPBACK = mark("the node itself (loopback)")
# What reaches farthest first.
VERDICTS = {
    "open": ("●", mark("the internet reaches it")),
    "unknown": ("?", mark("who reaches it is not known")),
    "unjudged": ("!", mark("rules are loaded; what they let through is not analysed")),
    "limited": ("◐", mark("only some addresses reach it")),
    "closed": ("○", mark("the loaded rules close it")),
    "local": ("✓", mark("only the node itself reaches it")),
}


class Cell(msgspec.Struct, frozen=True):
    """The sockets of one row and column; the worst of them gives the mark."""

    x: int
    y: int
    verdict: str
    mark: str
    words: str


class Label(msgspec.Struct, frozen=True):
    """A text at a place."""

    x: int
    y: int
    text: str


class Picture(msgspec.Struct, frozen=True):
    """One node's map."""

    host: str
    width: int
    height: int
    columns: tuple[Label, ...]
    rows: tuple[Label, ...]
    cells: tuple[Cell, ...]
    sockets: tuple[Socket, ...]
    reason: str
    rules_reason: str


def _row(socket: Socket, say: Speaker) -> str:
    if socket.reach == "loopback":
        return say(LOOPBACK)
    return say(_EVERY.get(socket.address, socket.address))


def _column(socket: Socket) -> str:
    return f"{socket.port} udp" if socket.protocol == "udp" else f"{socket.port}"


def _weight(socket: Socket) -> tuple[int, str]:
    order = ("everywhere", "address", "loopback")
    return order.index(socket.reach), socket.address


def _words(socket: Socket, say: Speaker) -> str:
    what = f"{socket.protocol} {socket.address}:{socket.port} {socket.program}".strip()
    return f"{what}: {say(VERDICTS[socket.verdict][1])}"


def _cell(sockets: list[Socket], x: int, y: int, say: Speaker) -> Cell:
    found = {socket.verdict for socket in sockets}
    verdict = next(name for name in VERDICTS if name in found)
    words = "\n".join(_words(socket, say) for socket in sockets)
    return Cell(x, y, verdict, VERDICTS[verdict][0], words)


def picture(node: Node, say: Speaker) -> Picture:
    """Return the map of a node; the rows that reach farthest are on top."""
    rows = list(dict.fromkeys(_row(s, say) for s in sorted(node.sockets, key=_weight)))
    columns = list(dict.fromkeys(_column(s) for s in node.sockets))
    groups: dict[tuple[str, str], list[Socket]] = {}
    for socket in node.sockets:
        groups.setdefault((_row(socket, say), _column(socket)), []).append(socket)
    down = {name: TOP + n * _ROW + _ROW // 2 for n, name in enumerate(rows)}
    across = {name: LEFT + n * STEP + STEP // 2 for n, name in enumerate(columns)}
    return Picture(
        host=node.host,
        width=LEFT + max(len(columns), 1) * STEP + 44,
        height=TOP + max(len(rows), 1) * _ROW + 8,
        columns=tuple(Label(x, TOP - 10, name) for name, x in across.items()),
        rows=tuple(Label(LEFT - 12, y, name) for name, y in down.items()),
        cells=tuple(
            _cell(sockets, across[column], down[row], say)
            for (row, column), sockets in groups.items()
        ),
        sockets=node.sockets,
        reason=node.reason,
        rules_reason=node.rules_reason,
    )
