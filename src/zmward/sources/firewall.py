"""Packet filters that are loaded now, as their own programs tell them."""

from zmward.sources.source import Snippet, Source, Unreadable


def parse(answer: str) -> str:
    """Return sections: `> nft`, `> iptables legacy`, `> ipset`, … with their texts.

    What they say is for the reach engine to read.
    """
    if not answer.startswith("> "):
        raise Unreadable(f"firewall: no back end before {answer[:60]!r}")
    return answer


FIREWALL = Source(
    name="firewall",
    about="Packet filters that are loaded: nftables, iptables' tables, sets of ipset.",
    question=Snippet(
        r"""
# Asking iptables-legacy where no table exists would load its modules: the kernel's
# list of tables says first whether there is anything to ask.
for family in ip ip6; do
    # A file below /proc says that it is empty even where it is not.
    [ -n "$(cat "/proc/net/${family}_tables_names" 2>/dev/null)" ] || continue
    program=
    for name in "${family}tables-legacy-save" "${family}tables-save"; do
        [ -n "$program" ] || ! command -v "$name" >/dev/null 2>&1 || program=$name
    done
    if [ -n "$program" ]; then
        printf '> %stables legacy\n' "$family"
        limit "$program" || return
    else
        printf '> missing %stables-save\n' "$family"
    fi
done
if command -v nft >/dev/null 2>&1; then
    rules=$(limit nft -j list ruleset) || return
    printf '> nft\n%s\n' "$rules"
    # What iptables has put there, nft cannot say: its matches are only called xt. What
    # its own program cannot say either stays so.
    case $rules in *'"xt"'*)
        for family in ip ip6; do
            for name in "${family}tables-nft-save" "${family}tables-save"; do
                limit "$name" -V 2>/dev/null | grep -q nf_tables || continue
                saved=$(limit "$name" 2>/dev/null) || break
                printf '> %stables nft\n%s\n' "$family" "$saved"
                break
            done
        done ;;
    esac
elif command -v iptables-nft-save >/dev/null 2>&1; then
    printf '> iptables nft\n'
    limit iptables-nft-save || return
    printf '> ip6tables nft\n'
    limit ip6tables-nft-save || return
    printf '> missing nft\n'
elif grep -q '^nf_tables ' /proc/modules 2>/dev/null; then
    printf '> missing nft\n'
else
    printf '> iptables none\n'
fi
# Asked while nothing has ever used a set, the program would load the kernel's module.
if [ -d /sys/module/ip_set ] && command -v ipset >/dev/null 2>&1; then
    saved=$(limit ipset save 2>/dev/null) && printf '> ipset\n%s\n' "$saved"
fi
:
"""
    ),
    parse=parse,
)
