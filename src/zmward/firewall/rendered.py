"""A policy as the text that is handed out, its problems as comments on top."""

from collections.abc import Mapping
from typing import Final, Literal

from zmward.firewall.basics import word
from zmward.firewall.openings import Policy
from zmward.firewall.render_iptables import ipset, iptables
from zmward.firewall.render_nftables import nftables
from zmward.firewall.render_ufw import placed, ufw

Format = Literal["nftables", "iptables", "ip6tables", "ipset"]
_ROOM: Final = 300
_SETS: Final = (
    "# It asks sets: make them first, with `zmward firewall render --format ipset`\n"
    "# and `ipset restore -exist`.\n"
)
_NO_SETS: Final = "# No zone is so large that it needs a set.\n"
_NOT_SEEN: Final = (
    "# The host's own {path} was not seen, so this is no whole file: put the\n"
    "# block at the end of its *filter, before COMMIT.\n"
)


def warnings(policy: Policy) -> str:
    """Return the problems of a policy that refuses, as comments."""
    if not policy.refused:
        return ""
    lines = (
        "NOT FOR LOADING: the policy refuses, and this is not what the host needs.",
        *(f"{one.kind}: {word(one.text, _ROOM)}" for one in policy.refused),
    )
    return "".join(f"# {line}\n" for line in lines)


def rendered(policy: Policy, form: Format) -> str:
    """Return one text; of a policy that refuses, the problems come first."""
    if form == "nftables":
        text = nftables(policy)
    elif form == "ipset":
        text = ipset(policy) or _NO_SETS
    else:
        text = iptables(policy, "ipv4" if form == "iptables" else "ipv6")
        text = (_SETS if "--match-set" in text else "") + text
    return warnings(policy) + text


def _file(path: str, own: str | None, block: str) -> str:
    if own is None:
        return _NOT_SEEN.format(path=path) + block
    return placed(own, block)


def _commands(text: str) -> str:
    return (
        "# Put applications.d/zmward, before.rules and before6.rules into /etc/ufw\n"
        "# first; then these, in this order. Rules of an older policy are those whose\n"
        "# comment in `ufw show added` begins with zmward.\n" + text
    )


def ufw_files(
    policy: Policy, commands: str, before: str | None, before6: str | None
) -> Mapping[str, str]:
    """Return what each file of a folder for ufw holds; `commands` are its own.

    A file of the host's that was not seen is a block alone, which says so;
    ValueError where a host's file is none of ufw's.
    """
    found = ufw(policy)
    top = warnings(policy)
    return {
        "applications.d/zmward": top + found.applications,
        "before.rules": top + _file("/etc/ufw/before.rules", before, found.before),
        "before6.rules": top + _file("/etc/ufw/before6.rules", before6, found.before6),
        "commands": top + _commands(commands),
    }
