"""Ids, dates and passwords that are the same at every build."""

import base64
import hashlib
import uuid
from datetime import UTC, datetime, timedelta

_NAMESPACE = uuid.UUID("7a6d7761-7264-5c6c-8162-2d7472656521")

# The day that the lab's directory believes it is: "used recently" is counted
# back from here, and an audit of the lab is judged with --now at this date.
TODAY = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)

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
