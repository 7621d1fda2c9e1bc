"""Which packages apt upgrades by itself."""

import re

import msgspec

from zmward.sources.source import Files, Source, contents

_ORIGINS = re.compile(
    r"Unattended-Upgrade::(?:Allowed-Origins|Origins-Pattern)(?:::)?\s*"
    r'(?:\{((?:[^"{}]|"[^"]*")*)\}|"([^"]*)")'
)
_SWITCH = re.compile(r'APT::Periodic::Unattended-Upgrade\s+"([^"]*)"')


class AptConf(msgspec.Struct, frozen=True):
    """Whether apt upgrades by itself, and from which origins."""

    unattended: bool
    origins: tuple[str, ...] = ()


def parse(answer: str) -> AptConf:
    """Read apt's configuration files in their order."""
    switch = ""
    origins: list[str] = []
    for _, text in sorted(contents(answer).items()):
        # A trailing comment holds no quotes, or it may be part of a value.
        bare = re.sub(r"(?m)^\s*(?://|#).*$|//[^\"\n]*$", "", text)
        found = _SWITCH.findall(bare)
        switch = found[-1] if found else switch
        for block, single in _ORIGINS.findall(bare):
            origins += [single] if single else re.findall(r'"([^"]*)"', block)
    return AptConf(switch not in ("", "0"), tuple(origins))


APT_CONF = Source(
    name="apt-conf",
    about="What apt upgrades by itself.",
    question=Files(("/etc/apt/apt.conf", "/etc/apt/apt.conf.d/*")),
    parse=parse,
)
