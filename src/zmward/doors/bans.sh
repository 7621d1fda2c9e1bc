# Who is banned now stays banned: bans are read from what is loaded and go into what is
# about to be loaded, as far as that has a place for them. One a line: 4 or 6, the
# address or network, the seconds that are left; 0 is without an end.
BANS=ZMWARD-BANS

PATIENCE=30

# Others hold the lock of xtables for a moment; older programs do not wait at all.
ipt() { # program, words
    xt=$1
    shift
    case $("$xt" --help 2>&1) in
    *--wait*) "$xt" --wait="$PATIENCE" "$@" ;;
    *) "$xt" "$@" ;;
    esac
}

# Legacy tables are made by asking for them: one that is not there has no rules.
unused() { # program
    case $("$1" -V) in *nf_tables*) return 1 ;; esac
    ! grep -qx security "/proc/net/${1%tables}_tables_names" 2>/dev/null
}

# Time passes while the rules are read, so what is left is rounded up.
BANS_OF_NFT='
    function seconds(text,   sum, one, unit) {
        while (match(text, /^[0-9]+(ms|[wdhms])/)) {
            one = substr(text, 1, RLENGTH); text = substr(text, RLENGTH + 1)
            unit = one; sub(/^[0-9]+/, "", unit)
            if (unit == "w") sum += one * 604800
            if (unit == "d") sum += one * 86400
            if (unit == "h") sum += one * 3600
            if (unit == "m") sum += one * 60
            if (unit == "s") sum += one
        }
        return sum + 1
    }
    function tell(text,   word, n, i, left) {
        n = split(text, word, " ")
        if (!n) return
        for (i = 2; i < n; i++) {
            if (word[i] == "timeout" && !left) left = seconds(word[i + 1])
            if (word[i] == "expires") left = seconds(word[i + 1])
        }
        printf "%s %s %d\n", own, word[1], left
    }
    $1 == "set" {
        own = ""
        if ($2 ~ /^((timed-)?bans|banned-networks)[46]$/) own = substr($2, length($2))
    }
    own != "" {
        gsub(/comment "[^"]*"/, "")
        if (sub(/.*elements = [{]/, "")) inside = 1
        if (inside) {
            ended = sub(/[}].*/, "")
            n = split($0, found, ",")
            for (i = 1; i <= n; i++) tell(found[i])
            if (ended) inside = 0
        }
    }'

bans_of_nft() {
    command -v nft >/dev/null && nft list tables 2>/dev/null | grep -qx 'table inet zmward' ||
        return 0
    found=$(nft list table inet zmward) || return 1
    printf '%s\n' "$found" | awk "$BANS_OF_NFT"
}

sets_saved() {
    command -v ipset >/dev/null || return 0
    for name in $(ipset list -n 2>/dev/null | grep '^zmward-'); do
        ipset save "$name" || return 1
    done
}

bans_of_set() { # digit
    command -v ipset >/dev/null && ipset list -n 2>/dev/null | grep -qx "zmward-bans$1" ||
        return 0
    found=$(ipset save "zmward-bans$1") || return 1
    printf '%s\n' "$found" | awk -v own="$1" '$1 == "add" && !/ nomatch/ {
        left = 0
        for (i = 4; i < NF; i++) if ($i == "timeout") left = $(i + 1)
        print own, $3, left
    }'
}

ban_tool() { [ "$1" = 4 ] && echo iptables || echo ip6tables; }

bans_chained() { # digit: is our chain of bans there?
    tool=$(ban_tool "$1")
    command -v "$tool" >/dev/null && ! unused "$tool" &&
        ipt "$tool" -t security -S "$BANS" >/dev/null 2>&1
}

bans_of_chain() { # digit
    bans_chained "$1" || return 0
    found=$(ipt "$(ban_tool "$1")" -t security -S "$BANS") || return 1
    printf '%s\n' "$found" |
        sed -n "s/^-A $BANS -s \([^ ]*\) -j \(DROP\|REJECT.*\)\$/$1 \1 0/p"
}

# Prints a text for nft with everybody in its sets who is banned; a set that is too
# small for them is made larger.
nft_kept() { # file of the text
    # Rules of an older version, as a rollback loads them, have one set for all.
    grep -q '^[[:space:]]*set timed-bans' "$1" && timed=timed-bans || timed=bans
    {
        bans_of_nft || echo failed
        for digit in 4 6; do
            bans_of_set "$digit" && bans_of_chain "$digit" || echo failed
        done
    } | awk -v timed="$timed" '
        stage == 1 && $1 == "failed" { exit failed = 1 }
        stage == 1 {
            word = $2
            if ($1 == 4) sub(/\/32$/, "", word); else sub(/\/128$/, "", word)
            if (word !~ /^[0-9a-fA-F.:\/-]+$/) next
            if (!(word in left)) { told[++all] = word; left[word] = $3; digit[word] = $1 }
            else if ($3 == 0 || left[word] && $3 > left[word]) left[word] = $3
            next
        }
        # Where each belongs is known when all have been read.
        !placed++ {
            for (i = 1; i <= all; i++) {
                word = told[i]
                name = word ~ /[\/-]/ ? "banned-networks" : left[word] ? timed : "bans"
                name = name digit[word]
                item[name, ++count[name]] = word
            }
        }
        $1 == "set" { own = $2; if (own in count) room[own] = 1 }
        # An interval takes two places.
        $1 == "size" && own in count {
            need = (own ~ /networks/ ? 2 : 1) * count[own]
            if ($2 < need) sub(/size [0-9]+/, "size " 2 * need)
        }
        { print }
        END {
            if (failed) exit 1
            for (name in count) {
                if (!(name in room)) { lost = 1; continue }
                printf "add element inet zmward %s {", name
                for (i = 1; i <= count[name]; i++) {
                    word = item[name, i]
                    ends = left[word]
                    printf "%s %s%s", (i > 1 ? "," : ""), word, (ends ? " timeout " ends "s" : "")
                }
                print " }"
            }
            if (lost) print "zmward: the new rules have no place for bans" >"/dev/stderr"
        }' stage=1 - stage=2 "$1"
}

# Prints who would be lost from one family where iptables loads these texts.
bans_moving() { # digit, file of the text for iptables
    found=$(bans_of_nft) || return 1
    printf '%s\n' "$found" | grep "^$1 "
    grep -q -- "--match-set zmward-bans$1 " "$2" || bans_of_set "$1" || return 1
    grep -q "^:$BANS " "$2" || bans_of_chain "$1"
}

# Prints a text for ipset that puts each set in the place of one of that name: a set of
# bans is left as it is where it is large enough; else a larger one takes its place.
sets_kept() { # file of the text, files of the texts for iptables
    now=$(sets_saved) || return 1
    {
        for digit in 4 6; do
            [ "$digit" = 4 ] && file=$2 || file=$3
            [ -s "$file" ] && grep -q -- "--match-set zmward-bans$digit " "$file" || continue
            { bans_moving "$digit" "$file" || echo failed; } | sed 's/^/moving /'
        done
        printf '%s\n' "$now"
    } | awk '
        function most(line) { return line ~ / maxelem / ? substr(line, index(line, " maxelem ") + 9) + 0 : 65536 }
        stage == 1 && $2 == "failed" { exit failed = 1 }
        stage == 1 && $1 == "moving" {
            name = "zmward-bans" $2
            # No set of ipset remembers anybody for longer.
            left = $4 > 2147483 ? 2147483 : $4
            moving[name, ++come[name]] = $3 " timeout " left
            next
        }
        stage == 1 && $1 == "create" { there[$2] = most($0); timed[$2] = / timeout /; next }
        stage == 1 && $1 == "add" && $2 ~ /^zmward-bans[46]$/ {
            word = $3
            for (i = 4; i <= NF; i++) {
                if ($i == "nomatch") word = word " nomatch"
                if ($i == "timeout") word = word " timeout " $(i + 1)
            }
            member[$2, ++held[$2]] = word
            next
        }
        stage == 1 { next }
        $1 == "create" && $2 ~ /^zmward-bans[46]$/ {
            need = held[$2] + come[$2]
            size = most($0) > need ? most($0) : 2 * need
            sub(/maxelem [0-9]+/, "maxelem " size)
            if (!($2 in there)) print
            else if (there[$2] < size || !timed[$2]) {
                new = $2 "-new"
                line = $0; sub($2, new, line); print line; print "flush " new
                for (i = 1; i <= held[$2]; i++) print "add", new, member[$2, i], "-exist"
                print "swap", new, $2
            }
            for (i = 1; i <= come[$2]; i++) print "add", $2, moving[$2, i], "-exist"
            next
        }
        $1 == "create" && $2 !~ /-new$/ && $2 in there { next }
        { print }
        END { if (failed) exit 1 }' stage=1 - stage=2 "$1"
}

# Bans made between the reading and the swap stand in the old set, where nobody bans now.
sets_swapped() {
    for name in $(ipset list -n 2>/dev/null | grep '^zmward-bans[46]-new$'); do
        ipset save "$name" | sed -n "s/^add $name /add ${name%-new} /p" |
            sed 's/ packets [0-9]* bytes [0-9]*//' | ipset -exist restore
        ipset destroy "$name"
    done
}

# Loads sets: those of a load that died in the midst of it are in nobody's way.
sets_loaded() { # files of the texts for ipset, IPv4 and IPv6
    [ -s "$1" ] || return 0
    for name in $(ipset list -n 2>/dev/null | grep '^zmward-.*-new$'); do
        ipset destroy "$name" 2>/dev/null
    done
    text=$(sets_kept "$@") && printf '%s\n' "$text" | ipset restore && sets_swapped
}

# Prints a text for iptables-restore that leaves the chain of bans as it is.
chain_kept() { # digit, file of the text
    {
        grep -q -- "--match-set zmward-bans$1 " "$2" || bans_moving "$1" "$2" || echo failed
    } | awk -v bans="$BANS" -v there="$(bans_chained "$1" && echo yes)" '
        stage == 1 && $1 == "failed" { exit failed = 1 }
        stage == 1 { rule[++all] = "-A " bans " -s " $2 " -j DROP"; next }
        $1 == (":" bans) { chain = 1; if (there) next }
        $1 == "COMMIT" && chain { for (i = 1; i <= all; i++) print rule[i] }
        { print }
        END {
            if (failed) exit 1
            if (all && !chain) print "zmward: the new rules have no place for bans" >"/dev/stderr"
        }' stage=1 - stage=2 "$2"
}
