"""Asks a live host for the fingerprints of its own secrets: their values stay there.

The keys are of the directory and of this node alone, made from the site's key, which
itself goes nowhere.
"""

from collections.abc import Iterator
from importlib.resources import files
from typing import Final

from msgspec.structs import replace

from zmward.configuration.asked import FINGERPRINTS, TEMPLATE_PATTERNS
from zmward.configuration.sealed import SHARED, Seal
from zmward.doors.host import Door
from zmward.engine.answers import read
from zmward.engine.script import collector
from zmward.evidence import DIRECTORY, Answer, Evidence, Missing
from zmward.sources.masking import NO_SECRET, SECRET_ENDING, SECRET_KEY
from zmward.sources.source import Snippet, Source, text

_BLOCK: Final = 64
_INNER, _OUTER = 0x36, 0x5C
_SECONDS: Final = 400
_CRONTABS: Final = ("/var/spool/cron/crontabs/zimbra", "/var/spool/cron/zimbra")
_NAMES: Final = {"directory": DIRECTORY, "node": ""}


def _pad(key: bytes, number: int) -> str:
    """Return a padded key of HMAC (RFC 2104) as printf's octal escapes."""
    padded = key.ljust(_BLOCK, b"\0")
    return "".join(f"\\0{byte ^ number:03o}" for byte in padded)


def _keys(seal: Seal, name: str) -> Iterator[str]:
    yield f"{name}_inner='{_pad(seal.key, _INNER)}'"
    yield f"{name}_outer='{_pad(seal.key, _OUTER)}'"


def _sources() -> tuple[Source[str], ...]:
    return tuple(
        Source(
            name=f"fingerprints-{name}",
            about="Fingerprints of secrets, in place of them.",
            question=Snippet(":", seconds=_SECONDS),
            parse=text,
        )
        for name in _NAMES
    )


def script(key: bytes, node: str, version: str) -> str:
    """Return the script that asks; it holds keys, and must not become an argument."""
    asked = collector(_sources(), version)
    own = (files("zmward.engine") / "fingerprints.sh").read_text("utf-8")
    filled = (
        own.replace("@SECRET_ENDING@", SECRET_ENDING)
        .replace("@NO_SECRET@", NO_SECRET)
        .replace("@SECRET_KEY@", SECRET_KEY)
        .replace("@TEXTS@", " ".join((*_CRONTABS, *TEMPLATE_PATTERNS)))
    )
    keys = (*_keys(Seal(key, SHARED), "shared"), *_keys(Seal(key, node), "own"))
    head, main, tail = asked.partition("\nmain() {\n")
    return "\n".join((head, *keys, filled, f"{main.strip()}\n{tail}"))


def _node(evidence: Evidence) -> str:
    return next(iter(evidence.hosts), "")


def sealed(door: Door, evidence: Evidence, key: bytes, version: str) -> Evidence:
    """Return the evidence with the fingerprints that its host could make.

    Where it could not, a secret is only known to be set; nothing fails for that.
    """
    node = _node(evidence)
    given = script(key, node, version).encode()
    done = door.run(("sh", "-s"), given=given, seconds=2 * _SECONDS)
    asked = _sources()
    found: dict[str, Answer | Missing] = {}
    if not done.code:
        found = read(done.out.splitlines(keepends=True), asked, door.name)
    answers = {host: dict(known) for host, known in evidence.answers.items()}
    for name, host in _NAMES.items():
        answer = found.get(f"fingerprints-{name}", Missing("the host made none"))
        answers.setdefault(host or node, {})[FINGERPRINTS] = answer
    return replace(evidence, answers=answers)
