# Our own rules in the packet filter: listed, loaded, taken out, and kept for the boot.
#   list BACKEND            prints them as they are now
#   stands BACKEND          says whether any are loaded: 0 yes, 1 no, else nobody can tell
#   try BACKEND             loads what it reads in a network of its own and lists that
#   marks BACKEND RUN       says whether that run would be known by them, in its own network
#   put BACKEND             loads what it reads, in one step for each program; who is
#                           banned stays so, unless `without-bans` stands behind it
#   load BACKEND FOLDER     as put, unless the switch of the run in that folder has fired
#   banned                  prints who is banned, by whichever of them
#   take BACKEND            takes them out
#   leave BACKEND FOLDER    as take, unless the switch of the run in that folder has fired
#   mine BACKEND RUN        says whether that run has loaded them: 0 yes, 1 no, else
#                           nobody can tell
#   keep FOLDER RUN UNITS   keeps what it reads for the next boot: rules, loader, unit
#   forget FOLDER RUN UNITS takes that back
#   prove ufw               says too whether ufw would load it from its files
# A backend is nftables, iptables or ufw. Texts stand below lines such as `%% nft`.
set -u
umask 077
TABLE=zmward CHAIN=ZMWARD

framed() { printf '%%%% %s\n' "$1"; }

there() { nft list tables | grep -qx "table inet $TABLE"; }

@BANS@
families() { echo iptables; [ ! -e /proc/net/if_inet6 ] || echo ip6tables; }

# Prints nothing where there is nothing of ours.
listed() {
    case $1 in
    nftables)
        nft list tables >/dev/null || return 1
        there || return 0
        framed nft
        nft -s list table inet "$TABLE"
        ;;
    iptables)
        ! unused iptables || return 0
        saved=$(iptables-save -t security) || return 1
        case $saved in *":$CHAIN "*) ;; *) return 0 ;; esac
        framed ipset
        ! command -v ipset >/dev/null || ipset save | grep -E '^(create|add) zmward-'
        framed v4
        printf '%s\n' "$saved"
        framed v6
        [ ! -e /proc/net/if_inet6 ] || ip6tables-save -t security
        ;;
    ufw) ufw_listed ;;
    esac
}

# A listing of a hundred thousand bans takes seconds.
stands() {
    if [ "$1" = nftables ]; then nft list tables >/dev/null || return 2; there; return; fi
    found=$(listed "$1") || return 2
    [ -n "$found" ]
}

# Writes each text into a file of its own.
parted() { awk -v folder="$1" '/^%% / { file = folder "/" $2; next } { print >file }'; }

chains() { ipt "$1" -t security -S 2>/dev/null | sed -n "s/^-N \(${CHAIN}[^ ]*\)\$/\1/p"; }

# One step for each family: chains of ours that the new text does not have go with it.
restored() { # program, file, digit or nothing
    if [ ! -s "$2" ]; then out "$1"; return; fi
    said=$(sed -n "s/^:\(${CHAIN}[^ ]*\) .*/\1/p" "$2")
    stale=$(chains "$1" | grep -Fvx -- "$said")
    if [ -n "${3:-}" ]; then whole=$(chain_kept "$3" "$2") || return 1
    else whole=$(cat -- "$2"); fi
    {
        printf '%s\n' "$whole" | sed '/^COMMIT$/d'
        for name in $stale; do printf -- '-F %s\n' "$name"; done
        for name in $stale; do printf -- '-X %s\n' "$name"; done
        echo COMMIT
    } | ipt "$1-restore" --noflush
}

# Takes our chains of one family out.
out() { # program
    command -v "$1" >/dev/null && ! unused "$1" || return 0
    rules=$(ipt "$1" -t security -S) || return 1
    case $rules in *"-A INPUT -j $CHAIN"*)
        ipt "$1" -t security -D INPUT -j "$CHAIN" || return 1
        ;;
    esac
    names=$(chains "$1")
    for name in $names; do ipt "$1" -t security -F "$name" || return 1; done
    for name in $names; do ipt "$1" -t security -X "$name" || return 1; done
}

# Prints a folder in which each text is a file, whole. It is in memory: a full disk must
# not keep anybody from taking a run back.
apart() {
    made=$(mktemp -d -p /run 2>/dev/null || mktemp -d) || return 1
    if parted "$made"; then printf '%s\n' "$made"; return; fi
    rm -rf -- "$made"
    return 1
}

put() {
    case $1 in
    nftables)
        folder=$(apart) || return 1
        if [ "${2:-}" = without-bans ]; then nft -f "$folder/nft"
        else nft_kept "$folder/nft" >"$folder/kept" && nft -f "$folder/kept"; fi
        code=$?
        rm -rf -- "$folder"
        return "$code"
        ;;
    iptables)
        folder=$(apart) || return 1
        four=4 six=6
        [ "${2:-}" != without-bans ] || four='' six=''
        { sets_loaded "$folder/ipset" "$folder/v4" "$folder/v6" ||
            { [ -z "$four" ] && ipset restore <"$folder/ipset"; }; } &&
            { [ ! -e /proc/net/if_inet6 ] || restored ip6tables "$folder/v6" "$six"; } &&
            restored iptables "$folder/v4" "$four"
        code=$?
        # A set that a rule asks is not destroyed.
        command -v ipset >/dev/null && for name in $(ipset list -n | grep '^zmward-'); do
            ipset destroy "$name" 2>/dev/null
        done
        rm -rf -- "$folder"
        return "$code"
        ;;
    ufw) ufw_put ;;
    esac
}

# Its switch waits for the end of this, and then finds what to take out.
waiting() { # folder of the run
    exec 8<"$1" && flock -w 30 8 || return 1
    [ ! -e "$1/fired" ] || { echo 'the switch has taken the run back' >&2; return 1; }
}

load() { waiting "$2" && put "$1"; }

leave() { waiting "$2" && take "$1"; }

take() {
    case $1 in
    nftables)
        nft list tables >/dev/null || return 1
        ! there || nft delete table inet "$TABLE"
        ;;
    iptables)
        for family in $(families); do out "$family" || return 1; done
        command -v ipset >/dev/null || return 0
        for name in $(ipset list -n | grep '^zmward-'); do
            ipset destroy "$name" || return 1
        done
        ;;
    ufw) ufw_take ;;
    esac
}

mine() {
    case $1 in
    nftables)
        names=$(nft list chains inet) || return 2
        case $names in *"chain run-$2 {"*) return 0 ;; *) return 1 ;; esac
        ;;
    iptables)
        for family in $(families); do
            ! unused "$family" || continue
            rules=$(ipt "$family" -t security -S) || return 2
            case $rules in *"-N $CHAIN-$2"*) return 0 ;; esac
        done
        return 1
        ;;
    ufw) ufw_mine "$2" ;;
    esac
}

banned() {
    bans_of_nft || return 1
    for digit in 4 6; do bans_of_set "$digit" && bans_of_chain "$digit" || return 1; done
}

# One at a time: who keeps and who takes back may come at the same moment.
alone() { exec 9<"${1%/*}/runs" && flock -w 110 9; }

linked() { # folder, name, target
    ln -sfn -- "$3" "$1/.$2" && mv -fT -- "$1/.$2" "$1/$2"
}

aim() { readlink -- "$1" 2>/dev/null || printf '%s\n' -; }

# The order is such that each moment boots into the old rules or the new ones.
keep() { # folder, run, folder of units
    alone "$1" || return 1
    mkdir -p -- "$1" && chmod 0700 "$1" && rm -rf -- "${1:?}/.new" && mkdir -- "$1/.new" || return 1
    parted "$1/.new" || return 1
    old=$(aim "$1/current")
    cp -- "$1/.new/load" "$1/.load" && mv -f -- "$1/.new/unit" "$1/.unit" &&
        mv -f -- "$1/.new/again" "$1/.again" || return 1
    if [ "$old" = "$2" ]; then started "$1" "$3"; return; fi
    printf '%s %s\n' "$old" "$(aim "$1/previous")" >"$1/.before"
    (cd -- "$1/.new" && sha256sum -- * >../.digests) &&
        mv -f -- "$1/.digests" "$1/.new/digests" &&
        mv -f -- "$1/.before" "$1/.new/before" || return 1
    sync -f -- "$1" && rm -rf -- "${1:?}/$2" && mv -T -- "$1/.new" "$1/$2" &&
        mv -fT -- "$1/.load" "$1/load" || return 1
    [ "$(cat "$1/$2/backend")" != ufw ] || ufw_keep "$1/$2" "$1/ufw-$2" || return 1
    case $old in -) ;; *) linked "$1" previous "$old" || return 1 ;; esac
    linked "$1" current "$2" && rehearsed "$1" && started "$1" "$3"
}

# What a boot will do, in a network of its own: whole, and with the least only.
rehearsed() { # folder
    for word in '' minimum; do
        unshare --net -- sh "$1/load" $word || return 1
    done
}

unit() { # file, folder of units, name
    cp -- "$1" "$2/.$3" && chmod 0644 "$2/.$3" && sync -- "$2/.$3" &&
        mv -fT -- "$2/.$3" "$2/$3"
}

started() { # folder, folder of units
    unit "$1/load" "$2" zmward-firewall.load && unit "$1/.unit" "$2" zmward-firewall.service &&
        unit "$1/.again" "$2" zmward-firewall-again.service && systemctl daemon-reload &&
        systemctl enable -q zmward-firewall.service zmward-firewall-again.service &&
        systemctl start zmward-firewall.service &&
        rm -rf -- "$1/.unit" "$1/.again" "$1/.load" "$1/.new" &&
        sync -f -- "$1" && sync -f -- "$2"
}

unstarted() { # folder of units
    systemctl stop --no-block zmward-firewall.service 2>/dev/null
    for name in multi-user.target nftables.service netfilter-persistent.service \
        iptables.service ip6tables.service ufw.service; do
        rm -f -- "$1/$name.wants/zmward-firewall.service" \
            "$1/$name.wants/zmward-firewall-again.service" || return 1
        case $name in *.service) rmdir -- "$1/$name.wants" 2>/dev/null || : ;; esac
    done
    rm -f -- "$1/zmward-firewall.service" "$1/zmward-firewall-again.service" \
        "$1/zmward-firewall.load" "$1"/.zmward-firewall* &&
        systemctl daemon-reload
}

# What a later run has kept stands above it and is left alone.
forget() { # folder, run, folder of units
    [ -d "$1" ] || return 0
    alone "$1" || return 1
    ufw_forget "$1/ufw-$2" || return 1
    # What a run that died in the midst of it has left.
    for name in new before digests load unit again; do rm -rf -- "$1/.$name"; done
    rm -rf -- "$1/ufw-$2.new"
    if [ ! -d "$1/$2" ]; then rmdir -- "$1" 2>/dev/null || :; return 0; fi
    old=- older=- now=$(aim "$1/current")
    # A damaged disk may have lost it: what stands below is not thrown away then.
    read -r old older 2>/dev/null <"$1/$2/before" || old=$(aim "$1/previous")
    if [ "$now" != - ] && [ "$now" != "$2" ] && [ "$now" != "$old" ]; then
        cat -- "$1"/*/before | grep -qwF -- "$2" || rm -rf -- "${1:?}/$2"
        return
    fi
    if [ "$old" = - ]; then
        unstarted "$3" && rm -f -- "$1/current" "$1/previous" || return 1
    else
        linked "$1" current "$old" || return 1
        if [ "$older" = - ]; then rm -f -- "$1/previous"
        else linked "$1" previous "$older" || return 1; fi
        # Its least may shut out whom the old one lets in.
        [ ! -e "$1/$old/load" ] || { unit "$1/$old/load" "$1" load &&
            unit "$1/$old/load" "$3" zmward-firewall.load; } || return 1
    fi
    rm -rf -- "${1:?}/$2" && sync -- "$1" || return 1
    [ "$old" != - ] || { rm -f -- "$1/load"; rmdir -- "$1" 2>/dev/null || :; }
}

@UFW@
verb=$1
shift
case $verb-${1:-} in
list-*) listed "$@" ;;
try-ufw) ufw_try ;;
prove-ufw) ufw_prove ;;
try-*) put "$1" && listed "$1" ;;
marks-*) put "$1" && mine "$1" "$2" ;;
*) "$verb" "$@" ;;
esac
