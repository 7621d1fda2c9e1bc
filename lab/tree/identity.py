"""Ids and passwords that are the same at every build, and the lab's day."""

import base64
import hashlib
import os
import uuid
from datetime import UTC, datetime, timedelta

_NAMESPACE = uuid.UUID("7a6d7761-7264-5c6c-8162-2d7472656521")

# The day that the lab's directory, logs and backups believe it is: "used recently"
# is counted back from its first second. A node runs on the machine's own clock, so
# it is the real day; certificates and tokens could not agree with another one.
_DAY = os.environ.get("ZMWARD_LAB_TODAY") or datetime.now(UTC).date().isoformat()
TODAY = datetime.fromisoformat(_DAY).replace(tzinfo=UTC)

# Every mail user's password, and that of the administrators.
USER_PASSWORD = "Orchard-Lantern-42"  # noqa: S105 - opens only the lab
ADMIN_PASSWORD = "Granite-Harbour-77-Quill"  # noqa: S105 - opens only the lab


def identifier(name: str) -> str:
    """Return the zimbraId of that name."""
    return str(uuid.uuid5(_NAMESPACE, name))


def secret(name: str, length: int = 16) -> str:
    """Return a random-looking word for that name."""
    digest = hashlib.sha256(f"lab secret of {name}".encode()).digest()
    word = base64.b64encode(digest).decode().replace("+", "x").replace("/", "q")
    return word.rstrip("=")[:length]


def stamp(days_ago: float) -> str:
    """Return the generalized time of that many days before the lab's today."""
    return (TODAY - timedelta(days=days_ago)).strftime("%Y%m%d%H%M%SZ")


def salted_hash(password: str, name: str) -> str:
    """Return the {SSHA512} value of a password, salted by the entry's name."""
    salt = hashlib.sha256(f"lab salt of {name}".encode()).digest()[:8]
    digest = hashlib.sha512(password.encode() + salt).digest()
    return "{SSHA512}" + base64.b64encode(digest + salt).decode()
