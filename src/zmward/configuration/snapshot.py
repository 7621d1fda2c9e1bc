"""Evidence as groups of text files: one group for each answer of each host.

global.conf  grants.conf  administrators.conf  servers/  domains/  cos/  zimlets/
nodes/NODE/  localconfig.conf crontab sshd/ sshd-in-force firewall/ firewall-loaded
             packages templates/ sudoers/ authorized-keys postfix masked.conf
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from zmward.catalog.attributes import exact_names
from zmward.configuration import names
from zmward.configuration.asked import TEMPLATES, ZIMLETS
from zmward.configuration.known import Known, known
from zmward.configuration.left_out import LEFT_OUT
from zmward.configuration.loaded import still
from zmward.configuration.sealed import Seal
from zmward.configuration.written import Object, Value, render
from zmward.evidence import DIRECTORY, Answer, Evidence, Missing, Parsed
from zmward.sources import ldif
from zmward.sources.accounts import ACCOUNTS
from zmward.sources.authorizedkeys import AUTHORIZED_KEYS
from zmward.sources.crontab import CRONTAB, Crontab
from zmward.sources.directory import CONFIG, COSES, DOMAINS, Entry
from zmward.sources.directory import SERVERS as ALL_SERVERS
from zmward.sources.firewall import FIREWALL
from zmward.sources.firewallfiles import FIREWALL_FILES
from zmward.sources.grants import GRANTS
from zmward.sources.localconfig import LOCALCONFIG, Localconfig
from zmward.sources.masking import MASK
from zmward.sources.packages import PACKAGES
from zmward.sources.postconf import OWN
from zmward.sources.source import Source, Unreadable, contents
from zmward.sources.source import text as as_text
from zmward.sources.sshd import SSHD
from zmward.sources.sshdfiles import SSHD_FILES
from zmward.sources.sudoers import SUDOERS

Files = Mapping[str, str]
SERVERS: Final = "servers/"
_MASKED: Final = ("masked", MASK)
_NODE_DEPTH: Final = 2


class Group(msgspec.Struct, frozen=True):
    """The files of one answer; `place` is a file, or a folder that ends in a slash.

    `missing` says why there was no answer: then nothing is known of the files.
    """

    place: str
    files: Files = {}
    missing: str = ""

    def owns(self, path: str) -> bool:
        """Say whether a path of the history is of this group."""
        folder = self.place.endswith("/")
        return path.startswith(self.place) if folder else path == self.place


class Hand(msgspec.Struct, frozen=True):
    """What the making of files needs beside the answer: seal, fingerprints, place."""

    seal: Seal
    known: Known
    place: str
    host: str


Make = Callable[[Any, Hand], Files]


class Row(msgspec.Struct, frozen=True):
    """One source, the files that its answer becomes, and how.

    `read` makes of the text what `make` takes; without it, that is the text itself.
    `shown` does the same from a value that the source's own reading has made, as the
    evidence of a plan's outcome holds it; None where no text can be had back from it.
    """

    source: Source[Any]
    place: str
    make: Make
    read: Callable[[str], Any] = as_text
    shown: Callable[[Any], Any] | None = None


def _values(record: ldif.Record, hand: Hand) -> dict[str, tuple[Value, ...]]:
    found = {}
    for low, values in record.values.items():
        if low in LEFT_OUT:
            continue
        name = exact_names().get(low, low)
        own = hand.known.attribute(record.dn, low)
        sealed = tuple(hand.seal.attribute(name, value) for value in values)
        # A fingerprint of the host's own is more than the word that it is set.
        known = own and any(value.secret and value.text == "set" for value in sealed)
        found[name] = own if known else sealed
    return found


def _objects(kind: str, attribute: str) -> Make:
    """Return what makes a file of each entry, named by an attribute."""

    def make(records: tuple[ldif.Record, ...], hand: Hand) -> Files:
        found: dict[str, str] = {}
        for record in records:
            name = record.one(attribute)
            if not name:
                raise Unreadable(f"{record.dn} has no {attribute}")
            path = f"{hand.place}{names.safe(name)}.conf"
            if path in found:
                raise Unreadable(f"{name} is there twice")
            found[path] = render(Object(kind, name, _values(record, hand)))
        if not found:
            raise Unreadable("no entries, so the search may not see them")
        return found

    return make


def _one(kind: str) -> Make:
    """Return what makes the file of the only entry of an answer."""

    def make(records: tuple[ldif.Record, ...], hand: Hand) -> Files:
        if len(records) != 1:
            raise Unreadable(f"{len(records)} entries")
        return {hand.place: render(Object(kind, kind, _values(records[0], hand)))}

    return make


def _administrators(text: str, hand: Hand) -> Files:
    words = {}
    for admin in ACCOUNTS.parse(text).admins:
        kind = "delegated" if admin.delegated else "global"
        factor = "second factor" if admin.two_factor else "password alone"
        words[admin.name] = (Value(f"{kind}, {admin.status or 'active'}, {factor}"),)
    return {hand.place: render(Object("administrators", "all", words))}


def _localconfig(found: Localconfig, hand: Hand) -> Files:
    values = {}
    for key, value in found.own.items():
        sealed = hand.seal.key_value(key, value)
        own = hand.known.keys.get(key)
        known = own and sealed.secret and sealed.text == "set"
        values[key] = (Value(own or "", secret=True) if known else sealed,)
    return {hand.place: render(Object("localconfig", hand.host, values))}


def _plain(text: str, hand: Hand) -> Files:
    return {hand.place: hand.seal.text(text)}


def _sorted(text: str, hand: Hand) -> Files:
    lines = sorted({line.strip() for line in text.splitlines() if line.strip()})
    return {hand.place: hand.seal.text("".join(f"{line}\n" for line in lines))}


def _loaded(text: str, hand: Hand) -> Files:
    return {hand.place: hand.seal.text(still(text.splitlines()))}


def _crontab(found: Crontab, hand: Hand) -> Files:
    return {hand.place: hand.seal.text(found.text)}


def _records(found: Entry | tuple[Entry, ...]) -> tuple[ldif.Record, ...]:
    entries = (found,) if isinstance(found, Entry) else found
    return tuple(ldif.Record("", dict(entry.values)) for entry in entries)


def _same(found: Any) -> Any:
    return found


def _files(text: str, hand: Hand) -> Files:
    found = {}
    for path, content in contents(text).items():
        if path.startswith("/"):
            found[f"{hand.place}{names.path(path)}"] = hand.seal.text(content)
    return found


def _templates(text: str, hand: Hand) -> Files:
    found = _files(text, hand)
    if not found:
        raise Unreadable("no templates, so they may not be seen")
    return found


_DOMAINS: Final = _objects("domain", "zimbraDomainName")
SHARED: Final = (
    Row(CONFIG, "global.conf", _one("global"), ldif.parse, _records),
    Row(GRANTS, "grants.conf", _one("grants"), ldif.parse),
    Row(ACCOUNTS, "administrators.conf", _administrators),
    Row(ALL_SERVERS, SERVERS, _objects("server", "cn"), ldif.parse, _records),
    Row(DOMAINS, "domains/", _DOMAINS, ldif.parse, _records),
    Row(COSES, "cos/", _objects("cos", "cn"), ldif.parse, _records),
    Row(ZIMLETS, "zimlets/", _objects("zimlet", "cn"), ldif.parse),
)
OF_NODES: Final = (
    Row(LOCALCONFIG, "localconfig.conf", _localconfig, LOCALCONFIG.parse, _same),
    Row(CRONTAB, "crontab", _crontab, CRONTAB.parse, _same),
    Row(SSHD, "sshd-in-force", _plain),
    Row(SSHD_FILES, "sshd/", _files),
    Row(FIREWALL, "firewall-loaded", _loaded),
    Row(FIREWALL_FILES, "firewall/", _files),
    Row(PACKAGES, "packages", _sorted),
    Row(TEMPLATES, "templates/", _templates),
    Row(SUDOERS, "sudoers/", _files),
    Row(AUTHORIZED_KEYS, "authorized-keys", _plain),
    Row(OWN, "postfix", _sorted),
)
ROWS: Final = (*SHARED, *OF_NODES)


def folder(node: str) -> str:
    """Return the folder of a node."""
    return f"nodes/{names.safe(node)}/"


def is_object(path: str) -> bool:
    """Say whether a file of the history holds values by name, and no host's text."""
    ours = not path.startswith("nodes/") or path.count("/") == _NODE_DEPTH
    return ours and path.endswith(".conf")


def _taken(answer: Answer | Parsed, row: Row) -> Any:
    if isinstance(answer, Answer):
        return row.read(answer.text)
    return row.shown(answer.value) if row.shown else None


def _group(evidence: Evidence, row: Row, hand: Hand) -> Group | None:
    """Return the group of an answer; None where nothing was asked."""
    answer = evidence.answer(hand.host, row.source.name)
    if isinstance(answer, Missing):
        unasked = answer.kind == "unseen"
        why = hand.seal.text(answer.reason)
        return None if unasked else Group(hand.place, missing=why)
    if isinstance(answer, Parsed) and row.shown is None:
        return None
    try:
        return Group(hand.place, row.make(_taken(answer, row), hand))
    except Unreadable as error:
        return Group(hand.place, missing=hand.seal.text(str(error)))


def _masked(
    groups: Iterable[Group], fingerprints: Mapping[str, str], hand: Hand
) -> Files:
    """Return the fingerprints of texts in which something was masked."""
    inside = {
        path: text
        for group in groups
        for path, text in group.files.items()
        if not is_object(path) and any(word in text for word in _MASKED)
    }
    own = {}
    for path, value in fingerprints.items():
        place = f"{folder(hand.host)}templates/{names.path(path)}"
        if path.startswith("/var/spool/cron/"):
            place = f"{folder(hand.host)}crontab"
        if place in inside:
            own[path] = (Value(value, secret=True),)
    return {hand.place: render(Object("masked", hand.host, own))}


def _of_node(evidence: Evidence, node: str, key: bytes) -> Iterator[Group]:
    base, seal = folder(node), Seal(key, node)
    fingerprints = known(evidence, node)
    hand = Hand(seal, fingerprints, base, node)
    found = []
    for row in OF_NODES:
        at = msgspec.structs.replace(hand, place=f"{base}{row.place}")
        group = _group(evidence, row, at)
        if group is not None:
            found.append(group)
    yield from found
    if fingerprints.texts:
        at = msgspec.structs.replace(hand, place=f"{base}masked.conf")
        yield Group(at.place, _masked(found, fingerprints.texts, at))


def snapshot(evidence: Evidence, key: bytes) -> tuple[Group, ...]:
    """Return the files of everything that was asked, under the site's key."""
    hand = Hand(Seal(key, DIRECTORY), known(evidence, DIRECTORY), "", DIRECTORY)
    found = []
    for row in SHARED:
        at = msgspec.structs.replace(hand, place=row.place)
        group = _group(evidence, row, at)
        if group is not None:
            found.append(group)
    for node in sorted(evidence.hosts):
        found += _of_node(evidence, node, key)
    return tuple(found)
