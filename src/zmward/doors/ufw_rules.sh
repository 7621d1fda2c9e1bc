# Our rules among those of ufw: a block before the first rule of its own files, and rules
# behind those that people have given it. A family is loaded in one step, nothing is
# flushed, and only rules with a comment of ours are taken out.
UFW=/etc/ufw UFW_DEFAULTS=/etc/default/ufw UFW_INIT=/lib/ufw/ufw-init
UFW_PARTS='profiles before4 before6 user4 user6 settings'
UFW_OURS='^-A ufw6?-(before-input .* --comment "zmward: |user-input .* --comment ["\\]*.?dapp_zmward-)'
UFW_FAILED='zmward: ufw has failed'

ufw_families() { echo 4; [ ! -e /proc/net/if_inet6 ] || echo 6; }
ufw_restored() { ipt "$(ufw_tool "$1")-restore" --noflush; } # family
ufw_tool() { [ "$1" = 4 ] && echo iptables || echo ip6tables; }
ufw_chains() { [ "$1" = 4 ] && echo ufw || echo ufw6; }
ufw_saved() { "$(ufw_tool "$1")-save" -t filter; }

ufw_setting() { # name
    sed -n "s/^[[:space:]]*$1=[\"']*\([A-Za-z]*\).*/\1/p" "$UFW_DEFAULTS" | tail -n 1 |
        tr '[:lower:]' '[:upper:]'
}

# Is a packet dropped that no rule takes?
ufw_closed() { # chains, what is saved
    printf '%s\n' "$2" | awk -v own="$1" '
        $1 == ":INPUT" { policy = $2 }
        $1 == "-A" && $2 == own "-track-input" { open = 1 }
        $1 == "-A" && $2 == own "-skip-to-policy-input" && / -j ACCEPT/ { open = 1 }
        END { exit policy != "DROP" || open }'
}

ufw_listed() {
    grep -qixs 'ENABLED=yes' "$UFW/ufw.conf" || return 0
    v4=$(ufw_saved 4) && v6= || return 1
    [ ! -e /proc/net/if_inet6 ] || v6=$(ufw_saved 6) || return 1
    printf '%s\n%s\n' "$v4" "$v6" | grep -qE "$UFW_OURS" || return 0
    framed profiles
    for family in 4 6; do
        [ "$family" = 4 ] && saved=$v4 || saved=$v6
        own=$(ufw_chains "$family")
        framed "before$family"
        [ -z "$saved" ] || ufw_closed "$own" "$saved" || echo ':INPUT open'
        printf '%s\n' "$saved" | grep -E "$UFW_OURS" | grep "^-A $own-before-input "
        framed "user$family"
        printf '%s\n' "$saved" | grep -E "$UFW_OURS" | grep "^-A $own-user-input "
    done
    return 0
}

ufw_policy() { # chains, ACCEPT or DROP
    printf ':INPUT %s [0:0]\n-F %s-track-input\n' "$2" "$1"
    printf -- '-F %s-skip-to-policy-input\n' "$1"
    printf -- '-A %s-skip-to-policy-input -j %s\n' "$1" "$2"
    [ "$2" = ACCEPT ] || return 0
    for protocol in tcp udp; do
        printf -- '-A %s-track-input -p %s -m conntrack --ctstate NEW -j ACCEPT\n' \
            "$1" "$protocol"
    done
}

# In a tree and a network of their own, where ufw can do what it does with its files.
UFW_SCRATCH='
    mount -t tmpfs tmpfs /tmp && mkdir /tmp/ours && cp -a /etc/ufw /tmp/ufw &&
        cp -a /etc/default /tmp/default &&
        sed -i "/^[[:space:]]*IPT_\(SYSCTL\|MODULES\)=/d" /tmp/default/ufw &&
        mount --bind /tmp/ufw /etc/ufw && mount --bind /tmp/default /etc/default ||
        exit 1
    chmod -x /etc/ufw/*.init 2>/dev/null
    ip link set lo up
'

# A ufw that knows nothing of IPv6: what it loads with IPV6=yes, as it loads it.
ufw_begun() {
    unshare --net --mount -- sh -c "$UFW_SCRATCH"'
        sed -i "s/^[[:space:]]*IPV6=.*/IPV6=yes/" /etc/default/ufw
        /lib/ufw/ufw-init start >&2 && ip6tables-save -t filter' |
        sed '/^#/d; /^[*]filter$/d; /^COMMIT$/d'
}

# Takes all of ufw's chains for IPv6 out again: nothing passes but on the loopback.
ufw_ended() { # what is saved
    printf '%s\n' '*filter' ':INPUT DROP [0:0]' ':FORWARD DROP [0:0]' ':OUTPUT DROP [0:0]'
    for rule in '-A INPUT -i lo -j ACCEPT' '-A OUTPUT -o lo -j ACCEPT'; do
        printf '%s\n' "$1" | grep -qxF -- "$rule" || echo "$rule"
    done
    printf '%s\n' "$1" | sed -n 's/^-A \([A-Z]* -j ufw6-.*\)/-D \1/p'
    for verb in F X; do
        printf '%s\n' "$1" | sed -n "s/^:\(ufw6-[^ ]*\) .*/-$verb \1/p"
    done
    echo COMMIT
}

# Puts a block and rules in the place of those that are ours now; none: takes them out.
ufw_load() { # family, file of the block, file of the rules, ACCEPT or DROP
    own=$(ufw_chains "$1")
    saved=$(ufw_saved "$1") || return 1
    begun=
    case $saved in
    *":$own-user-input "*) ;;
    *)
        [ "$1" = 4 ] || begun=$(ufw_begun) || return 1
        case $begun in
        *":$own-user-input "*) ;;
        *) echo 'ufw has not loaded its rules' >&2 && return 1 ;;
        esac
        ;;
    esac
    ufw_closed "$own" "${begun:-$saved}" && now=DROP || now=ACCEPT
    {
        echo '*filter'
        [ -z "$begun" ] || printf '%s\n' "$begun"
        [ "$now" = "$4" ] || ufw_policy "$own" "$4"
        printf '%s\n' "$saved" | grep -E "$UFW_OURS| --comment \"$UFW_FAILED\" " |
            sed 's/^-A /-D /'
        grep "^-A $own-before-input " "$2" |
            awk '{ printf "-I %s %d%s\n", $2, NR, substr($0, 4 + length($2)) }'
        grep "^-A $own-user-input " "$3"
        echo COMMIT
    } | ufw_restored "$1"
}

ufw_put() {
    folder=$(apart) || return 1
    for part in $UFW_PARTS; do : >>"$folder/$part"; done
    code=0
    for family in $(ufw_families); do
        ufw_load "$family" "$folder/before$family" "$folder/user$family" DROP ||
            { code=1 && break; }
    done
    rm -rf -- "$folder"
    return "$code"
}

# What nobody has rules for goes where ufw's own file says.
ufw_take() {
    wanted=DROP
    [ "$(ufw_setting DEFAULT_INPUT_POLICY)" != ACCEPT ] || wanted=ACCEPT
    for family in $(ufw_families); do
        saved=$(ufw_saved "$family") || return 1
        case $saved in
        *":$(ufw_chains "$family")-user-input "*) ;;
        *) continue ;;
        esac
        if [ "$family" = 6 ] && [ "$(ufw_setting IPV6)" != YES ]; then
            ufw_ended "$saved" | ufw_restored 6 || return 1
            continue
        fi
        ufw_load "$family" /dev/null /dev/null "$wanted" || return 1
    done
}

ufw_mine() { # run
    for family in $(ufw_families); do
        saved=$(ufw_saved "$family") || return 2
        case $saved in *"\"zmward: run $1\""*) return 0 ;; esac
    done
    return 1
}

ufw_path() { # part
    case $1 in
    profiles) echo "$UFW/applications.d/zmward" ;;
    before4) echo "$UFW/before.rules" ;;
    before6) echo "$UFW/before6.rules" ;;
    user4) echo "$UFW/user.rules" ;;
    user6) echo "$UFW/user6.rules" ;;
    settings) echo "$UFW_DEFAULTS" ;;
    esac
}

ufw_with_block() { # file, file of the block
    awk -v block="$2" '
        function put() { while ((getline line <block) > 0) print line; done = 1 }
        $0 == "# BEGIN zmward" { ours = 1 }
        ours { ours = $0 != "# END zmward"; next }
        /^\*/ { inside = /^\*filter[ \t]*$/ }
        inside && !done && /^(-[AI] |COMMIT)/ { put() }
        { print }
        END { exit ours || !done }' "$1"
}

# An entry is a line for ufw and the rules below it, behind an empty line.
ufw_with_entries() { # file, file of the entries
    awk -v entries="$2" '
        function put() {
            while ((getline line <entries) > 0) {
                if (line ~ /^### tuple ### /) print ""
                print line
            }
            done = 1
        }
        function flush() { if (blank) print ""; blank = 0 }
        inside && !done && /^### tuple ### / { ours = / zmward-[a-z0-9-]+ - in / }
        inside && !done && ours && /^(### tuple ### |-A )/ { blank = 0; next }
        inside && !done && !/^(### tuple ### .*|-A ufw6?-user-(input|output|forward|logging-input|logging-output|logging-forward) .*|)$/ { put() }
        !NF { flush(); blank = 1; ours = 0; next }
        { flush(); print }
        /^### RULES ###/ { inside = 1 }
        END { flush(); exit !done }' "$1"
}

ufw_with_settings() { # file, file of lines
    awk -v lines="$2" '
        BEGIN { while ((getline line <lines) > 0) { name = line; sub(/=.*/, "", name); own[name] = line } }
        { name = $0; sub(/^[ \t]*/, "", name) }
        name ~ /^[A-Z0-9_]+=/ { sub(/=.*/, "", name); if (name in own) { print own[name]; seen[name] = 1; next } }
        { print }
        END { for (name in own) if (!(name in seen)) print own[name] }' "$1"
}

# Prints a file of ufw with the texts of a folder as our part of it.
ufw_merged() { # part, file, folder
    case $1 in
    profiles) cat -- "$3/profiles" ;;
    before*) ufw_with_block "$2" "$3/$1" ;;
    user*) ufw_with_entries "$2" "$3/$1" ;;
    settings) ufw_with_settings "$2" "$3/settings" ;;
    esac
}

# Our part of files that were kept, as texts like those of a run.
ufw_part_of() { # folder of files, folder of texts
    for part in before4 before6; do
        sed -n '/^# BEGIN zmward$/,/^# END zmward$/p' "$1/$part" >"$2/$part" || return 1
    done
    for part in user4 user6; do
        awk '/^### tuple ### / { ours = / zmward-[a-z0-9-]+ - in / }
            ours && /^(### tuple ### |-A )/ { print; next }
            { ours = 0 }' "$1/$part" >"$2/$part" || return 1
    done
    sed -n 's/^[[:space:]]*\(\(IPV6\|DEFAULT_INPUT_POLICY\)=\)/\1/p' "$1/settings" >"$2/settings"
}

ufw_beside() { printf '%s/.%s.zmward-new' "${1%/*}" "${1##*/}"; }

# The new file lies beside the old one, and takes its owner and mode.
ufw_replace() { # path, file with the new content, file with the new mode
    new=$(ufw_beside "$1")
    rm -f -- "$new"
    if [ -e "$3" ]; then cp -p -- "$3" "$new"; else install -m 0644 /dev/null "$new"; fi &&
        cat -- "$2" >"$new" && sync -- "$new" && mv -fT -- "$new" "$1" && sync -- "${1%/*}"
}

ufw_wanted_settings() {
    echo IPV6=yes
    # REJECT lets nobody in either, and is somebody's own choice.
    case $(ufw_setting DEFAULT_INPUT_POLICY) in
    REJECT) echo 'DEFAULT_INPUT_POLICY="REJECT"' ;;
    *) echo 'DEFAULT_INPUT_POLICY="DROP"' ;;
    esac
}

ufw_write() { # folder of texts
    for part in $UFW_PARTS; do
        path=$(ufw_path "$part")
        [ ! -L "$path" ] || { echo "$path is a link" >&2 && return 1; }
        ufw_merged "$part" "$path" "$1" >"$1/.merged" ||
            { echo "$path is not as ufw writes it" >&2 && return 1; }
        cmp -s -- "$1/.merged" "$path" || ufw_replace "$path" "$1/.merged" "$path" || return 1
    done
    rm -f -- "$1/.merged"
}

# First the old files are kept, then the new ones are written.
ufw_keep() { # folder of the run's texts, folder for the old files
    if [ ! -d "$2" ]; then
        rm -rf -- "$2.new"
        mkdir -p -- "$2.new/was" "$2.new/ours" || return 1
        for part in $UFW_PARTS; do
            path=$(ufw_path "$part")
            [ ! -e "$path" ] || cp -p -- "$path" "$2.new/was/$part" || return 1
            [ ! -e "$1/$part" ] || cp -- "$1/$part" "$2.new/ours/$part" || return 1
        done
        ufw_wanted_settings >"$2.new/ours/settings"
        sync -f -- "$2.new" && mv -T -- "$2.new" "$2" && sync -- "${2%/*}" || return 1
    fi
    ufw_write "$2/ours"
}

ufw_newest() { # folder for old files
    newest=
    for one in "${1%/*}"/ufw-*Z-*; do [ ! -d "$one/was" ] || newest=$one; done
    [ "$newest" = "$1" ]
}

ufw_put_back() { # part, path, folder for the old files
    if [ ! -e "$3/was/$1" ]; then
        [ -e "$2" ] || return 0
        if cmp -s -- "$2" "$3/ours/$1"; then rm -f -- "$2" && sync -- "${2%/*}"
        else echo "left alone, changed by another hand since: $2"; fi
        return
    fi
    cmp -s -- "$2" "$3/was/$1" && return
    ufw_merged "$1" "$3/was/$1" "$3/ours" >"$3/.merged" || return 1
    if cmp -s -- "$2" "$3/.merged"; then
        ufw_replace "$2" "$3/was/$1" "$3/was/$1"
    elif [ "$1" = profiles ] || [ ! -e "$2" ]; then
        echo "left alone, changed by another hand since: $2"
    else
        ufw_merged "$1" "$2" "$3/then" >"$3/.merged" &&
            ufw_replace "$2" "$3/.merged" "$2" &&
            echo "only ours are taken back, changed by another hand since: $2"
    fi
}

ufw_forget() { # folder for the old files
    [ -d "$1" ] && ufw_newest "$1" || return 0
    mkdir -p -- "$1/then" && ufw_part_of "$1/was" "$1/then" || return 1
    for part in $UFW_PARTS; do
        path=$(ufw_path "$part")
        rm -f -- "$(ufw_beside "$path")"
        ufw_put_back "$part" "$path" "$1" || return 1
    done
    rm -rf -- "$1" && sync -- "${1%/*}"
}

# In a network of its own: the chains that the rules stand in, as ufw makes them.
ufw_try() {
    for family in $(ufw_families); do
        own=$(ufw_chains "$family")
        {
            printf '*filter\n:INPUT DROP [0:0]\n'
            for chain in before-input user-input logging-deny; do
                printf ':%s-%s - [0:0]\n' "$own" "$chain"
            done
            echo COMMIT
        } | "$(ufw_tool "$family")-restore" || return 1
    done
    ufw_put && ufw_listed
}

# Does ufw, from its files with our part in them, load just what is loaded now without
# them? Its files are copies, in a tree and a network of their own.
ufw_prove() {
    eval "$UFW_SCRATCH"
    cat >/tmp/given
    "$UFW_INIT" start >&2 || { echo 'ufw cannot load its own files' >&2 && return 1; }
    ufw_put </tmp/given && ufw_listed >/tmp/loaded || return 1
    for part in $UFW_PARTS; do : >"/tmp/ours/$part"; done
    parted /tmp/ours </tmp/given
    ufw_wanted_settings >/tmp/ours/settings
    ufw_write /tmp/ours || return 1
    # A command makes ufw read its files and write them anew.
    ufw deny out 9/tcp >&2 && "$UFW_INIT" force-reload >&2 || return 1
    ufw_listed >/tmp/booted
    cmp -s /tmp/loaded /tmp/booted && cat /tmp/loaded && return
    echo 'ufw would load from its files something else than what is loaded now:' >&2
    diff /tmp/loaded /tmp/booted | sed -n 's/^[<>] //p' | head -n 3 >&2
    return 1
}
