# Our own rules in the packet filter: listed, loaded, taken out, and kept for the boot.
#   list BACKEND            prints them as they are now
#   try BACKEND             loads what it reads in a network of its own and lists that
#   put BACKEND             loads what it reads, in one step for each program
#   take BACKEND            takes them out
#   mine BACKEND RUN        says whether that run has loaded them
#   keep FOLDER RUN UNITS   keeps what it reads for the next boot: rules, loader, unit
#   forget FOLDER RUN UNITS takes that back
#   prove ufw               says too whether ufw would load it from its files
# A backend is nftables, iptables or ufw. Texts stand below lines such as `%% nft`.
set -u
umask 077
TABLE=zmward CHAIN=ZMWARD

framed() { printf '%%%% %s\n' "$1"; }

there() { nft list tables | grep -qx "table inet $TABLE"; }

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

# Writes each text into a file of its own.
parted() { awk -v folder="$1" '/^%% / { file = folder "/" $2; next } { print >file }'; }

chains() { "$1" -t security -S 2>/dev/null | sed -n "s/^-N \(${CHAIN}[^ ]*\)\$/\1/p"; }

# One step for each family: chains of ours that the new text does not have go with it.
restored() { # program, file
    said=$(sed -n "s/^:\(${CHAIN}[^ ]*\) .*/\1/p" "$2")
    stale=$(chains "$1" | grep -Fvx -- "$said")
    {
        sed '/^COMMIT$/d' "$2"
        for name in $stale; do printf -- '-F %s\n' "$name"; done
        for name in $stale; do printf -- '-X %s\n' "$name"; done
        echo COMMIT
    } | "$1-restore" --noflush
}

put() {
    case $1 in
    nftables) sed '/^%% nft$/d' | nft -f /dev/stdin ;;
    iptables)
        folder=$(mktemp -d) || return 1
        parted "$folder"
        { [ ! -s "$folder/ipset" ] || ipset restore <"$folder/ipset"; } &&
            restored iptables "$folder/v4" &&
            { [ ! -e /proc/net/if_inet6 ] || restored ip6tables "$folder/v6"; }
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

take() {
    case $1 in
    nftables)
        ! there || nft delete table inet "$TABLE"
        ;;
    iptables)
        for program in iptables ip6tables; do
            command -v "$program" >/dev/null || continue
            rules=$("$program" -t security -S 2>/dev/null) || continue
            case $rules in *"-A INPUT -j $CHAIN"*)
                "$program" -t security -D INPUT -j "$CHAIN" || return 1
                ;;
            esac
            names=$(chains "$program")
            for name in $names; do "$program" -t security -F "$name" || return 1; done
            for name in $names; do "$program" -t security -X "$name" || return 1; done
        done
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
    nftables) nft list chain inet "$TABLE" "run-$2" >/dev/null 2>&1 ;;
    iptables) iptables -t security -S "$CHAIN-$2" >/dev/null 2>&1 ;;
    ufw) ufw_mine "$2" ;;
    esac
}

linked() { # folder, name, target
    ln -sfn -- "$3" "$1/.$2" && mv -fT -- "$1/.$2" "$1/$2"
}

aim() { readlink -- "$1" 2>/dev/null || printf '%s\n' -; }

# The order is such that each moment boots into the old rules or the new ones.
keep() { # folder, run, folder of units
    mkdir -p -- "$1" && chmod 0700 "$1" && rm -rf -- "${1:?}/.new" && mkdir -- "$1/.new" || return 1
    parted "$1/.new" || return 1
    old=$(aim "$1/current")
    if [ "$old" = "$2" ]; then cp -- "$1/$2/before" "$1/.before" || return 1
    else printf '%s %s\n' "$old" "$(aim "$1/previous")" >"$1/.before"; fi
    mv -f -- "$1/.new/load" "$1/.load" && mv -f -- "$1/.new/unit" "$1/.unit" &&
        (cd -- "$1/.new" && sha256sum -- * >../.digests) &&
        mv -f -- "$1/.digests" "$1/.new/digests" &&
        mv -f -- "$1/.before" "$1/.new/before" || return 1
    sync -f -- "$1" && rm -rf -- "${1:?}/$2" && mv -T -- "$1/.new" "$1/$2" &&
        mv -fT -- "$1/.load" "$1/load" || return 1
    [ "$(cat "$1/$2/backend")" != ufw ] || ufw_keep "$1/$2" "$1/ufw-$2" || return 1
    case $old in - | "$2") ;; *) linked "$1" previous "$old" || return 1 ;; esac
    linked "$1" current "$2" && cp -- "$1/.unit" "$3/.zmward-firewall.service" &&
        chmod 0644 "$3/.zmward-firewall.service" &&
        mv -fT -- "$3/.zmward-firewall.service" "$3/zmward-firewall.service" &&
        systemctl daemon-reload && systemctl enable -q zmward-firewall.service &&
        systemctl start zmward-firewall.service &&
        rm -f -- "$1/.unit" && sync -f -- "$1" && sync -f -- "$3"
}

# What a later run has kept stands above it and is left alone.
forget() { # folder, run, folder of units
    [ -d "$1" ] || return 0
    ufw_forget "$1/ufw-$2" || return 1
    # What a run that died in the midst of it has left.
    for name in new before digests load unit; do rm -rf -- "$1/.$name"; done
    if [ ! -d "$1/$2" ]; then rmdir -- "$1" 2>/dev/null || :; return 0; fi
    old=- older=- now=$(aim "$1/current")
    ! read -r old older <"$1/$2/before" || :
    if [ "$now" != - ] && [ "$now" != "$2" ] && [ "$now" != "$old" ]; then
        cat -- "$1"/*/before | grep -qwF -- "$2" || rm -rf -- "${1:?}/$2"
        return
    fi
    if [ "$old" = - ]; then
        systemctl stop --no-block zmward-firewall.service 2>/dev/null
        rm -f -- "$3/zmward-firewall.service" \
            "$3/multi-user.target.wants/zmward-firewall.service" \
            "$1/current" "$1/previous" || return 1
        systemctl daemon-reload
    else
        linked "$1" current "$old" || return 1
        if [ "$older" = - ]; then rm -f -- "$1/previous"
        else linked "$1" previous "$older" || return 1; fi
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
try-*) put "$@" && listed "$@" ;;
*) "$verb" "$@" ;;
esac
