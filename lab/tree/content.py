"""The whole directory of a lab: every entry in an order that slapadd takes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from lab.nodes import having
from lab.tree import domains, odd, others, people, server, skeleton
from lab.tree.identity import identifier
from lab.tree.ldif import Entry
from lab.tree.state import State
from lab.zimbra.schema import Attribute

# Values that name the server of a small installation: in a cluster they name the
# node with that role.
_ROLES = {
    "zimbraLogHostname": "logger",
    "zimbraMailHost": "mailbox",
    "zimbraMailTransport": "mailbox",
    "zimbraPublicServiceHostname": "proxy",
    "zimbraSmtpHostname": "mta",
    "zimbraSpellCheckURL": "mailbox",
    "zimbraVersionCheckServer": "mailbox",
}


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
    rows: Mapping[str, Attribute],
    passwords: Mapping[str, str],
    state: State,
    keys: Mapping[str, str] | None = None,
) -> list[Entry]:
    """Return all entries of a state's directory; `keys` are hosts' public ones."""
    known = keys or {}
    fresh = [
        *skeleton.branches(),
        *skeleton.principals(passwords),
        *server.global_config(rows),
        *skeleton.classes_of_service(rows),
        *(server.server(state.version, n, known.get(n.host, "")) for n in state.nodes),
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
    placed = [_placed(entry, state) for entry in _granted(fresh)]
    return [_changed(entry, state.changes_of(entry)) for entry in placed]


def _placed(entry: Entry, state: State) -> Entry:
    own = {name: _ROLES[name] for name in entry.attributes if name in _ROLES}
    if not own or len(state.nodes) == 1:
        return entry
    moved = dict(entry.attributes)
    for name, role in own.items():
        host = having(state.nodes, role).host
        old = (server.HOST, host), (identifier(server.HOST), identifier(host))
        for before, after in old:
            moved[name] = [value.replace(before, after) for value in moved[name]]
    return replace(entry, attributes=moved)


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
