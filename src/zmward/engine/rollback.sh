#!/bin/sh
# Takes back run @RUN@ of zmward @VERSION@ on @HOST@, newest change first.
# It needs neither zmward nor Python; the old contents lie beside it, in store/.
# A value that another hand has changed since is left alone and named.
#
#   sh rollback.sh          everything, now
#   sh rollback.sh early    files only: run at boot, before the network and sshd
#   sh rollback.sh late     the rest: run at boot, once Zimbra's directory answers
set -u
umask 077
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
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

say() {
    printf '%s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$*" | tee -a "$FOLDER/rollback.log"
}
kept() { say "left alone, changed by another hand since: $*"; }
back() { written=$((written + 1)); say "taken back: $*"; }
broken() { failed=$((failed + 1)); say "could not be taken back: $*"; }
stored() { printf '%s/store/%s' "$FOLDER" "$1"; }
as_zimbra() { runuser -l -c 'exec "$@"' -- zimbra sh "$@"; }
early() { [ "$MODE" = early ]; }
late() { [ "$MODE" = late ]; }
beside() { printf '%s/.%s.zmward-%s' "${1%/*}" "${1##*/}" "$RUN"; }

# Does a file hold what the store has by that name; - stands for: no file.
holds() {
    if [ "$2" = - ]; then [ ! -e "$1" ] && [ ! -L "$1" ]; return; fi
    [ -f "$1" ] && [ ! -L "$1" ] && cmp -s -- "$1" "$(stored "$2")"
}

put() { # path, name in the store, mode, owner, group
    new=$(beside "$1")
    rm -f -- "$new"
    install -m "$3" -o "$4" -g "$5" -- "$(stored "$2")" "$new" || return 1
    if [ -e /sys/fs/selinux/enforce ]; then
        chcon --reference="$1" "$new" 2>/dev/null || restorecon "$new"
    fi
    mv -fT -- "$new" "$1" && sync -- "${1%/*}"
}

file() { # path, old, mode, owner, group, new
    late && return
    rm -f -- "$(beside "$1")"
    holds "$1" "$2" && return
    if ! holds "$1" "$6"; then kept "$1"; return; fi
    if [ "$2" = - ]; then
        rm -f -- "$1" && back "$1" || broken "$1"
    else
        put "$1" "$2" "$3" "$4" "$5" && back "$1" || broken "$1"
    fi
}

mode() { # path, old mode owner group, new mode owner group
    late && return
    # Its folder may be a user's, who could lead chown to any file of root's.
    [ "$(realpath -e -- "${1%/*}")" = "${1%/*}" ] || { kept "the mode of $1"; return; }
    now=$(stat -c '%a %U %G' -- "$1" 2>/dev/null)
    [ "$now" = "$2 $3 $4" ] && return
    case $now in
    "$5 $6 $7" | "$2 $6 $7") ;;
    *) kept "the mode of $1"; return ;;
    esac
    [ -L "$1" ] && { kept "$1"; return; }
    chown -h "$3:$4" -- "$1" && chmod "$2" -- "$1" && back "mode of $1" || broken "$1"
}

crontab_is() { # user, name in the store or -
    if [ "$2" = - ]; then ! crontab -u "$1" -l >/dev/null 2>&1; return; fi
    crontab -u "$1" -l 2>/dev/null | cmp -s - "$(stored "$2")"
}

cron() { # user, old, new
    late && return
    crontab_is "$1" "$2" && return
    if ! crontab_is "$1" "$3"; then kept "crontab of $1"; return; fi
    if [ "$2" = - ]; then
        crontab -u "$1" -r && back "crontab of $1" || broken "crontab of $1"
    else
        crontab -u "$1" - <"$(stored "$2")" && back "crontab of $1" || broken "crontab of $1"
    fi
}

unit() { # unit, was enabled, was active: each yes or no
    is=no
    [ "$(systemctl is-enabled "$1" 2>/dev/null)" = enabled ] && is=yes
    if [ "$is" != "$2" ]; then
        verb=disable
        [ "$2" = yes ] && verb=enable
        systemctl "$verb" -- "$1" && back "$1" || broken "$1"
    fi
    early && return
    is=no
    systemctl is-active -q -- "$1" && is=yes
    if [ "$is" != "$3" ]; then
        verb=stop
        [ "$3" = yes ] && verb=start
        systemctl "$verb" -- "$1" && back "$1" || broken "$1"
    fi
}

setting_is() { # key, name in the store or -
    if ! grep -q "name=\"$1\"" "$SETTINGS"; then [ "$2" = - ]; return; fi
    [ "$2" = - ] && return 1
    [ "$(as_zimbra "$ZIMBRA/bin/zmlocalconfig" -q -m nokey "$1")" = "$(cat "$(stored "$2")")" ]
}

# The whole file as it was, where nobody but us has written to it.
settings() {
    late && return
    rm -f -- "$(beside "$SETTINGS")"
    [ -f "$FOLDER/settings-before" ] && [ -f "$FOLDER/settings-after" ] || return
    [ ! -e "$FOLDER/settings-mixed" ] || return
    read -r sum old_mode owner group <"$FOLDER/settings-before"
    now=$(sha256sum <"$SETTINGS")
    [ "${now%% *}" = "$(cat "$FOLDER/settings-after")" ] || return
    put "$SETTINGS" "$sum" "$old_mode" "$owner" "$group" && settings_back=yes &&
        back "localconfig.xml" || broken "localconfig.xml"
}

setting() { # key, old, new
    late && return
    [ "$settings_back" = yes ] && return
    setting_is "$1" "$2" && return
    if ! setting_is "$1" "$3"; then kept "localconfig $1"; return; fi
    was=$(stat -c '%a %U:%G' -- "$SETTINGS")
    if [ "$2" = - ]; then
        as_zimbra "$ZIMBRA/bin/zmlocalconfig" -u "$1"
    else
        as_zimbra "$ZIMBRA/bin/zmlocalconfig" -e "$1=$(cat "$(stored "$2")")"
    fi && back "localconfig $1" || broken "localconfig $1"
    chown "${was#* }" -- "$SETTINGS" && chmod "${was% *}" -- "$SETTINGS"
}

postconf() { as_zimbra "$ZIMBRA/common/sbin/postconf" "$@"; }

parameter_is() { # name, name in the store or -
    asked=$(postconf -n) || return 2
    line=$(printf '%s\n' "$asked" | grep "^$1 =")
    if [ "$2" = - ]; then [ -z "$line" ]; return; fi
    [ -n "$line" ] && [ "${line#"$1 = "}" = "$(cat "$(stored "$2")")" ]
}

parameter() { # name, old, new
    late && return
    parameter_is "$1" "$2" && return
    parameter_is "$1" "$3"
    case $? in
    0) ;;
    1) kept "Postfix's $1"; return ;;
    *) broken "Postfix's $1"; return ;;
    esac
    if [ "$2" = - ]; then
        postconf -X "$1"
    else
        postconf -e "$1=$(cat "$(stored "$2")")"
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
    esac >"$FOLDER/.asked" || return 1
    sed -n "s/^$3: //p" "$FOLDER/.asked" | sort >"$FOLDER/.values"
}

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

attr() { # kind, name, attribute, old, new, one or many
    early && return
    what="$3 of $1 $2"
    if ! own "$1" "$2" "$3"; then broken "$what"; return; fi
    values_are "$4" && return
    if values_are "$5"; then
        replaced "$1" "$2" "$3" "$4" && back "$what" || broken "$what"
    elif [ "$6" = many ] && [ "$4" != - ] && [ "$5" != - ]; then
        merged "$1" "$2" "$3" "$4" "$5" && back "$what, in part: the list has changed since" || broken "$what"
    else
        kept "$what"
    fi
}

stays() { early || say "stays installed, with what it made: $1"; }

section() { early || [ "$written" = 0 ] || as_zimbra "$ZIMBRA/libexec/configrewrite" "$@" || broken "rendering of $*"; }
reloaded() { early || systemctl reload-or-restart -- "$1" || broken "reload of $1"; }
restarted() { early || [ "$written" = 0 ] || as_zimbra "$@" || broken "restart: $*"; }

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

finish() {
    rm -f -- "$FOLDER/.asked" "$FOLDER/.values"
    early && exit 0
    printf '%s\n' "$failed" >"$FOLDER/fired/failed"
    say "done: $written taken back, $failed could not be"
    for name in early late; do
        rm -f -- "$UNITS/zmward-$name-$RUN.service" \
            "$UNITS/sysinit.target.wants/zmward-$name-$RUN.service" \
            "$UNITS/multi-user.target.wants/zmward-$name-$RUN.service"
    done
    systemctl stop "zmward-undo-$RUN.timer" 2>/dev/null
    systemctl daemon-reload 2>/dev/null
    [ "$failed" = 0 ] || exit 6
    exit 0
}

# What zmward has taken back whole is not ours any more: a later run may be there.
if grep -q '"what":"rolled-back"' "$FOLDER/journal" 2>/dev/null; then
    say "run $RUN is taken back already"
    exit 0
fi
# zmward looks for this folder before each of its steps, and stops.
mkdir -p -- "$FOLDER/fired"
say "taking back run $RUN ($MODE)"
