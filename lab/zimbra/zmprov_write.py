"""The commands of zmprov that change something."""

from collections.abc import Callable, Sequence
from pathlib import Path

from .errors import ProvisioningError, invalid_request
from .schema import BINARY, canonical, find
from .zmprov_commands import MANY, Command, Session, UsageError, flags

_CACHES = (
    "acl|locale|skin|uistrings|license|all|account|config|globalgrant|cos|domain|"
    "galgroup|group|mime|server|alwaysOnCluster|zimlet"
)


def _changes(args: Sequence[str]) -> list[tuple[str, str]]:
    if len(args) % 2:
        raise UsageError("not enough arguments")
    pairs = zip(args[::2], args[1::2], strict=True)
    return [(name, _value(name, value)) for name, value in pairs]


def _value(name: str, value: str) -> str:
    """Return the value; a binary attribute's argument is the path of a file."""
    row = find(name.lstrip("+-"))
    if row is None or row.type not in BINARY or not value:
        return value
    try:
        return Path(value).read_bytes().decode("latin-1")
    except OSError as error:
        raise invalid_request(f"unable to read {value}") from error


def _guard(session: Session, changes: Sequence[tuple[str, str]]) -> None:
    for name, _ in changes:
        if name[:1] not in "+-" and canonical(name) in session.safeguarded:
            if session.replace_safeguarded:
                continue
            raise ProvisioningError(
                "service.INVALID_REQUEST",
                "invalid request: cannot replace multi-valued attr value "
                f"unless -r is specified: {canonical(name)}",
            )


def _modify_config(session: Session, args: Sequence[str]) -> None:
    changes = _changes(args)
    _guard(session, changes)
    session.backend.modify("config", "", changes)


def _modify(kind: str) -> Callable[[Session, Sequence[str]], None]:
    def change(session: Session, args: Sequence[str]) -> None:
        changes = _changes(args[1:])
        _guard(session, changes)
        session.backend.modify(kind, args[0], changes)

    return change


def _create(kind: str) -> Callable[[Session, Sequence[str]], None]:
    def make(session: Session, args: Sequence[str]) -> None:
        taken = 2 if kind == "account" else 1
        password = args[1] if kind == "account" else ""
        changes = _changes(args[taken:])
        made = session.backend.create(kind, args[0], password, changes)
        print(made, file=session.out)

    return make


def _delete(kind: str) -> Callable[[Session, Sequence[str]], None]:
    def remove(session: Session, args: Sequence[str]) -> None:
        session.backend.delete(kind, args[0])

    return remove


def _set_password(session: Session, args: Sequence[str]) -> None:
    session.backend.set_password(args[0], args[1])


def _add_alias(session: Session, args: Sequence[str]) -> None:
    session.backend.alias(args[0], args[1], add=True)


def _remove_alias(session: Session, args: Sequence[str]) -> None:
    session.backend.alias(args[0], args[1], add=False)


def _flush(session: Session, args: Sequence[str]) -> None:
    given, rest = flags(args, "a")
    if not rest:
        raise UsageError
    session.backend.flush(rest[0], rest[1:], everywhere="a" in given)


_PAIRS = "attr1 value1 [attr2 value2...]"
_MORE = "[attr1 value1 [attr2 value2...]]"

COMMANDS = (
    Command("modifyConfig", "mcf", _PAIRS, "config", _modify_config, 2),
    Command("modifyCos", "mc", f"{{name|id}} {_PAIRS}", "cos", _modify("cos"), 3),
    Command(
        "modifyDomain", "md", f"{{domain|id}} {_PAIRS}", "domain", _modify("domain"), 3
    ),
    Command(
        "modifyServer", "ms", f"{{name|id}} {_PAIRS}", "server", _modify("server"), 3
    ),
    Command(
        "modifyAccount",
        "ma",
        f"{{name@domain|id}} {_PAIRS}",
        "account",
        _modify("account"),
        3,
    ),
    Command("createServer", "cs", f"{{name}} {_MORE}", "server", _create("server"), 1),
    Command(
        "createAccount",
        "ca",
        f"{{name@domain}} {{password}} {_MORE}",
        "account",
        _create("account"),
        2,
    ),
    Command("createCos", "cc", f"{{name}} {_MORE}", "cos", _create("cos"), 1),
    Command(
        "createDomain", "cd", f"{{domain}} {_MORE}", "domain", _create("domain"), 1
    ),
    Command(
        "deleteAccount", "da", "{name@domain|id}", "account", _delete("account"), 1, 1
    ),
    Command("deleteCos", "dc", "{name|id}", "cos", _delete("cos"), 1, 1),
    Command("deleteServer", "ds", "{name|id}", "server", _delete("server"), 1, 1),
    Command("deleteDomain", "dd", "{domain|id}", "domain", _delete("domain"), 1, 1),
    Command(
        "setPassword",
        "sp",
        "{name@domain|id} {password}",
        "account",
        _set_password,
        2,
        2,
    ),
    Command(
        "addAccountAlias",
        "aaa",
        "{name@domain|id} {alias@domain}",
        "account",
        _add_alias,
        2,
        2,
    ),
    Command(
        "removeAccountAlias",
        "raa",
        "{name@domain|id} {alias@domain}",
        "account",
        _remove_alias,
        2,
        2,
    ),
    Command(
        "flushCache",
        "fc",
        f"[-a] {{{_CACHES}}} [name1|id1 [name2|id2...]]",
        "misc",
        _flush,
        1,
        MANY,
    ),
)
