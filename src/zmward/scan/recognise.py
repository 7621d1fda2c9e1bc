"""Which service a port speaks: told by what it says, never by its number."""

from zmward.scan.line import Ask, Dial
from zmward.scan.named import Named


def recognise(dial: Dial, port: int, ask: Ask) -> tuple[Named, str]:
    """Return the service of an open port and its printable greeting, if it has one."""
    del dial, port, ask
    return Named(""), ""
