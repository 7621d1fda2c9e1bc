"""Where the site's backups are, as the profile tells it."""

import re
from typing import Annotated, Final, Literal

import msgspec

from zmward.strict import Strict

Subject = Literal["ldap", "mariadb", "account"]
SUBJECTS: Final[tuple[Subject, ...]] = ("ldap", "mariadb", "account")
CopyKind = Literal["ne-sessions", "ng-store", "restic", "borg", "folder"]
# Absolute, without what a program could take for an option or a shell for a variable.
AbsolutePath = Annotated[str, msgspec.Meta(pattern=r"^(/[^\x00-\x1f\x7f]*)?$")]

_LOGIN: Final = re.compile(r"://[^/@]*:[^/@]*@")


class Copy(Strict, frozen=True):
    """One place where backups are kept, and what is expected of them."""

    name: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
    kind: CopyKind
    place: Annotated[str, msgspec.Meta(pattern=r"^[^\x00-\x20\x7f-][^\x00-\x1f\x7f]*$")]
    password_file: AbsolutePath = ""
    environment_file: AbsolutePath = ""
    host: str = ""
    pattern: Annotated[str, msgspec.Meta(min_length=1)] = "*"
    hours: Annotated[int, msgspec.Meta(ge=0, le=8784)] = 0
    keep_days: Annotated[int, msgspec.Meta(ge=0, le=3650)] = 14
    least_mib: Annotated[int, msgspec.Meta(ge=0)] = 0
    off_site: bool = False
    transfer_mbit: Annotated[float, msgspec.Meta(ge=0)] = 0
    holds: tuple[Subject, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what the kind cannot use."""
        engine = self.kind in {"restic", "borg"}
        if _LOGIN.search(self.place):
            # The place is an argument of programs, which every user may read.
            raise ValueError(
                f"backups.copy {self.name}: the place holds a password, which all "
                "users of the host would see; set it in the environment-file "
                "(RESTIC_REST_USERNAME and RESTIC_REST_PASSWORD) and take it out"
            )
        if self.kind == "restic" and not self.password_file:
            raise ValueError(f"backups.copy {self.name}: restic needs a password-file")
        if not engine and not self.place.startswith("/"):
            raise ValueError(f"backups.copy {self.name}: the place must begin with /")
        if not engine and (self.password_file or self.environment_file or self.host):
            raise ValueError(
                f"backups.copy {self.name}: password-file, environment-file and host "
                "are for restic and borg"
            )


class Backups(Strict, frozen=True):
    """Where the site's backups are, and how a restore is rehearsed."""

    scratch: AbsolutePath = "/var/tmp"  # noqa: S108  # a new folder of root's within it
    ldap: tuple[str, ...] = ("ldap.bak", "ldap.bak.*", "ldap.ldif", "ldap.ldif.gz")
    ldap_config: tuple[str, ...] = ("ldap-config.bak", "ldap-config.*")
    mariadb: tuple[str, ...] = ("*.sql", "*.sql.gz")
    account: tuple[str, ...] = ("*.tgz",)
    copy: tuple[Copy, ...] = ()

    def __post_init__(self) -> None:
        """Refuse two copies of one name, and a drill of nothing."""
        if not self.ldap and not self.mariadb and not self.account:
            raise ValueError("backups: ldap, mariadb and account are all empty")
        names = [one.name for one in self.copy]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"backups.copy: {name} is the name of two")
        for one in self.copy:
            if not self.held(one):
                raise ValueError(f"backups.copy {one.name}: it holds nothing kept")

    @property
    def kept(self) -> tuple[Subject, ...]:
        """Return what the site keeps: what has no name is not."""
        return tuple(one for one in SUBJECTS if getattr(self, one))

    def held(self, copy: Copy) -> tuple[Subject, ...]:
        """Return what a copy holds, and what a drill of it must restore."""
        return tuple(one for one in self.kept if not copy.holds or one in copy.holds)
