"""Services that tell what they are by their first words, and what those words say."""

import re
from collections.abc import Callable
from typing import Final

from zmward.scan import mailbox, smtp
from zmward.scan.named import Named
from zmward.scan.smtp_talk import readable

_SSH: Final = re.compile(rb"SSH-[0-9.]+-([^\r\n]{0,255})")
_FIRST_WORD: Final = re.compile(r"([A-Za-z][A-Za-z.+-]*)[_-]([0-9]\S*)")
_VERSION: Final = re.compile(r"\b([0-9]+\.[0-9]+(?:\.[0-9]+)*[A-Za-z0-9_.+-]*)")
_MYSQL_PROTOCOL: Final = 0x0A
_MYSQL_REFUSAL: Final = 0xFF
_MYSQL_HEAD: Final = 5
_LONGEST: Final = 255

Recogniser = Callable[[bytes], Named | None]


def _ssh(content: bytes) -> Named | None:
    match = _SSH.match(content)
    if not match:
        return None
    words = readable(match[1], _LONGEST).strip()
    found = _FIRST_WORD.match(words)
    if not found:
        return Named("ssh", words[:80])
    rest = words[found.end() :]
    return Named("ssh", found[1], f"{found[2]}{rest}"[:80])


def mysql(content: bytes) -> Named | None:
    """Tell MySQL's packet: its length, number 0, then protocol 10 or a refusal."""
    if len(content) < _MYSQL_HEAD or content[3] != 0:
        return None
    if content[4] == _MYSQL_PROTOCOL:
        words = readable(content[5:85].split(b"\0")[0])
        if not _VERSION.match(words):
            return None
        # MariaDB puts 5.5.5- before its version, so that old replicas take it.
        product = "MariaDB" if "mariadb" in words.lower() else "MySQL"
        return Named("mysql", product, words.removeprefix("5.5.5-"))
    if content[4] == _MYSQL_REFUSAL and b"Host " in content[:64]:
        product = "MariaDB" if b"MariaDB" in content else "MySQL"
        return Named("mysql", product)
    return None


GREETINGS: Final[tuple[Recogniser, ...]] = (_ssh, smtp.named, mailbox.named, mysql)


def greeted(content: bytes) -> Named | None:
    """Return the service that speaks these first words; None for unknown words."""
    found = (recogniser(content) for recogniser in GREETINGS)
    return next((named for named in found if named), None)
