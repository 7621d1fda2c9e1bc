"""The value of a setting on one server: its own, the global one, or the default."""

from zmward.catalog.attributes import attributes
from zmward.catalog.ports import When
from zmward.evidence import Missing, Unseen
from zmward.facts import Facts
from zmward.sources.directory import Entry
from zmward.sources.localconfig import LOCALCONFIG


def values(facts: Facts, server: Entry, attribute: str) -> tuple[str, ...]:
    """Return the values in force on a server; Unseen without the global ones."""
    found = server.own(attribute) or facts.config().own(attribute)
    if found:
        return found
    row = attributes().get(attribute)
    return row.defaults.global_config if row else ()


def entry(facts: Facts, host: str) -> Entry:
    """Return a node's server object; Unseen where the directory knows none."""
    for server in facts.servers():
        if server.name == host:
            return server
    raise Unseen(Missing(f"the directory has no server {host}"))


def local(facts: Facts, host: str, key: str) -> str:
    """Return a key of localconfig; Unseen where its value is not known."""
    found = facts.read(LOCALCONFIG, host).value(key)
    if found is None:
        raise Unseen(Missing(f"the value of localconfig's {key} is not known"))
    return found


def holds(facts: Facts, server: Entry, when: When) -> bool:
    """Say whether a condition holds on a server; Unseen where nobody knows."""
    wanted = {value.replace("{host}", server.name) for value in when.values}
    if when.local:
        return local(facts, server.name, when.setting) in wanted
    found = values(facts, server, when.setting)
    if not found and "{host}" not in when.values:
        raise Unseen(Missing(f"{when.setting} is not set on {server.name}"))
    return bool(wanted & set(found))
