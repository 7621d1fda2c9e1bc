"""The directory while mailboxd is down: `zmprov -l`, one command at a time.

zmprov's batch mode does not stop at an error and exits 0, so it is never used. What
was written is read back from LDAP, since a word that zmprov dropped is no error to it.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from zmward.doors.directory import (
    DOWN,
    NATURE,
    Own,
    Values,
    checked,
    divided,
    named,
    untouchable,
)
from zmward.doors.zimbra_host import ZimbraHost, filtered
from zmward.errors import Fault, Refused
from zmward.sources import ldif

_VERBS: Final = {
    "global": "mcf",
    "server": "ms",
    "cos": "mc",
    "domain": "md",
    "account": "ma",
}
_CACHES: Final = {"global": "config"}
_ERROR = re.compile(
    r"^ERROR: ([A-Za-z]+\.[A-Z_]+) \((.*?)\)( \(cause: .*)?$", re.MULTILINE | re.DOTALL
)
_FILTERS: Final = {
    "server": ("cn=servers,cn=zimbra", "one", "zimbraServer", "cn"),
    "cos": ("cn=cos,cn=zimbra", "one", "zimbraCOS", "cn"),
    "domain": ("", "sub", "zimbraDomain", "zimbraDomainName"),
    "account": ("", "sub", "zimbraAccount", "mail"),
}
_PRINCIPALS: Final = ("cn=admins,cn=zimbra", "cn=appaccts,cn=zimbra")
_SAFEGUARDED: Final = "zimbraServiceEnabled,zimbraServiceInstalled"
# The Linux kernel takes no longer word, whatever the whole line has.
_LONGEST_WORD: Final = 128 * 1024
_SECONDS: Final = 180


class ZmprovDirectory:
    """The directory past mailboxd, whose caches are flushed once it answers again."""

    def __init__(self, host: ZimbraHost, *, beside: bool = False) -> None:
        # mailboxd runs beside it, but does not answer.
        self.beside = beside
        self._host = host
        self._survey = host.survey()
        self._pending: set[str] = set()

    @property
    def unflushed(self) -> tuple[str, ...]:
        """Return the kinds that mailbox servers may still remember as they were."""
        return tuple(sorted(self._pending))

    def read(self, target: str, attributes: Iterable[str]) -> Own:
        """Return an object's own values; None means: not set there."""
        names = named(attributes)
        record = self._record(target, names)
        return {name: record.values.get(name.lower()) for name in names}

    def read_many(self, wanted: Mapping[str, Iterable[str]]) -> dict[str, Own]:
        """Return the own values of several objects."""
        return {target: self.read(target, names) for target, names in wanted.items()}

    def write(self, target: str, values: Mapping[str, Values | None]) -> None:
        """Set attributes of one object, all or none; None gives inheritance back."""
        wanted = checked(target, values)
        kind, name = divided(target)
        self._spare(target)
        words = [] if kind == "global" else [name]
        for attribute, found in wanted.items():
            for value in found or ("",):
                words += [attribute, _word(target, attribute, value)]
        self._run(*self._options(wanted), _VERBS[kind], *words, where=target)
        self._pending.add(_CACHES.get(kind, kind))
        self._read_back(target, wanted)

    def flush(self, kinds: Iterable[str]) -> None:
        """Make mailbox servers forget these kinds, now or when one answers again."""
        self._pending |= {_CACHES.get(kind, kind) for kind in kinds}
        if not self._pending:
            return
        types = ",".join(self.unflushed)
        try:
            self._run("fc", "-a", types, where=f"zmprov fc -a {types}")
        except Fault as error:
            if error.fault != DOWN:
                raise
        else:
            self._pending.clear()

    def close(self) -> None:
        """Try once more to flush what is still remembered elsewhere."""
        if self._pending:
            self.flush(())

    def _record(self, target: str, names: Iterable[str]) -> ldif.Record:
        kind, name = divided(target)
        if kind == "global":
            base, scope, wanted = "cn=config,cn=zimbra", "base", "(objectClass=*)"
        else:
            base, scope, its_class, attribute = _FILTERS[kind]
            wanted = f"(&(objectClass={its_class}){filtered(attribute, name)})"
        asked = ("objectClass", *names)
        found = self._host.search(self._survey, base, scope, wanted, *asked)
        if len(found) != 1:
            code = f"account.NO_SUCH_{kind.upper()}"
            raise Fault(code, f"no such {kind}: {name}", self._host.door.name)
        return found[0]

    def _spare(self, target: str) -> None:
        """Refuse Zimbra's own accounts, whatever name leads to them."""
        kind, name = divided(target)
        if kind != "account":
            return
        record = self._record(target, (*NATURE, "uid"))
        if record.dn.lower().endswith(_PRINCIPALS) or untouchable(record.values):
            raise Refused(f"{target} is a system account or a resource: not touched.")
        if f"{record.one('uid')}@{_domain(record.dn)}".lower() != name.lower():
            raise Refused(f"{target} is another name of {record.dn!r}.")

    def _options(self, wanted: Mapping[str, Values]) -> tuple[str, ...]:
        listed = self._survey.value("zmprov_safeguarded_attrs") or _SAFEGUARDED
        guarded = {name.strip().lower() for name in listed.split(",")}
        # Without -r zmprov refuses to replace these lists by anything.
        return ("-l", "-r") if guarded & {n.lower() for n in wanted} else ("-l",)

    def _run(self, *words: str, where: str) -> None:
        argv = (f"{self._host.home}/bin/zmprov", *words)
        user = self._host.user or "root"
        done = self._host.door.run(argv, user=user, seconds=_SECONDS)
        if not done.code:
            return
        said = done.error.decode("utf-8", "replace")
        match = _ERROR.search(said)
        if match is None:
            text = done.said
            raise Fault(f"zmprov.{done.code}", text, where)
        code, text = match[1], " ".join(match[2].split())
        down = code.startswith("zclient.") and "-l" not in words
        raise Fault(DOWN if down else code, text, where)

    def _read_back(self, target: str, wanted: Mapping[str, Values]) -> None:
        found = self.read(target, wanted)
        for name, values in wanted.items():
            if set(found[name] or ()) != set(values):
                raise Fault(
                    "zmprov.not_stored",
                    f"{name} was taken, but another value is stored",
                    target,
                )


def _domain(dn: str) -> str:
    parts = [part.strip().partition("=")[::2] for part in dn.split(",")]
    return ".".join(value for name, value in parts if name.lower() == "dc")


def _word(target: str, attribute: str, value: str) -> str:
    """Return a value as a word of zmprov's; what it would mistake is Refused."""
    if value == "--":
        raise Refused(f"{attribute} of {target}: zmprov drops the value '--'.")
    if len(value.encode()) >= _LONGEST_WORD:
        raise Refused(f"{attribute} of {target}: a value is too long for zmprov.")
    return value
