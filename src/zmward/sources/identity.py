"""Which host was asked, and when by its own clock."""

import hashlib
from datetime import UTC, datetime

import msgspec

from zmward.sources.source import Snippet, Source, Unreadable


class Identity(msgspec.Struct, frozen=True):
    """The host's own name, the time of the question (ISO 8601, UTC), who asked.

    `machine` is a hash of the machine's own id, by which a plan knows its host.
    """

    name: str
    when: str
    user: str
    machine: str = ""


def fingerprint(machine_id: str) -> str:
    """Return how evidence and plans name a machine: its id is not to leave it."""
    return hashlib.sha256(f"zmward {machine_id.strip()}".encode()).hexdigest()[:32]


def parse(answer: str) -> Identity:
    """Read `key value` lines."""
    found = dict(line.split(" ", 1) for line in answer.splitlines() if " " in line)
    try:
        when = datetime.fromtimestamp(int(found["time"]), UTC)
        name = found.get("name", "").strip() or found["node"].strip()
    except (KeyError, ValueError, OverflowError) as error:
        raise Unreadable("the host does not say its name and time") from error
    return Identity(
        name=name,
        when=when.isoformat(),
        user=found.get("user", ""),
        machine=found.get("machine", "").strip(),
    )


IDENTITY = Source(
    name="identity",
    about="The host's name and clock, and who asks.",
    question=Snippet(
        """
printf 'name %s\\n' "$(limit hostname -f 2>/dev/null)"
printf 'node %s\\n' "$(uname -n)"
printf 'time %s\\n' "$(date +%s)"
printf 'user %s\\n' "$(id -un)"
if [ -r /etc/machine-id ]; then
    printf 'machine %s\\n' "$(
        printf 'zmward %s' "$(cat /etc/machine-id)" | sha256sum | cut -c1-32
    )"
fi
""",
        seconds=5,
    ),
    parse=parse,
)
