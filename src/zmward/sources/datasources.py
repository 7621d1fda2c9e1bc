"""Mailboxes elsewhere that accounts fetch mail from, counted while they stream in."""

import re
from collections.abc import Iterable, Mapping

import msgspec

from zmward.sources import ldif
from zmward.sources.source import Search, Source, Unreadable

_NAMES = 20
_OWNER = re.compile(r"uid=((?:[^,\\]|\\.)+),", re.IGNORECASE)
_LABEL = re.compile(r"dc=([^,]+)", re.IGNORECASE)


class Fetching(msgspec.Struct, frozen=True, omit_defaults=True):
    """How many data sources of one kind, and the first of their accounts."""

    count: int
    names: tuple[str, ...]


def owner(dn: str) -> str:
    """Return the account's address from the place of an entry below it."""
    uid = _OWNER.search(dn)
    domain = ".".join(_LABEL.findall(dn))
    return f"{uid[1]}@{domain}" if uid and domain else dn


def _kind(record: ldif.Record) -> str:
    kind = record.one("zimbraDataSourceType").lower()
    if not kind:
        classes = {name.lower() for name in record.values.get("objectclass", ())}
        kind = next(
            (k for k in ("pop3", "imap") if f"zimbra{k}datasource" in classes), ""
        )
    state = "on" if record.one("zimbraDataSourceEnabled") == "TRUE" else "off"
    how = record.one("zimbraDataSourceConnectionType") or "inherited"
    return f"{kind or 'unknown'} {state} {how}"


def _text(lines: Iterable[str]) -> str:
    counts: dict[str, int] = {}
    names: dict[str, list[str]] = {}
    for record in ldif.records(lines):
        kind = _kind(record)
        counts[kind] = counts.get(kind, 0) + 1
        known = names.setdefault(kind, [])
        name = owner(record.dn)
        if len(known) < _NAMES and name not in known:
            known.append(name)
    found = {
        kind: Fetching(counts[kind], tuple(names[kind])) for kind in sorted(counts)
    }
    return msgspec.json.encode(found).decode()


def reduce(lines: Iterable[str]) -> str:
    """Turn the LDIF into JSON: `TYPE on|off CONNECTION` → Fetching."""
    try:
        return _text(lines)
    except Unreadable as error:
        return str(error)  # which parse refuses, whatever it says


def parse(answer: str) -> Mapping[str, Fetching]:
    """Read the stored JSON."""
    try:
        return msgspec.json.decode(answer, type=dict[str, Fetching])
    except (msgspec.DecodeError, UnicodeError) as error:
        raise Unreadable(f"data sources: {answer[:80]!r}: {error}") from error


DATASOURCES = Source(
    name="ldap-datasources",
    about="Mailboxes elsewhere that accounts fetch mail from; no passwords.",
    question=Search(
        "",
        "sub",
        "(objectClass=zimbraDataSource)",
        (
            *("objectClass", "zimbraDataSourceType", "zimbraDataSourceEnabled"),
            "zimbraDataSourceConnectionType",
        ),
        seconds=300,
    ),
    parse=parse,
    reduce=reduce,
    directory=True,
)
