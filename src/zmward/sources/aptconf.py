"""Which packages apt upgrades by itself."""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from zmward.sources.apt_grammar import Item, Wrong, read
from zmward.sources.source import Files, Source, Unreadable, contents

_MAIN: Final = "/etc/apt/apt.conf"
_FOLDER: Final = "/etc/apt/apt.conf.d/"
# Of all endings apt knows `.conf` and none; a name of other signs it passes over.
_NAME: Final = re.compile(r"[A-Za-z0-9_:-][A-Za-z0-9_:.-]*")
_ENDINGS: Final = ("", "conf")
_ORIGINS: Final = (
    *("Unattended-Upgrade::Allowed-Origins", "Unattended-Upgrade::Origins-Pattern"),
)
_OFF: Final = ("", "0")


class AptConf(msgspec.Struct, frozen=True):
    """Whether apt upgrades by itself, and from which origins.

    `spared` are patterns of packages that it leaves alone; `lists` says whether it
    fetches the lists of packages by itself; `daily` whether its daily job does
    anything.
    """

    unattended: bool
    origins: tuple[str, ...] = ()
    spared: tuple[str, ...] = ()
    lists: bool = False
    daily: bool = True


def _taken(path: str) -> bool:
    """Say whether apt reads a file of its folder."""
    name = path.removeprefix(_FOLDER)
    ending = name.rpartition(".")[2] if "." in name else ""
    if not _NAME.fullmatch(name) or name.endswith("."):
        return False
    return ending in _ENDINGS


def _options(files: Mapping[str, str]) -> Item:
    """Return what all files say: the folder's in their order, then the one file."""
    folder = {name: text for name, text in files.items() if name.startswith(_FOLDER)}
    tree = Item()

    def included(path: str) -> str | None:
        if path == _FOLDER:
            return "".join(folder[name] for name in sorted(folder) if _taken(name))
        return files.get(path)

    paths = [
        *sorted(filter(_taken, folder)),
        *(name for name in files if name == _MAIN),
    ]
    for path in paths:
        try:
            read(files[path], tree, included)
        except Wrong as wrong:
            raise Unreadable(f"{path}: {wrong}") from wrong
    return tree


def parse(answer: str) -> AptConf:
    """Read apt's configuration files in their order."""
    options = _options(contents(answer))

    def said(name: str) -> str:
        found = options.find(f"APT::Periodic::{name}")
        return "" if found is None else found.value.strip()

    daily = said("Enable") != "0"
    return AptConf(
        unattended=daily and said("Unattended-Upgrade") not in _OFF,
        origins=tuple(v for name in _ORIGINS for v in options.values(name)),
        spared=options.values("Unattended-Upgrade::Package-Blacklist"),
        lists=daily and said("Update-Package-Lists") not in _OFF,
        daily=daily,
    )


APT_CONF = Source(
    name="apt-conf",
    about="What apt upgrades by itself.",
    question=Files(("/etc/apt/apt.conf", "/etc/apt/apt.conf.d/*")),
    parse=parse,
)
