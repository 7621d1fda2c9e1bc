"""Whose rules are loaded: what a host's own tools call their tables and chains."""

from typing import Final

from zmward.evidence import Missing, Unseen
from zmward.facts import Facts
from zmward.firewall.loaded import Loaded, live
from zmward.firewall.rules import Ruleset
from zmward.sources.firewall import FIREWALL
from zmward.sources.firewallfiles import FIREWALL_FILES
from zmward.sources.source import Unreadable

# How a chain or table of each begins; theirs is what they load again at will.
_NAMES: Final = (
    ("zmward", ("zmward", "ZMWARD")),
    ("ufw", ("ufw-", "ufw6-")),
    ("firewalld", ("firewalld",)),
    ("fail2ban", ("f2b-", "addr-set-")),
    ("Docker", ("DOCKER",)),
    ("libvirt", ("LIBVIRT",)),
    ("CrowdSec", ("crowdsec",)),
)


def managers(ruleset: Ruleset) -> tuple[str, ...]:
    """Return who has rules in a set; other rules are somebody's by hand."""
    names = {
        word for table, chain in ruleset.chains for word in (*table.split()[-1:], chain)
    }
    return tuple(
        who for who, starts in _NAMES if any(name.startswith(starts) for name in names)
    )


def parsed(facts: Facts, host: str) -> Loaded:
    """Return the rules that a host has loaded, read once; Unseen where not known."""

    def made() -> Loaded:
        try:
            return live(facts.read(FIREWALL, host))
        except Unreadable as error:
            raise Unseen(Missing(str(error), "unparsed")) from error

    return facts.kept("loaded", host, made)


def loaded(facts: Facts, host: str) -> Loaded | str:
    """Return the rules that a host has loaded, or why they are not known."""
    try:
        return parsed(facts, host)
    except Unseen as signal:
        return signal.missing.reason


def file(facts: Facts, host: str, path: str) -> str | None:
    """Return a file of a host's firewall; None where it was not seen."""
    try:
        return facts.read(FIREWALL_FILES, host).files.get(path)
    except Unseen:
        return None
