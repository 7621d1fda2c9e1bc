"""Names from a server as names of files: no two become one, and none climbs.

Letters, digits and `._@+-` stay; anything else, and a point at the begin, becomes `%`
with the two hexadecimal digits of each byte. A name that is too long for a file is cut
and ends in `%~` with its hash, which no other name can have.
"""

import re
from hashlib import sha256
from typing import Final

_PLAIN: Final = re.compile(r"[A-Za-z0-9._@+-]")
_CODED: Final = re.compile(r"%([0-9A-F]{2})")
_LONGEST: Final = 200
_KEPT: Final = 120
_HASH: Final = 32
_CUT: Final = "%~"


def _coded(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "surrogatepass"))


def safe(name: str) -> str:
    """Return the name as one part of a path."""
    found = "".join(c if _PLAIN.fullmatch(c) else _coded(c) for c in name)
    if found.startswith("."):
        found = f"%2E{found[1:]}"
    if not found:
        return "%"
    if len(found) <= _LONGEST:
        return found
    digest = sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH]
    return f"{found[:_KEPT]}{_CUT}{digest}"


def path(name: str) -> str:
    """Return an absolute path of a host as a relative one, part by part."""
    return "/".join(safe(part) for part in name.split("/") if part)


def original(part: str) -> str | None:
    """Return the name behind a part of a path; None where it was cut."""
    if _CUT in part:
        return None
    if part == "%":
        return ""
    raw = _CODED.sub(lambda match: chr(int(match[1], 16)), part)
    return raw.encode("latin-1").decode("utf-8", "surrogatepass")
