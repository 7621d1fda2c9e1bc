"""Who runs zmward: a key that stays the same on one machine."""

import hashlib
import secrets
from pathlib import Path

_MACHINE_ID = Path("/etc/machine-id")


def site_key(machine_id: Path = _MACHINE_ID) -> bytes:
    """Return a key made from this machine's id, or a new one where it has none."""
    try:
        own = machine_id.read_bytes().strip()
    except OSError:
        own = b""
    seed = own or secrets.token_bytes(32)
    return hashlib.sha256(b"zmward pseudonyms\0" + seed).digest()
