"""Our own rules in a host's packet filter, and the change that loads them."""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

Backend = Literal["nftables", "iptables", "ufw"]
_LOADERS: Final[Mapping[Backend, tuple[tuple[str, ...], ...]]] = {
    "nftables": (("nft", "-f", "/dev/stdin"),),
    "iptables": (
        ("ipset", "restore"),
        ("iptables-restore", "--noflush"),
        ("ip6tables-restore", "--noflush"),
    ),
    # A profile is for people; of each family a block and rules are loaded in one step.
    "ufw": (
        (),
        ("iptables-restore", "--noflush"),
        ("ip6tables-restore", "--noflush"),
        (),
        (),
    ),
}
_UNLOADERS: Final[Mapping[Backend, tuple[tuple[str, ...], ...]]] = {
    "nftables": (("nft", "delete", "table", "inet", "zmward"),),
    "iptables": (
        ("iptables", "-t", "security", "-D", "INPUT", "-j", "ZMWARD"),
        ("ip6tables", "-t", "security", "-D", "INPUT", "-j", "ZMWARD"),
    ),
    "ufw": (("ufw", "reload"),),
}


class Rules(msgspec.Struct, frozen=True):
    """Our rules as texts for the programs that load them.

    `nftables` has one text, for `nft -f`; `iptables` has three, for `ipset restore`,
    `iptables-restore --noflush` and `ip6tables-restore --noflush`. `minimum` holds the
    same for what is loaded at boot where the texts themselves cannot be.

    `ufw` has five, which go into ufw's own files: application profiles, blocks for
    before.rules and before6.rules, rules for user.rules and user6.rules. Its `minimum`
    is for iptables, once of all rules and once of the least: for where ufw fails.
    """

    backend: Backend
    texts: tuple[str, ...]
    minimum: tuple[str, ...] = ()


class LoadRuleset(msgspec.Struct, frozen=True, tag="load-ruleset", tag_field="kind"):
    """Loads our own rules on one host in one step; None means: none of ours.

    They work at once; for the next boot they are written when the run is confirmed.
    """

    target: str
    before: Rules | None
    after: Rules | None

    @property
    def place(self) -> tuple[str, ...]:
        """Return what two changes must not share."""
        return "ruleset", self.target

    def inverse(self) -> "LoadRuleset":
        """Return the change that gives the old rules back."""
        return LoadRuleset(self.target, self.after, self.before)

    def commands(self) -> tuple[tuple[str, ...], ...]:
        """Return the lines that load the texts, which are shown apart."""
        if self.after is None:
            backend = self.before.backend if self.before else "nftables"
            return _UNLOADERS[backend]
        pairs = zip(_LOADERS[self.after.backend], self.after.texts, strict=True)
        return tuple(argv for argv, text in pairs if argv and text)

    def restarts(self) -> tuple[str, ...]:
        """Return nothing: the kernel takes the rules at once."""
        return ()
