"""The directory through mailboxd's admin SOAP: one login, one request per object."""

import contextlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final
from xml.sax.saxutils import escape

from zmward.doors import soap
from zmward.doors.admin_port import AdminPort
from zmward.doors.directory import (
    NATURE,
    Own,
    Values,
    checked,
    divided,
    named,
    untouchable,
)
from zmward.doors.zimbra_host import ZimbraHost
from zmward.errors import Fault, Refused, Unreachable

_EXPIRED: Final = frozenset({"service.AUTH_EXPIRED", "service.AUTH_REQUIRED"})
_CACHES: Final = {"global": "config"}
# Own values only; the default of each is to mix inherited ones in.
_ALWAYS: Final = "zimbraId"
_PLAIN: Final[Mapping[str, Mapping[str, str]]] = {
    "server": {"applyConfig": "0"},
    "domain": {"applyConfig": "0"},
    "account": {"applyCos": "0"},
    "cos": {},
}


class SoapDirectory:
    """The directory as mailboxd changes it: callbacks run, its caches are flushed."""

    def __init__(
        self, host: ZimbraHost, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._port = AdminPort(host, sleep)
        self._ids: dict[str, str] = {}
        self._refused: set[str] = set()
        self._number = 0
        self._port.token()

    @property
    def requests(self) -> int:
        """Return how many messages were sent, the logins apart."""
        return self._port.requests

    @property
    def logins(self) -> int:
        """Return how many logins were made."""
        return self._port.logins

    def read(self, target: str, attributes: Iterable[str]) -> Own:
        """Return an object's own values; None means: not set there."""
        return self.read_many({target: attributes})[target]

    def read_many(self, wanted: Mapping[str, Iterable[str]]) -> dict[str, Own]:
        """Return the own values of several objects, as LDAP has them now."""
        names = {target: named(asked) for target, asked in wanted.items()}
        self._identify(wanted)
        asked: list[str] = []
        numbers: dict[str, list[int]] = {}
        for target in wanted:
            # What another hand changed in LDAP is not in mailboxd's memory yet.
            asked.append(self._flush_one(target))
            gets = self._gets(target, names[target])
            numbers[target] = [number for number, _ in gets]
            asked += [text for _, text in gets]
        answers = self._batch(asked)
        return {
            target: self._values(target, names[target], numbers[target], answers)
            for target in wanted
        }

    def write(self, target: str, values: Mapping[str, Values | None]) -> None:
        """Set attributes of one object, all or none; None gives inheritance back."""
        wanted = checked(target, values)
        kind, _ = divided(target)
        self._identify((target,))
        if target in self._refused:
            raise Refused(f"{target} is a system account or a resource: not touched.")
        identity = "" if kind == "global" else soap.element("id", self._ids[target])
        name = f"Modify{_CACHES.get(kind, kind).capitalize()}"
        number = self._next()
        message = soap.request(name, identity + soap.changes(wanted), number)
        soap.reply(self._send(message), name, number, f"{self._port.where}, {target}")

    def flush(self, kinds: Iterable[str]) -> None:
        """Make every mailbox server forget what it remembers of these kinds."""
        types = sorted({_CACHES.get(kind, kind) for kind in kinds})
        if not types:
            return
        number = self._next()
        cache = {"type": ",".join(types), "allServers": "1"}
        self._send(soap.request("FlushCache", soap.element("cache", "", cache), number))

    def close(self) -> None:
        """End the session, so that the token is worth nothing."""
        ended = {"xmlns": "urn:zimbraAccount", "logoff": "1"}
        with contextlib.suppress(Fault, Refused, Unreachable):
            self._port.post(
                soap.envelope(
                    soap.element("EndSessionRequest", "", ended), self._port.token()
                )
            )

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _send(self, message: str) -> dict[str, Any]:
        """Send a body; a token that has ended is renewed once."""
        where = self._port.where
        try:
            answer = self._port.post(soap.envelope(message, self._port.token()))
            return soap.body(answer.content, where)
        except Fault as error:
            if error.fault not in _EXPIRED:
                raise
        answer = self._port.post(soap.envelope(message, self._port.log_in()))
        return soap.body(answer.content, where)

    def _batch(self, requests: Sequence[str]) -> dict[int, dict[str, Any]]:
        inner = self._send(soap.batch(requests))
        try:
            return soap.replies(inner, self._port.where)
        except Fault as error:
            # Inside a batch an ended token is a fault of its first request.
            if error.fault not in _EXPIRED:
                raise
        self._port.log_in()
        return soap.replies(self._send(soap.batch(requests)), self._port.where)

    def _identify(self, targets: Iterable[str]) -> None:
        """Look the ids of objects up, once in a run."""
        new = [t for t in targets if t != "global" and t not in self._ids]
        if not new:
            return
        numbers = {target: self._next() for target in new}
        answers = self._batch(
            [self._get(t, "name", divided(t)[1], NATURE, numbers[t]) for t in new]
        )
        for target in new:
            kind, name = divided(target)
            where = f"{self._port.where}, {target}"
            answer = answers.get(numbers[target], {})
            entry = soap.entry(answer, kind, where)
            if str(entry.get("name", "")).lower() != name.lower():
                raise Refused(f"{target} is another name of {entry.get('name')!r}.")
            nature = _own(answer, kind, NATURE, where)
            if kind == "account" and untouchable(nature):
                self._refused.add(target)
            self._ids[target] = str(entry["id"])

    def _get(
        self, target: str, by: str, key: str, names: Iterable[str], number: int
    ) -> str:
        kind, _ = divided(target)
        selected = soap.element(kind, escape(key), {"by": by})
        more = {"attrs": ",".join((*names, _ALWAYS)), **_PLAIN[kind]}
        return soap.request(f"Get{kind.capitalize()}", selected, number, **more)

    def _gets(self, target: str, names: Sequence[str]) -> list[tuple[int, str]]:
        if target != "global":
            number = self._next()
            key = self._ids[target]
            return [(number, self._get(target, "id", key, names, number))]
        # GetAllConfig would do in one, but shows the keys that forge tokens.
        found = []
        for name in names:
            number = self._next()
            asked = soap.element("a", "", {"n": name})
            found.append((number, soap.request("GetConfig", asked, number)))
        return found

    def _flush_one(self, target: str) -> str:
        kind, _ = divided(target)
        entry = ""
        if kind != "global":
            entry = soap.element("entry", self._ids[target], {"by": "id"})
        cache = soap.element("cache", entry, {"type": _CACHES.get(kind, kind)})
        return soap.request("FlushCache", cache, self._next())

    def _values(
        self,
        target: str,
        names: Sequence[str],
        numbers: Sequence[int],
        answers: Mapping[int, Mapping[str, Any]],
    ) -> Own:
        kind, _ = divided(target)
        where = f"{self._port.where}, {target}"
        missing = [number for number in numbers if number not in answers]
        if missing:
            raise Fault("answer.mixed", "a part of the answer is missing", where)
        if kind == "global":
            found: Own = {}
            for name, number in zip(names, numbers, strict=True):
                found |= soap.own(answers[number], (name,), where)
            return found
        return _own(answers[numbers[0]], kind, names, where)


def _own(answer: Mapping[str, Any], kind: str, names: Sequence[str], where: str) -> Own:
    """Return an object's own values; its id must be among what was answered."""
    found = soap.own(soap.entry(answer, kind, where), (*names, _ALWAYS), where)
    if found[_ALWAYS] is None:
        # An answer of another form must not pass for "nothing is set".
        raise Fault("answer.mixed", "an object without its zimbraId", where)
    return {name: found[name] for name in names}
