"""The installer's diary: /opt/zimbra/.install_history."""

import re

import msgspec

from zmward.sources.source import File, Source, Unreadable

_LINE = re.compile(r"(\d+): (.*)")
_PATCH = re.compile(r"CONFIGURED ((?:[a-z]+-)?patch) ?(\d\S*)")
_SESSION = "INSTALL SESSION START"

KINDS = ("patch", "mta-patch", "proxy-patch", "ldap-patch")


class History(msgspec.Struct, frozen=True):
    """Each kind of patch as it was configured last, since the last installation."""

    patches: dict[str, str]
    installed: tuple[str, ...] = ()
    complete: bool = True


def parse(answer: str) -> History:
    """Read `epoch: text` lines; a new installation forgets the patches before it."""
    patches: dict[str, str] = {}
    installed: list[str] = []
    complete = True
    seen = False
    for line in answer.splitlines():
        if not line.strip():
            continue
        match = _LINE.match(line.strip())
        if match is None:
            raise Unreadable(f".install_history: not an event: {line[:60]!r}")
        seen = True
        event = match[2]
        patch = _PATCH.fullmatch(event)
        if event == _SESSION:
            patches, installed, complete = {}, [], False
        elif event == "INSTALL SESSION COMPLETE":
            complete = True
        elif event.startswith(("INSTALLED ", "UPGRADED ")):
            installed.append(event.split(" ", 1)[1])
        elif patch:
            patches[patch[1]] = patch[2]
    if not seen:
        raise Unreadable(".install_history is empty")
    return History(patches, tuple(installed), complete)


HISTORY = Source(
    name="install-history",
    about="What was installed and patched, by the installer's own diary.",
    question=File("/opt/zimbra/.install_history"),
    parse=parse,
)
