"""The loaded packet filter as text, without what moves by itself.

Left out are counters, handles, dates, and what is banned for a while: rules of
fail2ban's own chains, and members of sets that expire.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from zmward.sources.source import Unreadable

_COUNTED: Final = re.compile(r"\[\d+:\d+\]")
_DATED: Final = re.compile(r"# (Generated|Completed) (by|on) .*")
_BANNED: Final = re.compile(
    r"-A f2b-\S+ .*-j (REJECT|DROP)\b.*|add (f2b-|\S+ \S+ .*timeout ).*"
)
_DROPPED: Final = frozenset({"handle", "expires", "used", "packets", "bytes", "index"})


def _still(found: Any) -> Any:
    """Return a value of nft's JSON without what moves."""
    if isinstance(found, dict):
        return {k: _still(v) for k, v in found.items() if k not in _DROPPED}
    if isinstance(found, list):
        return [_still(one) for one in found if not _expiring(one)]
    return found


def _expiring(found: Any) -> bool:
    elem = found.get("elem") if isinstance(found, dict) else None
    return isinstance(elem, dict) and "expires" in elem


def _nft(line: str) -> Iterator[str]:
    try:
        listed = json.loads(line)["nftables"]
        for one in listed:
            if "metainfo" not in one:
                yield json.dumps(_still(one), sort_keys=True, ensure_ascii=True)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Unreadable("the answer of nft is no list of rules") from error


def _plain(line: str) -> Iterator[str]:
    bare = _COUNTED.sub("[0:0]", line.rstrip())
    if bare and not _DATED.fullmatch(bare) and not _BANNED.fullmatch(bare):
        yield bare


def still(lines: Iterable[str]) -> str:
    """Return the answer of the source `firewall` as text that stays while rules do."""
    section, found = "", []
    for line in lines:
        if line.startswith("> "):
            section = line[2:].strip()
            found.append(line.rstrip())
        elif section == "nft" and line.strip():
            found += _nft(line)
        else:
            found += _plain(line)
    return "".join(f"{line}\n" for line in found)
