#!/bin/sh
# Loads zmward's rules at boot, before the network: those confirmed last, else those
# confirmed before them, else the least that a server needs. No name is resolved.
# With the word `once` it leaves them alone where they are loaded already. It lies beside
# its unit too: the folder may be on a disk that comes after the network.
set -u
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
FOLDER=@FOLDER@
# Says that the least is loaded: it has the same mark.
LEAST=/run/zmward-firewall-least
FAILED='zmward: ufw has failed'

say() { printf 'zmward: %s\n' "$*" >&2; }

@BANS@
# Nobody waits as long at a boot as for a repair.
PATIENCE=10

# Rules count for more than who is banned.
kept() { # program, words
    "$@" || { say "who was banned may not be so any more" && return 1; }
}

chained() { # program, digit, file
    if text=$(kept chain_kept "$2" "$3") &&
        printf '%s\n' "$text" | kept ipt "$1-restore" --noflush; then return; fi
    ipt "$1-restore" --noflush <"$3"
}

# IPv4 comes last: its mark says that all of it is loaded.
restored() { # what stands before the names of files for iptables
    { [ ! -s "${1}ipset" ] || kept sets_loaded "${1}ipset" "${1}v4" "${1}v6" ||
        ipset restore <"${1}ipset"; } &&
        { [ ! -e /proc/net/if_inet6 ] || chained ip6tables 6 "${1}v6"; } &&
        chained iptables 4 "${1}v4"
}

in_nft() { # file
    if text=$(kept nft_kept "$1") && printf '%s\n' "$text" | nft -f /dev/stdin; then return; fi
    nft -f "$1"
}

programs() { echo iptables; [ ! -e /proc/net/if_inet6 ] || echo ip6tables; }

# Rules of a chain, in a file of ufw's or as they are loaded.
rules_in() { grep -c "^-A $1 "; }

# ufw has loaded its files, ours in them, or it is switched off by its owner. Its unit
# does not say so: one that has failed is content at a second start, and stays failed
# when `ufw reload` mends it. So rules are counted.
ufw_works() {
    if [ -s /etc/ufw/ufw.conf ] && ! grep -qix 'ENABLED=yes' /etc/ufw/ufw.conf; then
        say "ufw is switched off, so no packet is filtered by it"
        return 0
    fi
    for program in $(programs); do
        case $program in iptables) own=ufw six= ;; *) own=ufw6 six=6 ;; esac
        found=$(ipt "$program" -S) || return 1
        case $found in '-P INPUT DROP'*) ;; *) return 1 ;; esac
        [ "$own" = ufw ] || grep -qix 'IPV6="*yes"*' /etc/default/ufw || continue
        for name in before user; do
            file=/etc/ufw/$name$six.rules
            [ -s "$file" ] && [ "$(printf '%s\n' "$found" | rules_in "$own-$name-input")" \
                -ge "$(rules_in "$own-$name-input" <"$file")" ] || return 1
        done
    done
}

# A filter that ufw has left half done is passed by.
passed_by() {
    for program in $(programs); do
        rules=$(ipt "$program" -S) || return 1
        case $rules in *"$FAILED"*) continue ;; esac
        printf '%s\n' '*filter' \
            "-I INPUT 1 -m comment --comment \"$FAILED\" -j ACCEPT" \
            "-I OUTPUT 1 -m comment --comment \"$FAILED\" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT" \
            COMMIT | ipt "$program-restore" --noflush || return 1
    done
    say "ufw has failed: its rules are loaded by zmward, in the table security"
}

# In another table than ufw's.
without_ufw() { # what stands before the names of the files
    restored "$1" || return 1
    for program in $(programs); do
        ipt "$program" -t security -S "ZMWARD-$mark" >/dev/null || return 1
    done
    passed_by
}

# Takes out what was loaded while ufw did not work.
with_ufw() {
    for program in $(programs); do
        rules=$(ipt "$program" -S) || return 1
        case $rules in *"$FAILED"*) ;; *) continue ;; esac
        {
            echo '*filter'
            printf '%s\n' "$rules" | grep -F "\"$FAILED\"" | sed 's/^-A /-D /'
            printf '%s\n' COMMIT '*security' '-D INPUT -j ZMWARD' COMMIT
        } | ipt "$program-restore" --noflush || return 1
        names=$(ipt "$program" -t security -S | sed -n 's/^-N \(ZMWARD.*\)$/\1/p')
        for name in $names; do ipt "$program" -t security -F "$name"; done
        for name in $names; do ipt "$program" -t security -X "$name"; done
    done
}

loaded() { # folder, what stands before the names of its files
    cd -- "$FOLDER/$1" 2>/dev/null || return 1
    grep -E "  (backend|run|${2}(nft|ipset|v4|v6))\$" digests |
        sha256sum -c --quiet || return 1
    read -r kind <backend && read -r mark <run || return 1
    case $kind in
    nftables)
        in_nft "${2}nft" && nft list chain inet zmward "run-$mark" >/dev/null
        ;;
    iptables)
        restored "$2" && ipt iptables -t security -S "ZMWARD-$mark" >/dev/null
        ;;
    ufw) without_ufw "${2:-whole-}" ;;
    *) return 1 ;;
    esac
}

there() { # folder
    read -r backend <"$1/backend" && read -r run <"$1/run" || return 1
    case $backend in
    nftables) nft list chain inet zmward "run-$run" >/dev/null 2>&1 ;;
    *)
        for program in $(programs); do
            ipt "$program" -t security -S "ZMWARD-$run" >/dev/null 2>&1 || return 1
        done
        ;;
    esac
}

# The least once more, in this very file: where everything else is damaged.
last() {
@LAST@
}

least() { # where it is from
    # A rehearsal says nothing of what is loaded.
    [ "$word" = minimum ] || : >"$LEAST" || :
    say "only the minimum is loaded, from $1"
    exit 0
}

word=${1:-}
read -r backend 2>/dev/null <"$FOLDER/current/backend" || backend=@BACKEND@
if [ "$backend" = ufw ] && ufw_works; then
    with_ufw && rm -f -- "$LEAST" && exit 0
    say "what was loaded while ufw did not work stays loaded"
    exit 1
fi
if [ "$word" = once ] && [ "$backend" != ufw ] && [ ! -e "$LEAST" ] &&
    there "$FOLDER/current" 2>/dev/null; then exit 0; fi
for folder in current previous; do
    [ "$word" != minimum ] || break
    loaded "$folder" '' && rm -f -- "$LEAST" && exit 0
    say "the rules in $FOLDER/$folder cannot be loaded"
done
for folder in current previous; do
    loaded "$folder" minimum- && least "$FOLDER/$folder"
done
last && { [ "$backend" != ufw ] || passed_by; } && least "this very file"
say "nothing could be loaded: no packet is filtered by zmward"
exit 1
