"""What a backup of zmward's consists of, and what is told of it afterwards."""

import re
from collections.abc import Sequence
from typing import Final, Literal
from urllib.parse import quote

import msgspec

SCHEMA: Final = "zmward.backup-run/1"
LDAP: Final = "ldap.ldif"
LDAP_CONFIG: Final = "ldap-config.ldif"
CONFIG: Final = "config"
MARIADB: Final = "mariadb.sql"
Outcome = Literal["stored", "empty", "failed"]
# By what an administrator would miss: settings, keys, certificates, templates.
PATHS: Final = (
    *("conf", "ssl", ".ssh", "common/etc/java/cacerts"),
    *("mailboxd/etc/keystore", "jetty_base/etc/keystore"),
)
_DN: Final = re.compile(r"uid=([^,+\\]+),ou=people((?:,dc=[^,+\\]+)+)", re.IGNORECASE)


class Piece(msgspec.Struct, frozen=True):
    """One part of a run: what it is, what became of it, its bytes and checksum."""

    name: str
    outcome: Outcome
    bytes: int = 0
    sha256: str = ""
    text: str = ""
    counts: dict[str, int] = {}


class BackupRun(msgspec.Struct, frozen=True):
    """A whole run, as it is told and, at its end, stored beside its pieces."""

    schema: str
    run: str
    host: str
    when: str
    copy: str
    pieces: tuple[Piece, ...]
    seconds: float = 0.0
    zmward: str = ""

    @property
    def whole(self) -> bool:
        """Say whether every piece is stored."""
        return all(piece.outcome != "failed" for piece in self.pieces)

    @property
    def bytes(self) -> int:
        """Return the bytes of all pieces."""
        return sum(piece.bytes for piece in self.pieces)


class Mailbox(msgspec.Struct, frozen=True):
    """An account that has a mailbox on this server."""

    name: str
    id: str

    @property
    def path(self) -> str:
        """Return the path of its export on the admin port."""
        return f"/home/{quote(self.name, safe='@')}/?fmt=tgz"

    @property
    def file(self) -> str:
        """Return the name under which it is stored; it leads nowhere."""
        return f"account-{quote(self.name, safe='@+=')}.tgz"


def named(dn: str, mails: Sequence[str]) -> str:
    """Return an account's name by its place in the directory, else by its mail."""
    match = _DN.fullmatch(dn)
    if match is None:
        return next(iter(mails), "")
    domain = ".".join(part[3:] for part in match[2].strip(",").split(","))
    return f"{match[1]}@{domain}"
