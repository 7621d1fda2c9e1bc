"""The whole directory of a lab: every entry in an order that slapadd takes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from lab.tree import domains, odd, others, people, server, skeleton
from lab.tree.identity import identifier
from lab.tree.ldif import Entry
from lab.tree.state import State
from lab.zimbra.schema import Attribute


def _accounts(stale: str) -> list[Entry]:
    """Return exactly people.TOTAL users, the odd ones among them."""
    special = odd.accounts()
    entries = [*special, *people.ordinary(people.TOTAL - len(special), stale)]
    aliases = others.alias_addresses()
    return [_with_aliases(entry, aliases) for entry in entries]


def _with_aliases(entry: Entry, aliases: Mapping[str, Sequence[str]]) -> Entry:
    address = entry.attributes["mail"][0]
    if address not in aliases:
        return entry
    more = {
        "mail": [address, *aliases[address]],
        "zimbraMailAlias": list(aliases[address]),
    }
    return replace(entry, attributes={**entry.attributes, **more})


def entries(
    rows: Mapping[str, Attribute], passwords: Mapping[str, str], state: State
) -> list[Entry]:
    """Return all entries of a state's directory."""
    fresh = [
        *skeleton.branches(),
        *skeleton.principals(passwords),
        *server.global_config(rows),
        *skeleton.classes_of_service(rows),
        server.server(state.version),
        *server.zimlets(state.habits.zimlets_removed),
        *domains.domains(signing=state.habits.dkim),
        *_accounts(state.habits.stale_users),
        *others.system_accounts(),
        *others.aliases(),
        *others.distribution_lists(),
        *others.resources(),
        *others.below_accounts(sources=state.habits.data_sources),
        *others.dynamic_groups(),
    ]
    return [_changed(entry, state.changes_of(entry)) for entry in _granted(fresh)]


def _granted(fresh: Sequence[Entry]) -> list[Entry]:
    """Give the help desk its right on the domain, and a group one on all."""
    group = identifier(f"admins@{domains.LOCAL}")
    grants: dict[str, tuple[str, ...]] = {
        domains.domain_dn(domains.LOCAL): odd.HELPDESK_GRANTS,
        "cn=globalgrant,cn=zimbra": (f"{group} grp listAccount",),
    }
    return [
        replace(e, attributes={**e.attributes, "zimbraACE": list(grants[e.dn])})
        if e.dn in grants
        else e
        for e in fresh
    ]


def _changed(entry: Entry, changes: Mapping[str, Sequence[str]]) -> Entry:
    if not changes:
        return entry
    merged = {**entry.attributes, **{k: list(v) for k, v in changes.items()}}
    kept = {name: values for name, values in merged.items() if any(values)}
    return replace(entry, attributes=kept)
