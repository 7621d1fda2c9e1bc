"""The alarm for people: sets of zmward's own rules that are nearly full."""

from collections.abc import Iterable, Iterator
from typing import Final

from rich.text import Text

from zmward.firewall.room import Room
from zmward.i18n import Speaker, mark
from zmward.reports.lines import hanging
from zmward.reports.plain import plain

_MORE: Final = mark(
    "Raise firewall.bans in the profile and load the whitelist anew, or ban networks "
    "instead of addresses"
)


def alarms(full: Iterable[Room], say: Speaker, width: int) -> Iterator[Text]:
    """Yield a line for each set, and what to do about it."""
    for room in full:
        text = say(
            mark(
                "the set {name} is nearly full, {used} of {size}: what comes next may "
                "find no room"
            )
        ).format(name=plain(room.name, 40), used=room.used, size=room.size)
        if "ban" in room.name:
            text += f". {say(_MORE)}"
        yield from hanging(Text("!", style="bold yellow"), Text(text), 2, width)
