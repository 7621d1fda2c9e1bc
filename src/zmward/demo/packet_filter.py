"""The packet filter of the sample server: one table of ours, kept as text."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from zmward.demo.files import Call
from zmward.doors.host import Done

_FRAME: Final = "%% nft\n"
_HEAD: Final = re.compile(r"^(#.*\n|(add|delete) table inet \S+\n)", re.MULTILINE)
_MARK: Final = re.compile(r"^add chain inet zmward (run-\S+)\n", re.MULTILINE)


def _table(given: str) -> str:
    """Return how nft lists a text of ours: the table alone, its mark as a chain."""
    body = given.removeprefix(_FRAME)
    marks = "".join(f"\tchain {name} {{\n\t}}\n" for name in _MARK.findall(body))
    bare = _HEAD.sub("", _MARK.sub("", body))
    return f"{bare.rstrip().removesuffix('}')}{marks}}}\n"


def _listed(text: str) -> Done:
    return Done(0, f"{_FRAME}{text}".encode() if text else b"")


def _list(call: Call, _backend: str) -> Done:
    return _listed(call.world.rules)


def _stands(call: Call, _backend: str) -> Done:
    return Done(0 if call.world.rules else 1)


def _try(call: Call, _backend: str) -> Done:
    return _listed(_table(call.given.decode()))


def _marks(call: Call, _backend: str, run: str) -> Done:
    return Done(0 if f"\tchain run-{run} {{" in _table(call.given.decode()) else 1)


def _put(call: Call, _backend: str) -> Done:
    call.world.rules = _table(call.given.decode())
    return Done(0)


def _load(call: Call, backend: str, _folder: str) -> Done:
    return _put(call, backend)


def _take(call: Call, _backend: str) -> Done:
    call.world.rules = ""
    return Done(0)


def _mine(call: Call, _backend: str, run: str) -> Done:
    return Done(0 if f"\tchain run-{run} {{" in call.world.rules else 1)


def _keep(call: Call, _folder: str, run: str, _units: str) -> Done:
    call.world.boot_rules[run] = call.given.decode()
    return Done(0)


def _forget(call: Call, _folder: str, run: str, _units: str) -> Done:
    call.world.boot_rules.pop(run, None)
    return Done(0)


def _banned(_call: Call) -> Done:
    return Done(0)


def _there(_call: Call) -> Done:
    return Done(0)


# The verbs of the door's script, and the program that it looks for.
BROUGHT: Final[Mapping[str, Callable[..., Done]]] = {
    "list": _list,
    "stands": _stands,
    "try": _try,
    "marks": _marks,
    "banned": _banned,
    "put": _put,
    "load": _load,
    "take": _take,
    "mine": _mine,
    "keep": _keep,
    "forget": _forget,
    "nft": _there,
}
