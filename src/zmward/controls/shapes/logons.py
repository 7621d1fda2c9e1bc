"""How old a last logon is, where the directory tells it at all."""

from datetime import UTC, datetime, timedelta

from zmward.controls.shapes.wanted import seconds
from zmward.evidence import Missing, Unseen
from zmward.facts import Facts

_FREQUENCY = "zimbraLastLogonTimestampFrequency"


def precision(facts: Facts) -> timedelta:
    """Return how old a recorded logon may be; raise Unseen where none is recorded."""
    config = facts.config()
    backend = config.one("zimbraEphemeralBackendURL") or "ldap://default"
    if not backend.startswith("ldap"):
        place = backend.partition(":")[0]
        raise Unseen(Missing(f"last logons are kept in {place}, not in the directory"))
    every = seconds(config.one(_FREQUENCY))
    if not every or every < 0:
        raise Unseen(Missing(f"last logons are not recorded: {_FREQUENCY}"))
    return timedelta(seconds=every)


def moment_of(stamp: str) -> datetime | None:
    """Return a generalized time (`20260131235959Z`, `….123Z`); None if it is none."""
    digits = stamp.partition(".")[0].rstrip("Z")
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def month_end(month: str) -> datetime | None:
    """Return the first moment after a month (`202601`); None if it is none."""
    try:
        first = datetime.strptime(month, "%Y%m").replace(tzinfo=UTC)
    except ValueError:
        return None
    return (first + timedelta(days=32)).replace(day=1)
