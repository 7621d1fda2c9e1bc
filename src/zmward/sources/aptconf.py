"""Which packages apt upgrades by itself."""

import re

import msgspec

from zmward.sources.source import Files, Source, contents

_ORIGINS = re.compile(
    r"Unattended-Upgrade::(?:Allowed-Origins|Origins-Pattern)(?:::)?\s*"
    r'(?:\{((?:[^"{}]|"[^"]*")*)\}|"([^"]*)")'
)
_SPARED = re.compile(
    r"Unattended-Upgrade::Package-Blacklist(?:::)?\s*"
    r'(?:\{((?:[^"{}]|"[^"]*")*)\}|"([^"]*)")'
)
_MAIN = "/etc/apt/apt.conf"
_LISTS = re.compile(r'Update-Package-Lists\s+"([^"]*)"')
_SWITCH = re.compile(r'APT::Periodic::Unattended-Upgrade\s+"([^"]*)"')


class AptConf(msgspec.Struct, frozen=True):
    """Whether apt upgrades by itself, and from which origins.

    `spared` are patterns of packages that it leaves alone; `lists` says whether it
    fetches the lists of packages by itself.
    """

    unattended: bool
    origins: tuple[str, ...] = ()
    spared: tuple[str, ...] = ()
    lists: bool = False


def _values(pattern: re.Pattern[str], text: str) -> list[str]:
    """Return the values of a list, written as a block or one by one."""
    found: list[str] = []
    for block, single in pattern.findall(text):
        found += [single] if single else re.findall(r'"([^"]*)"', block)
    return found


def _read(path: str) -> bool:
    """Say whether apt reads a file: of all endings it knows `.conf` alone."""
    ending = path.rpartition("/")[2].partition(".")[2]
    return path == _MAIN or ending.rpartition(".")[2] in ("", "conf")


def parse(answer: str) -> AptConf:
    """Read apt's configuration files in their order."""
    switch = lists = ""
    origins: list[str] = []
    spared: list[str] = []
    files = [(path == _MAIN, path, text) for path, text in contents(answer).items()]
    for _, path, text in sorted(files):  # apt reads the folder first
        if not _read(path):
            continue
        # A trailing comment holds no quotes, or it may be part of a value.
        bare = re.sub(r"(?m)^\s*(?://|#).*$|//[^\"\n]*$", "", text)
        found = _SWITCH.findall(bare)
        switch = found[-1] if found else switch
        fetches = _LISTS.findall(bare)
        lists = fetches[-1] if fetches else lists
        origins += _values(_ORIGINS, bare)
        spared += _values(_SPARED, bare)
    return AptConf(
        switch not in ("", "0"), tuple(origins), tuple(spared), lists not in ("", "0")
    )


APT_CONF = Source(
    name="apt-conf",
    about="What apt upgrades by itself.",
    question=Files(("/etc/apt/apt.conf", "/etc/apt/apt.conf.d/*")),
    parse=parse,
)
