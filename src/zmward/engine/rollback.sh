#!/bin/sh
# Takes back run @RUN@ of zmward @VERSION@ on @HOST@, newest change first.
# It needs neither zmward nor Python; the old contents lie beside it, in store/.
# A value that another hand has changed since is left alone and named.
#
#   sh rollback.sh          everything, now
#   sh rollback.sh early    files only: run at boot, before the network and sshd
#   sh rollback.sh late     all that is left: run at boot, once Zimbra's directory answers
#   sh rollback.sh timer    everything, unless the run was kept at the last moment
set -u
umask 077
PATH=@PATH@
LC_ALL=C
export PATH LC_ALL

RUN=@RUN@
FOLDER=@FOLDER@
UNITS=@UNITS@
ZIMBRA=@ZIMBRA@
SETTINGS=$ZIMBRA/conf/localconfig.xml
MODE=${1:-all}
failed=0
written=0
settings_back=no
filter=whole
marked=yes
PINNED=@PINNED@
RULES=@RULES@
BOOT=@BOOT@

say() {
    printf '%s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$*" | tee -a "$FOLDER/rollback.log"
}
kept() { say "left alone, changed by another hand since: $*"; }
back() { written=$((written + 1)); say "taken back: $*"; }
broken() { failed=$((failed + 1)); say "could not be taken back: $*"; }
stored() { printf '%s/store/%s' "$FOLDER" "$1"; }
# Bounded: the files that this user's login shell reads may hold us up for ever; and
# what they say on the way, a greeting or a warning, is no answer of the program.
within() { # seconds, words
    seconds=$1
    shift
    timeout -k 5 "$seconds" \
        runuser -l -c 'exec "$@" >&3 3>&-' -- zimbra sh "$@" 3>&1 >/dev/null
}
as_zimbra() { within 180 "$@"; }
early() { [ "$MODE" = early ]; }
late() { [ "$MODE" = late ]; }
beside() { printf '%s/.%s.zmward-%s' "${1%/*}" "${1##*/}" "$RUN"; }

# Does a file hold what the store has by that name; - stands for: no file.
holds() {
    if [ "$2" = - ]; then [ ! -e "$1" ] && [ ! -L "$1" ]; return; fi
    [ -f "$1" ] && [ ! -L "$1" ] && timeout 60 cmp -s -- "$1" "$(stored "$2")"
}

# Has the store what these names stand for, whole? A name is the content's hash.
whole() { # words for people, names
    about=$1
    shift
    for name in "$@"; do
        [ "$name" != - ] || continue
        hash=$(sha256sum <"$(stored "$name")") && [ "${hash%% *}" = "$name" ] && continue
        broken "$about: the old content is damaged"
        return 1
    done 2>/dev/null
}

# As whom to write below a folder: a user who can rename it may put links there.
writer() { # path, owner of the file
    folder=${1%/*}
    [ "$(realpath -e -- "${folder:-/}")" = "${folder:-/}" ] || return 1
    found=root
    while :; do
        # In no file of ours: the disk may be full.
        asked=$(stat -c '%a %U %G' -- "${folder:-/}") || return 1
        bits=${asked%% *} group=${asked##* } owner=${asked#* }
        owner=${owner% *}
        case $bits in 1??? | 3??? | 5??? | 7???) bits=0 ;; esac
        case $bits in *[2367]?) ;; *) group=root ;; esac
        case $bits in *[2367]) return 1 ;; esac
        for one in "$owner" "$group"; do
            [ "$one" = root ] && continue
            [ "$one" = "$2" ] || return 1
            found=$one
        done
        [ -n "$folder" ] || break
        folder=${folder%/*}
    done
    printf '%s' "$found"
}

# Prints a path with no link on its way; a link that a user can swap is not followed.
settled() { # path
    if [ "$(realpath -e -- "${1%/*}")" = "${1%/*}" ]; then printf '%s' "$1"; return; fi
    case $1/ in */../*) return 1 ;; esac
    left=${1%/*}/ place='' links=0
    while [ -n "$left" ]; do
        one=${left%%/*} left=${left#*/}
        case $one in
        '' | .) continue ;;
        ..) place=${place%/*}; continue ;;
        esac
        if [ ! -L "$place/$one" ]; then place=$place/$one; continue; fi
        links=$((links + 1))
        [ "$links" -le 40 ] && [ "$(stat -c %U -- "$place/$one")" = root ] || return 1
        [ "$(writer "$place/$one" root)" = root ] || return 1
        target=$(readlink -- "$place/$one") || return 1
        left=$target/$left
        case $target in /*) place='' ;; esac
    done
    printf '%s/%s' "$place" "${1##*/}"
}

as_writer() {
    # In a session of its own: no other process of that user reaches our terminal.
    if [ "$writer" = root ]; then "$@"; else setsid -w runuser -u "$writer" -- "$@"; fi
}

put() { # path, name in the store, mode, owner, group
    real=$(settled "$1") || return 1
    shift
    set -- "$real" "$@"
    writer=$(writer "$1" "$4") || return 1
    new=$(beside "$1")
    as_writer rm -f -- "$new"
    # Never through what somebody has put there meanwhile: -C opens new files only.
    as_writer sh -c 'umask 077; set -C; cat >"$1"' sh "$new" <"$(stored "$2")" ||
        return 1
    if [ "$writer" = root ]; then chown -h "$4:$5" -- "$new" || return 1; fi
    as_writer chmod "$3" -- "$new" || return 1
    if [ -e /sys/fs/selinux/enforce ]; then
        chcon -h --reference="$1" "$new" 2>/dev/null || restorecon "$new"
    fi
    sync -- "$new"
    as_writer mv -fT -- "$new" "$1" && sync -- "${1%/*}"
}

removed() { # path, owner
    real=$(settled "$1") || return 1
    set -- "$real" "$2"
    writer=$(writer "$1" "$2") || return 1
    as_writer rm -f -- "$1" && sync -- "${1%/*}"
}

# Sets owners and mode through an open file, which nobody can swap for a link.
pinned() { timeout 60 sh -c "$PINNED" zmward "$@"; }

# Takes the bits off that forbid every change; each is written down first.
lift() { # path...
    for place in "$@"; do
        [ -e "$place" ] && [ ! -L "$place" ] || continue
        bits=$(lsattr -d "$place" 2>/dev/null | sed 's/ .*//' | tr -cd ia)
        [ -n "$bits" ] || continue
        printf 'lifted %s %s\n' "$bits" "$place" >>"$FOLDER/flags"
        sync -- "$FOLDER/flags"
        chattr "-$bits" "$place" || broken "the flags $bits of $place"
    done
}

# Puts back what was lifted, by us or by zmward, and not put back yet.
lower() {
    [ -f "$FOLDER/flags" ] || return
    sed -n 's/^lifted //p' "$FOLDER/flags" | sort -u >"$FOLDER/.lifted"
    while read -r bits place; do
        lifted=$(grep -Fcx -- "lifted $bits $place" "$FOLDER/flags")
        lowered=$(grep -Fcx -- "lowered $bits $place" "$FOLDER/flags")
        [ "$lifted" -gt "$lowered" ] || continue
        [ -e "$place" ] && [ ! -L "$place" ] || continue
        if ! chattr "+$bits" "$place"; then broken "the flags $bits of $place"; continue; fi
        while [ "$lifted" -gt "$lowered" ]; do
            printf 'lowered %s %s\n' "$bits" "$place" >>"$FOLDER/flags"
            lowered=$((lowered + 1))
        done
    done <"$FOLDER/.lifted"
    rm -f -- "$FOLDER/.lifted"
}

# Other disks may come late: what lies there is left to the late unit.
absent() { # path
    early && [ ! -d "${1%/*}" ] && say "its folder is not there yet: $1"
}

file() { # path, old, mode, owner, group, new
    absent "$1" && return
    rm -f -- "$(beside "$1")"
    whole "$1" "$2" "$6" || return
    holds "$1" "$2" && return
    if ! holds "$1" "$6"; then kept "$1"; return; fi
    lift "$1" "${1%/*}"
    if [ "$2" = - ]; then
        removed "$1" "$4" && back "$1" || broken "$1"
    else
        put "$1" "$2" "$3" "$4" "$5" && back "$1" || broken "$1"
    fi
}

mode() { # path, old mode owner group, new mode owner group
    absent "$1" && return
    now=$(stat -c '%a %U %G' -- "$1" 2>/dev/null)
    [ "$now" = "$2 $3 $4" ] && return
    # chown goes first and clears set-user bits: a run may have died in between.
    case $now in
    "$5 $6 $7" | "$2 $6 $7" | "${2#?} $6 $7" | "$5 $3 $4" | "${5#?} $3 $4") ;;
    *) kept "the mode of $1"; return ;;
    esac
    [ -L "$1" ] && { kept "$1"; return; }
    real=$(settled "$1") || { kept "the mode of $1"; return; }
    lift "$1"
    pinned mode "$real" "$now" "$3:$4" "$2" && back "mode of $1" || broken "mode of $1"
}

# Without crontab's own header; Debian drops three comments, be they that or not.
table_of() {
    asked=$(CRONTAB_NOHEADER=N crontab -u "$1" -l && printf '$') || return 1
    printf '%s' "${asked%\$}" | awk '
        NR == 1 && /^# DO NOT EDIT THIS FILE/ { header = 1; next }
        header && NR == 2 && /^# \(.* installed on / { next }
        header && NR == 3 && /^# \(Cron version / { next }
        { print }'
}

crontab_is() { # name in the store or -
    if [ "$1" = - ]; then [ ! -e "$FOLDER/.crontab" ]; return; fi
    [ -e "$FOLDER/.crontab" ] && cmp -s -- "$FOLDER/.crontab" "$(stored "$1")"
}

cron() { # user, old, new
    whole "crontab of $1" "$2" "$3" || return
    if ! table_of "$1" >"$FOLDER/.crontab" 2>"$FOLDER/.complaint"; then
        rm -f -- "$FOLDER/.crontab"
        if ! grep -q 'no crontab for' "$FOLDER/.complaint"; then
            broken "crontab of $1"
            return
        fi
    fi
    crontab_is "$2" && return
    if ! crontab_is "$3"; then kept "crontab of $1"; return; fi
    for folder in /var/spool/cron/crontabs /var/spool/cron; do
        [ -e "$folder/$1" ] && lift "$folder/$1" "$folder"
    done
    if [ "$2" = - ]; then
        crontab -u "$1" -r && back "crontab of $1" || broken "crontab of $1"
    else
        crontab -u "$1" - <"$(stored "$2")" && back "crontab of $1" || broken "crontab of $1"
    fi
}

unit() { # unit, was enabled and active, was made enabled and active: each yes or no
    state=$(systemctl show -p LoadState --value -- "$1" 2>/dev/null) || state=unknown
    case $state in
    unknown | '') broken "$1"; return ;;
    masked) kept "$1 is masked"; return ;;
    not-found) kept "$1 is not there any more"; return ;;
    esac
    enabled=no
    [ "$(systemctl is-enabled "$1" 2>/dev/null)" = enabled ] && enabled=yes
    if [ "$2" = "$4" ]; then
        [ "$enabled" = "$2" ] || kept "whether $1 starts at boot"
    elif [ "$enabled" != "$2" ]; then
        lift "$UNITS"
        verb=disable
        [ "$2" = yes ] && verb=enable
        systemctl "$verb" -- "$1" && back "$1" || broken "$1"
    fi
    early && return
    active=no
    case $(systemctl is-active "$1" 2>/dev/null) in
    active | activating | reloading) active=yes ;;
    esac
    if [ "$3" = "$5" ]; then
        [ "$active" = "$3" ] || kept "whether $1 runs"
    elif [ "$active" != "$3" ]; then
        verb=stop
        [ "$3" = yes ] && verb=start
        systemctl "$verb" -- "$1" && back "$1" || broken "$1"
    fi
}

setting_is() { # name in the store or -
    if [ "$1" = - ]; then [ "$there" = no ]; return; fi
    [ "$there" = yes ] && [ "$value" = "$(cat "$(stored "$1")")" ]
}

# The whole file as it was, where nobody but us has written to it.
settings() {
    absent "$SETTINGS" && return
    rm -f -- "$(beside "$SETTINGS")"
    [ -f "$FOLDER/settings-before" ] && [ -f "$FOLDER/settings-after" ] || return
    [ ! -e "$FOLDER/settings-mixed" ] || return
    read -r sum old_mode owner group <"$FOLDER/settings-before"
    whole "localconfig.xml" "$sum" || return
    # By its name: a pipe in its place would stop this shell where it opens it.
    now=$(timeout 60 sha256sum -- "$SETTINGS") || return
    [ "${now%% *}" = "$(cat "$FOLDER/settings-after")" ] || return
    lift "$SETTINGS" "${SETTINGS%/*}"
    put "$SETTINGS" "$sum" "$old_mode" "$owner" "$group" && settings_back=yes &&
        back "localconfig.xml" || broken "localconfig.xml"
}

setting() { # key, old, new
    absent "$SETTINGS" && return
    [ "$settings_back" = yes ] && return
    whole "localconfig $1" "$2" "$3" || return
    there=yes
    timeout 60 grep -q "name=\"$1\"" "$SETTINGS"
    case $? in
    0)
        asked_zimbra "$ZIMBRA/bin/zmlocalconfig" -q -m nokey "$1" ||
            { broken "localconfig $1"; return; }
        value=$(cat "$FOLDER/.asked")
        ;;
    1) there=no ;;
    *) broken "localconfig $1"; return ;;
    esac
    setting_is "$2" && return
    if ! setting_is "$3"; then kept "localconfig $1"; return; fi
    was=$(stat -c '%a %U %G' -- "$SETTINGS")
    lift "$SETTINGS" "${SETTINGS%/*}"
    if [ "$2" = - ]; then
        as_zimbra "$ZIMBRA/bin/zmlocalconfig" -u "$1"
    else
        as_zimbra "$ZIMBRA/bin/zmlocalconfig" -e "$1=$(cat "$(stored "$2")")"
    fi && back "localconfig $1" || broken "localconfig $1"
    # zmlocalconfig writes a new file, with a mode of its own.
    now=$(stat -c '%a %U %G' -- "$SETTINGS")
    [ "$now" = "$was" ] && return
    owners=${was#* }
    real=$(settled "$SETTINGS") || { broken "mode of localconfig.xml"; return; }
    pinned mode "$real" "$now" "${owners% *}:${owners#* }" "${was%% *}" ||
        broken "mode of localconfig.xml"
}

# Into a file: what this user leaves behind could hold a pipe open for ever.
asked_zimbra() { as_zimbra "$@" >"$FOLDER/.asked"; }

postconf() { as_zimbra "$ZIMBRA/common/sbin/postconf" "$@"; }

# As its owner has it: Zimbra's own wrapper edits a file of root's, through sudo.
edit_postfix() {
    case $(stat -c %U -- "$ZIMBRA/common/conf/main.cf") in
    root) as_zimbra "$ZIMBRA/bin/postconf" "$@" ;;
    *) postconf "$@" ;;
    esac
}

parameter_is() { # name, name in the store or -
    postconf -n >"$FOLDER/.asked" || return 2
    line=$(grep "^$1 =" "$FOLDER/.asked")
    if [ "$2" = - ]; then [ -z "$line" ]; return; fi
    [ -n "$line" ] && [ "${line#"$1 = "}" = "$(cat "$(stored "$2")")" ]
}

parameter() { # name, old, new
    absent "$ZIMBRA/common/conf/main.cf" && return
    whole "Postfix's $1" "$2" "$3" || return
    parameter_is "$1" "$2" && return
    parameter_is "$1" "$3"
    case $? in
    0) ;;
    1) kept "Postfix's $1"; return ;;
    *) broken "Postfix's $1"; return ;;
    esac
    lift "$ZIMBRA/common/conf/main.cf" "$ZIMBRA/common/conf"
    if [ "$2" = - ]; then
        edit_postfix -X "$1"
    else
        edit_postfix -e "$1=$(cat "$(stored "$2")")"
    fi && back "Postfix's $1" || broken "Postfix's $1"
}

zmprov() { as_zimbra "$ZIMBRA/bin/zmprov" -l "$@"; }

own() { # kind, name, attribute
    case $1 in
    global) zmprov gacf "$3" ;;
    server) zmprov gs -e "$2" "$3" ;;
    cos) zmprov gc "$2" "$3" ;;
    domain) zmprov gd -e "$2" "$3" ;;
    account) zmprov ga -e "$2" "$3" ;;
    esac >"$FOLDER/.asked" 2>"$FOLDER/.complaint" || return 1
    sed -n "s/^$3: //p" "$FOLDER/.asked" | sort >"$FOLDER/.values"
}

# An object that another hand has removed has no value to give back.
gone() { grep -q '^ERROR: account\.NO_SUCH_' "$FOLDER/.complaint"; }

write() { # kind, name, words of the change
    kind=$1 name=$2
    shift 2
    case $kind in
    global) zmprov mcf "$@" ;;
    server) zmprov ms "$name" "$@" ;;
    cos) zmprov mc "$name" "$@" ;;
    domain) zmprov md "$name" "$@" ;;
    account) zmprov ma "$name" "$@" ;;
    esac
}

values_are() {
    if [ "$1" = - ]; then [ ! -s "$FOLDER/.values" ]; return; fi
    sort "$(stored "$1")" | cmp -s - "$FOLDER/.values"
}

replaced() { # kind, name, attribute, old
    kind=$1 name=$2 attribute=$3 old=$4
    set --
    if [ "$old" = - ]; then
        set -- "$attribute" ""
    else
        while IFS= read -r value; do set -- "$@" "$attribute" "$value"; done <"$(stored "$old")"
    fi
    write "$kind" "$name" "$@"
}

# What we added and removed, on the list as it is now.
merged() { # kind, name, attribute, old, new
    kind=$1 name=$2 attribute=$3 old=$(stored "$4") new=$(stored "$5")
    set --
    while IFS= read -r value; do
        grep -Fqx -e "$value" -- "$old" || set -- "$@" "-$attribute" "$value"
    done <"$new"
    while IFS= read -r value; do
        grep -Fqx -e "$value" -- "$new" || set -- "$@" "+$attribute" "$value"
    done <"$old"
    [ $# = 0 ] || write "$kind" "$name" "$@"
}

asked() { # kind, name, attribute, words for people
    own "$1" "$2" "$3" && return
    if gone; then kept "$4 (no such object any more)"; else broken "$4"; fi
    return 1
}

attr() { # kind, name, attribute, old, new, one or many
    early && return
    what="$3 of $1 $2"
    whole "$what" "$4" "$5" || return
    asked "$1" "$2" "$3" "$what" || return
    values_are "$4" && return
    if values_are "$5"; then
        replaced "$1" "$2" "$3" "$4" && back "$what" || broken "$what"
    elif [ "$6" = many ] && [ "$4" != - ] && [ "$5" != - ]; then
        merged "$1" "$2" "$3" "$4" "$5" && back "$what, in part: the list has changed since" || broken "$what"
    else
        kept "$what"
    fi
}

text_is() { # kind, attribute, name in the store or -
    if [ "$3" = - ]; then
        ! grep -q "^$2: " "$FOLDER/.asked"
        return
    fi
    # zmprov prints the lines of a value as they are, below a heading, above a blank.
    { printf '%s: ' "$2"; cat "$(stored "$3")"; printf '\n'; } >"$FOLDER/.values"
    if [ "$1" = global ]; then
        cmp -s -- "$FOLDER/.values" "$FOLDER/.asked"
    else
        printf '\n' >>"$FOLDER/.values"
        sed 1d "$FOLDER/.asked" | cmp -s - "$FOLDER/.values"
    fi
}

# One value of several lines, kept as it is, without a newline of its own.
text() { # kind, name, attribute, old, new
    early && return
    what="$3 of $1 $2"
    whole "$what" "$4" "$5" || return
    asked "$1" "$2" "$3" "$what" || return
    text_is "$1" "$3" "$4" && return
    if ! text_is "$1" "$3" "$5"; then kept "$what"; return; fi
    value=
    [ "$4" = - ] || value=$(cat "$(stored "$4")"; printf x)
    write "$1" "$2" "$3" "${value%x}" && own "$1" "$2" "$3" &&
        text_is "$1" "$3" "$4" && back "$what" || broken "$what"
}

rules() { timeout 120 sh -c "$RULES" zmward "$@"; }

# No boot leaves our rules loaded unless they were kept for it. Ours are taken back
# even if somebody has changed them: they decide who can still log in.
ruleset() { # old rules in the store, old and new back end
    backend=$3
    if ! told=$(rules forget "$BOOT" "$RUN" "$UNITS"); then
        broken "rules for the next boot"
        filter=broken
    fi
    [ -z "$told" ] || say "$told"
    early && return
    if [ "$3" != - ]; then
        patient rules mine "$3" "$RUN"
        case $? in
        0) ;;
        1) return ;;
        *) shut_in "whose rules are loaded cannot be seen"; return ;;
        esac
    fi
    if ! whole "the packet filter" "$1"; then shut_in "its old rules"; return; fi
    if [ "$1" != - ] && ! patient old_rules "$2" "$(stored "$1")"; then
        shut_in "its old rules"
        return
    fi
    if [ "$2" != "$3" ] && [ "$3" != - ] && ! patient rules take "$3"; then
        broken "the packet filter"
        filter=broken
        return
    fi
    back "the packet filter"
}

# Who can log in at all counts for more than who is banned.
old_rules() { rules put "$1" <"$2" || rules put "$1" without-bans <"$2"; }

# Another program may hold a lock, or the memory be short for a moment. That rules are
# not ours is an answer.
patient() { # words
    for pause in 2 5 0; do
        "$@"
        code=$?
        case $code-$2 in 0-* | 1-mine) return "$code" ;; esac
        sleep "$pause"
    done
    return "$code"
}

# What shuts the operator out must go, even where the old rules cannot come: then those
# kept for the boot do, unless they are this run's own, or none of ours.
shut_in() { # words for people
    broken "the packet filter: $1"
    filter=broken
    if [ -e "$BOOT/load" ] && [ "$(readlink -- "$BOOT/current")" != "$RUN" ]; then
        timeout 120 sh "$BOOT/load"
        # They may be another back end's, or ufw's own, and ours still there.
        rules mine "$backend" "$RUN"
        [ $? != 1 ] || return
    fi
    [ "$backend" = - ] || rules take "$backend" || say "the new rules are still loaded"
}

stays() { early || say "stays installed, with what it made: $1"; }

# zmward has done this to the new values, so it is due to the old ones.
journaled() { grep -Fq "\"what\":\"$1\",\"note\":\"$2\"" "$FOLDER/journal" 2>/dev/null; }
due() { ! early && [ "$written" != 0 ]; }

section() {
    due && journaled render "$*" || return
    as_zimbra "$ZIMBRA/libexec/configrewrite" "$@" || broken "rendering of $*"
}
reloaded() {
    due && journaled reload "$1" || return
    verb=reload-or-restart
    # A signal only makes it close its files.
    [ "$1" != rsyslog.service ] || verb=restart
    systemctl "$verb" -- "$1" || broken "reload of $1"
}

# A restart in the midst of mailboxd's start would only make the outage longer.
started() { # service
    case $1 in mailbox | all) ;; *) return 0 ;; esac
    as_zimbra "$ZIMBRA/bin/zmmailboxdctl" status >/dev/null 2>&1 || return 0
    tries=90
    until as_zimbra "$ZIMBRA/bin/zmprov" gacf zimbraDefaultDomainName >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 10
    done
}

restarted() { # service, words
    due || return
    if ! journaled restart "$1"; then
        say "not restarted, as the run has not either: $1"
        return
    fi
    service=$1
    shift
    started "$service" || say "mailboxd has not come up by itself, so it is restarted"
    within 1800 "$@" || broken "restart: $*"
}

# What mailboxd remembers lasts 15 minutes; one that is down remembers nothing.
flushed() { # kinds
    due || return
    as_zimbra "$ZIMBRA/bin/zmprov" fc -a "$1" >/dev/null 2>&1 ||
        say "the caches were not flushed: $1"
}

directory() {
    early && return
    tries=180
    until zmprov gacf zimbraDefaultDomainName >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || break
        late || [ "$tries" -gt 174 ] || break
        sleep 10
    done
}

unarmed() {
    for name in early late; do
        rm -f -- "$UNITS/zmward-$name-$RUN.service" \
            "$UNITS/.zmward-$name-$RUN.service.zmward-$RUN" \
            "$UNITS/sysinit.target.wants/zmward-$name-$RUN.service" \
            "$UNITS/multi-user.target.wants/zmward-$name-$RUN.service"
    done
    systemctl stop "zmward-undo-$RUN.timer" "zmward-again-$RUN.timer" 2>/dev/null
    systemctl daemon-reload 2>/dev/null
}

# Who is shut out waits for it: a lock is held for a while, a disk is emptied.
again() {
    case $MODE in timer | late) ;; *) return ;; esac
    for name in undo again; do
        systemd-run --unit="zmward-$name-$RUN" --on-active=60s --collect --quiet \
            --timer-property=AccuracySec=1s /bin/sh "$FOLDER/rollback.sh" timer && return
    done
}

finish() {
    lower
    for name in asked values complaint crontab; do rm -f -- "$FOLDER/.$name"; done
    early && exit 0
    printf '%s\n' "$failed" >"$FOLDER/fired/failed"
    say "done: $written taken back, $failed could not be"
    # What is still loaded is gone after a boot; nothing that helps there is taken away.
    if [ "$filter" != whole ]; then again; exit 6; fi
    [ "$marked" = yes ] || exit 6
    unarmed
    [ "$failed" = 0 ] || exit 6
    exit 0
}

# Only a whole line counts. What is taken back whole is not ours any more: a later run
# may have done the same.
ended() {
    tail -n 1 "$FOLDER/journal" 2>/dev/null | grep -q "\"what\":\"$1\".*}\$"
}
over() { # words for people
    say "$1"
    # At boot, what is started next is settled already.
    early || unarmed
    exit 0
}
# Under this lock zmward loads rules and keeps a run: what has begun is let end, and
# nothing begins any more once the folder is there.
if [ -d "$FOLDER" ] && exec 8<"$FOLDER"; then
    flock -w 150 8 || say "not waited for any more: whoever holds $FOLDER"
fi
if grep -q '"what":"rolled-back"}$' "$FOLDER/journal" 2>/dev/null ||
    { ended applied && [ "$(cat "$FOLDER/fired/failed" 2>/dev/null)" = 0 ]; }; then
    over "run $RUN is taken back already"
fi
case $MODE in timer | early | late)
    ! ended confirmed || over "run $RUN is kept"
    ! ended abandoned || over "run $RUN is put aside"
    ;;
esac
# Where it cannot be made, the lock is held to the end.
if mkdir -p -- "$FOLDER/fired"; then exec 8<&-; else marked=no; fi
say "taking back run $RUN ($MODE)"
