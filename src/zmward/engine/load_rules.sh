#!/bin/sh
# Loads zmward's rules at boot, before the network: those confirmed last, else those
# confirmed before them, else the least that a server needs. No name is resolved.
# With the word `once` it leaves them alone where they are loaded already.
set -u
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
FOLDER=@FOLDER@

say() { printf 'zmward: %s\n' "$*" >&2; }

loaded() { # folder, what stands before the names of its files
    cd -- "$FOLDER/$1" 2>/dev/null || return 1
    grep -E "  (backend|run|${2}(nft|ipset|v4|v6))\$" digests |
        sha256sum -c --quiet || return 1
    read -r kind <backend && read -r mark <run || return 1
    case $kind in
    nftables)
        nft -f "${2}nft" && nft list chain inet zmward "run-$mark" >/dev/null
        ;;
    iptables)
        { [ ! -s "${2}ipset" ] || ipset restore <"${2}ipset"; } &&
            iptables-restore --noflush <"${2}v4" &&
            { [ ! -e /proc/net/if_inet6 ] || ip6tables-restore --noflush <"${2}v6"; } &&
            iptables -t security -S "ZMWARD-$mark" >/dev/null
        ;;
    *) return 1 ;;
    esac
}

there() { # folder
    read -r backend <"$1/backend" && read -r run <"$1/run" || return 1
    case $backend in
    nftables) nft list chain inet zmward "run-$run" >/dev/null 2>&1 ;;
    *) iptables -t security -S "ZMWARD-$run" >/dev/null 2>&1 ;;
    esac
}

if [ "${1:-}" = once ] && there "$FOLDER/current" 2>/dev/null; then exit 0; fi
for folder in current previous; do
    loaded "$folder" '' && exit 0
    say "the rules in $FOLDER/$folder cannot be loaded"
done
for folder in current previous; do
    loaded "$folder" minimum- || continue
    say "only the minimum is loaded, from $FOLDER/$folder"
    exit 0
done
say "nothing could be loaded: no packet is filtered by zmward"
exit 1
