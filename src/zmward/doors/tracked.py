"""The kernel's table of connections, which a sweep of this machine must not fill.

Each question that nobody answers stays in it for two minutes; when it is full, Linux
drops the first packets of everybody's connections, a mail server's too.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

_FOLDER: Final = Path("/proc/sys/net/netfilter")
_MOST: Final = 0.8
_EVERY: Final = 0.1


class Tracked:
    """Holds a sweep up while more than four fifths of the table are in use."""

    def __init__(self, until: Callable[[], float], folder: Path = _FOLDER) -> None:
        self._until, self._folder = until, folder
        self._next = 0.0

    def hold(self) -> None:
        """Wait until there is room, or the time is over."""
        now = time.monotonic()
        if now < self._next:
            return
        while self._crowded() and time.monotonic() < self._until():
            time.sleep(_EVERY)
        self._next = time.monotonic() + _EVERY

    def _crowded(self) -> bool:
        """Say whether the table is in use that far; there may be no table at all."""
        try:
            count, most = (
                int((self._folder / f"nf_conntrack_{name}").read_text("ascii"))
                for name in ("count", "max")
            )
        except (OSError, ValueError):
            return False
        # Nought is no limit.
        return most > 0 and count > _MOST * most
