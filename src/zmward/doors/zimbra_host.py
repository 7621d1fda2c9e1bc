"""A Zimbra host as its own programs see it: localconfig, LDAP, the keystore.

Everything is asked by one fixed shell program (directory.sh), run as user zimbra, so
that Zimbra's passwords never leave the host nor its memory.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Final, Protocol

import msgspec

from zmward.doors.host import Done, lock_mark
from zmward.errors import Fault, NotZimbra, Unreachable
from zmward.sources import ldif
from zmward.sources.localconfig import Localconfig
from zmward.sources.source import Unreadable

_KEYS: Final = (
    *("zimbra_server_hostname", "ldap_url", "ldap_master_url", "zimbra_home"),
    *("ldap_starttls_supported", "zimbra_ldap_userdn", "mailboxd_keystore"),
    *("mailboxd_directory", "zmprov_safeguarded_attrs", "ldap_is_master"),
)
_PATH: Final = "PATH=/usr/sbin:/usr/bin:/sbin:/bin"
_NO_SUCH_OBJECT = 32
_NO_INPUT = 66


@cache
def _program() -> str:
    return (files("zmward.doors") / "directory.sh").read_text("utf-8")


class Runner(Protocol):
    """What is asked of a door: to run one program."""

    @property
    def name(self) -> str:
        """Return how messages name the host."""

    def run(
        self,
        argv: Sequence[str],
        *,
        given: bytes = b"",
        user: str = "root",
        seconds: int = 60,
    ) -> Done:
        """Run one program with these very arguments and wait for its end."""


class Survey(msgspec.Struct, frozen=True):
    """What a host says of itself; no value of it is secret."""

    local: Localconfig
    curl: str
    bundles: tuple[str, ...]

    def value(self, key: str) -> str:
        """Return a localconfig value in force, or an empty text."""
        return self.local.value(key) or ""


class ZimbraHost(msgspec.Struct, frozen=True):
    """A door, where Zimbra lives behind it, and who runs its programs."""

    door: Runner
    home: str = "/opt/zimbra"
    user: str = "zimbra"

    def as_zimbra(self, *argv: str) -> tuple[str, ...]:
        """Return the words that run a program as Zimbra's user, without a login.

        That user may read the environment of what runs as it, and root's may hold the
        passwords of backups: nothing of it goes along.
        """
        if not self.user:
            return argv
        bare = ("env", "-i", _PATH, "LC_ALL=C", *lock_mark())
        return (*bare, "runuser", "-u", self.user, "--", *argv)

    def ask(self, what: str, *words: str, seconds: int = 30) -> Done:
        """Run one question of directory.sh."""
        return self.door.run(self.asking(what, *words), seconds=seconds)

    def asking(self, what: str, *words: str) -> tuple[str, ...]:
        """Return the words that run one question of directory.sh."""
        program = ("sh", "-c", _program(), "zmward", what, self.home, *words)
        return self.as_zimbra(*program)

    def survey(self) -> Survey:
        """Return the host's name, its directory's address and its tools."""
        done = self.ask("survey", *_KEYS)
        if done.code == _NO_INPUT:
            raise NotZimbra(
                f"{self.door.name} has no {self.home}/conf/localconfig.xml."
            )
        if done.code:
            raise Unreachable(f"{self.door.name} could not be surveyed: {done.said}")
        lines = done.out.decode("utf-8", "replace").splitlines()
        parts = [line.partition(" ")[::2] for line in lines]
        keys = (rest.partition(" ")[::2] for word, rest in parts if word == "key")
        return Survey(
            Localconfig({key: value.strip() for key, value in keys if value.strip()}),
            next((rest for word, rest in parts if word == "curl"), ""),
            tuple(rest for word, rest in parts if word == "bundle"),
        )

    def search(
        self, survey: Survey, base: str, scope: str, wanted: str, *names: str
    ) -> tuple[ldif.Record, ...]:
        """Ask the writable directory itself, past every cache."""
        url = survey.value("ldap_master_url") or survey.value("ldap_url")
        tls = ("-ZZ",) if survey.value("ldap_starttls_supported") == "1" else ()
        words = (
            *("-LLL", "-x", *tls, "-o", "ldif-wrap=no", "-o", "nettimeout=10"),
            *("-H", url, "-D", survey.value("zimbra_ldap_userdn")),
            *("-b", base, "-s", scope, wanted, *names),
        )
        done = self.ask("search", *words)
        if done.code == _NO_SUCH_OBJECT:
            return ()
        where = f"the directory of {self.door.name}"
        if done.code:
            raise Fault(f"ldap.{done.code}", done.said, where)
        try:
            return ldif.parse(done.out.decode("utf-8", "backslashreplace"))
        except Unreadable as error:
            raise Fault("ldap.unreadable", str(error), where) from error

    def certificates(self, survey: Survey) -> Iterator[bytes]:
        """Yield mailboxd's own certificates, in PEM, as its keystore has them."""
        done = self.ask("keystore", survey.value("mailboxd_keystore"))
        if done.code:
            return
        begin, end = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"
        for part in done.out.split(begin)[1:]:
            # keytool prints whole chains: only the first of each is the server's.
            yield begin + part.partition(end)[0] + end + b"\n"
            if b"\nCertificate[2]:" in done.out:
                return


def filtered(attribute: str, value: str) -> str:
    """Return a filter for exactly this value (RFC 4515)."""
    special = "\\*()\0"
    safe = "".join(
        f"\\{ord(letter):02x}" if letter in special else letter for letter in value
    )
    return f"({attribute}={safe})"
