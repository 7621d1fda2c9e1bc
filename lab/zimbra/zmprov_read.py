"""The commands of zmprov that show entries."""

from collections.abc import Callable, Sequence

from .zmprov_backend import Shown
from .zmprov_commands import Command, Session, UsageError, flags
from .zmprov_output import print_attributes, print_entry


def _all_config(session: Session, args: Sequence[str]) -> None:
    print_attributes(session.out, session.backend.config().attrs, args)


def _config(session: Session, args: Sequence[str]) -> None:
    print_attributes(session.out, session.backend.config_values(args[0]), args[:1])


def _one(kind: str) -> Callable[[Session, Sequence[str]], None]:
    def show(session: Session, args: Sequence[str]) -> None:
        known = "" if kind == "cos" else "e"
        given, rest = flags(args, known)
        if not rest:
            raise UsageError
        entry = session.backend.get(kind, rest[0], own="e" in given or kind == "cos")
        print_entry(session.out, entry.name, entry.attrs, rest[1:])

    return show


def _list(session: Session, entries: Sequence[Shown], *, verbose: bool) -> None:
    for entry in entries:
        if verbose:
            print_entry(session.out, entry.name, entry.attrs)
        else:
            print(entry.name, file=session.out)


def _all_cos(session: Session, args: Sequence[str]) -> None:
    given, rest = flags(args, "v")
    if rest:
        raise UsageError
    _list(session, session.backend.all("cos", own=True), verbose="v" in given)


def _all_servers(session: Session, args: Sequence[str]) -> None:
    given, rest = flags(args, "v e")
    entries = session.backend.all("server", own="e" in given)
    if rest:
        entries = [e for e in entries if rest[0] in e.attrs["zimbraServiceEnabled"]]
    _list(session, entries, verbose="v" in given)


def _all_domains(session: Session, args: Sequence[str]) -> None:
    given, rest = flags(args, "v e")
    entries = session.backend.all("domain", own="e" in given)
    if not rest:
        _list(session, entries, verbose="v" in given)
        return
    for entry in entries:
        print_entry(session.out, entry.name, entry.attrs, rest)


def _all_accounts(session: Session, args: Sequence[str]) -> None:
    given, rest = flags(args, "v e")
    server = ""
    if rest[:1] == ["-s"] and len(rest) > 1:
        server, rest = rest[1], rest[2:]
    query = f"(zimbraMailHost={server})" if server else "(objectClass=zimbraAccount)"
    own = "e" in given or "v" not in given
    found = session.backend.search(query, rest[0] if rest else "", own=own)
    _list(session, found, verbose="v" in given)


def _all_admins(session: Session, args: Sequence[str]) -> None:
    given, rest = flags(args, "v e")
    own = "e" in given or ("v" not in given and not rest)
    entries = session.backend.admins(own=own)
    if rest:
        for entry in entries:
            print_entry(session.out, entry.name, entry.attrs, rest)
        return
    _list(session, entries, verbose="v" in given)


def _search_accounts(session: Session, args: Sequence[str]) -> None:
    given, rest = flags(args, "v")
    if not rest or len(rest) % 2 == 0:
        raise UsageError
    asked = dict(zip(rest[1::2], rest[2::2], strict=True))
    verbose = "v" in given
    found = session.backend.search(rest[0], asked.get("domain", ""), own=not verbose)
    order = asked.get("sortBy", "name")
    found.sort(
        key=lambda e: e.name if order == "name" else (e.attrs.get(order) or [""])[0],
        reverse=asked.get("sortAscending", "1") == "0",
    )
    start = int(asked.get("offset", "0"))
    end = start + int(asked["limit"]) if int(asked.get("limit", "0")) else None
    names = [name for name in asked.get("attrs", "").split(",") if name]
    for entry in found[start:end]:
        if verbose:
            print_entry(session.out, entry.name, entry.attrs, names)
        else:
            print(entry.name, file=session.out)


def _below(kind: str) -> Callable[[Session, Sequence[str]], None]:
    def show(session: Session, args: Sequence[str]) -> None:
        for entry in session.backend.below(args[0], kind):
            if kind == "dataSource":
                print(f"# name {entry.name}", file=session.out)
                types = entry.attrs.get("zimbraDataSourceType", ["unknown"])
                print(f"# type {types[0]}", file=session.out)
                print_attributes(session.out, entry.attrs, args[1:])
                print(file=session.out)
            else:
                print_entry(session.out, entry.name, entry.attrs, args[1:])

    return show


def _lists(session: Session, args: Sequence[str]) -> None:
    given, _ = flags(args, "v")
    _list(session, session.backend.all("group", own=True), verbose="v" in given)


def _list_members(session: Session, args: Sequence[str]) -> None:
    entry = session.backend.get("group", args[0], own=True)
    members = sorted(entry.attrs.get("zimbraMailForwardingAddress", ()))
    head = f"# distributionList {entry.name} memberCount={len(members)}"
    print(head, file=session.out)
    print_attributes(session.out, entry.attrs, args[1:])
    print("\nmembers", file=session.out)
    for member in members:
        print(member, file=session.out)


_NAMED = "name@domain|id [attr1 [attr2...]]"
_WHOLE = "[-v] [-e]"

COMMANDS = (
    Command("getAllConfig", "gacf", "[attr1 [attr2...]]", "config", _all_config),
    Command("getConfig", "gcf", "{name}", "config", _config, 1, 1),
    Command("getAllCos", "gac", "[-v]", "cos", _all_cos, 0, 1),
    Command("getCos", "gc", "{name|id} [attr1 [attr2...]]", "cos", _one("cos"), 1),
    Command(
        "getAllServers", "gas", f"{_WHOLE} [service]", "server", _all_servers, 0, 3
    ),
    Command(
        "getServer",
        "gs",
        "[-e] {name|id} [attr1 [attr2...]]",
        "server",
        _one("server"),
        1,
    ),
    Command(
        "getAllDomains", "gad", f"{_WHOLE} [attr1 [attr2...]]", "domain", _all_domains
    ),
    Command(
        "getDomain",
        "gd",
        "[-e] {domain|id} [attr1 [attr2...]]",
        "domain",
        _one("domain"),
        1,
    ),
    Command(
        "getAllAccounts",
        "gaa",
        f"{_WHOLE} [-s server] [{{domain}}]",
        "account",
        _all_accounts,
        0,
        5,
        only_ldap=True,
    ),
    Command("getAccount", "ga", f"[-e] {{{_NAMED}}}", "account", _one("account"), 1),
    Command(
        "getAllAdminAccounts",
        "gaaa",
        f"{_WHOLE} [attr1 [attr2...]]",
        "account",
        _all_admins,
    ),
    Command("getAllDistributionLists", "gadl", "[-v]", "list", _lists, 0, 1),
    Command("getDistributionList", "gdl", f"{{{_NAMED}}}", "list", _list_members, 1),
    Command(
        "searchAccounts",
        "sa",
        "[-v] {ldap-query} [limit {limit}] [offset {offset}] [sortBy {attribute}] "
        "[sortAscending 0|1] [domain {domain}]",
        "search",
        _search_accounts,
        1,
        only_ldap=True,
    ),
    Command(
        "getDataSources", "gds", f"{{{_NAMED}}}", "account", _below("dataSource"), 1
    ),
    Command("getIdentities", "gid", f"{{{_NAMED}}}", "account", _below("identity"), 1),
    Command(
        "getSignatures", "gsig", f"{{{_NAMED}}}", "account", _below("signature"), 1
    ),
)
