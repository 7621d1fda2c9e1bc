#!/bin/sh
# zmward collector, written by zmward @VERSION@.
#
# Asks this Zimbra server a list of questions and prints the answers on standard
# output. It only reads: it changes nothing, keeps no temporary file, opens no
# connection but those to this server's own services and its own directory.
# Passwords and keys are replaced by the words "@MASK@:…" before they are printed.
# Run it as root:   sh collect.sh > answers.txt
# Judge it anywhere: zmward audit --evidence answers.txt
#
# Every answer looks like this:
#   % name      the question
#   |text       a line of the answer
#   !text       a line of its error output
#   = 0         the exit code
set -u
LC_ALL=C
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
umask 077
exec 5>&1

localconfig=/opt/zimbra/conf/localconfig.xml
seconds=20

if command -v timeout >/dev/null 2>&1; then
    limit() { timeout "$seconds" "$@"; }
else
    limit() { "$@"; }
fi

# bar: puts a bar before each line, and masks the values of secret attributes.
bar() {
    awk '{
        line = $0
        if (match(line, /^[A-Za-z][A-Za-z0-9;-]*::? /)) {
            name = tolower(substr(line, 1, RLENGTH))
            sub(/[;:].*$/, "", name)
            if (name ~ /@SECRET_ENDING@/ && name !~ /@NO_SECRET@/) {
                sub(/:.*$/, "", line)
                line = line ": @MASK@:set"
            }
        }
        print "|" line
    }'
}

# ask NAME SECONDS COMMAND…: prints one answer.
ask() {
    name=$1
    seconds=$2
    shift 2
    printf '%% %s\n' "$name"
    said=$({ {
        "$@"
        printf '\n= %s\n' "$?" >&2
    } 2>&3 | bar >&5; } 3>&1)
    printf '%s\n' "$said" | awk '
        NR > 1 && last != "" { print "!" last }
        { last = $0 }
        END { print last }'
}

# first N PROGRAM… ARGUMENT…: runs the first of N programs that is there.
first() {
    number=$1
    shift
    program=
    while [ "$number" -gt 0 ]; do
        if [ -z "$program" ] && command -v "$1" >/dev/null 2>&1; then
            program=$1
        fi
        wanted=$1
        number=$((number - 1))
        shift
    done
    if [ -z "$program" ]; then
        printf '%s is not installed\n' "$wanted" >&2
        return 127
    fi
    limit "$program" "$@"
}

content() {
    head -c 4194304 -- "$1"
}

# contents FILE…: every file that exists behind its name, 1 MiB of it at most.
contents() {
    for file in "$@"; do
        shift
        [ -f "$file" ] || continue
        if ! [ -r "$file" ]; then
            printf 'x %s\n' "$file" | tr -d '\001-\011\013-\037'
        elif [ -s "$file" ]; then
            set -- "$@" "$file"
        else
            printf '> %s\n' "$file" | tr -d '\001-\011\013-\037'
        fi
    done
    [ "$#" -eq 0 ] || awk '
        FNR == 1 {
            name = FILENAME
            gsub(/[\001-\037]/, "", name)
            print "> " name
            size = 0
        }
        size < 1048576 { print " " $0 }
        { size += length($0) + 1 }' "$@"
}

status() {
    found=0
    for file in "$@"; do
        if [ -e "$file" ] || [ -L "$file" ]; then
            stat -c '%a %U %G %s %Y %F|%n' -- "$file" || found=1
        fi
    done
    return "$found"
}

# setting KEY: the value of one localconfig key, for the connection to the directory.
setting() {
    awk -v want="$1" 'BEGIN { RS = "<" }
        /^key[ \t\r\n]/ { inside = index($0, "\"" want "\"") > 0 }
        inside && /^value>/ { sub(/^value>/, ""); printf "%s", $0; exit }
    ' "$localconfig" 2>/dev/null | sed -e 's/&lt;/</g' -e 's/&gt;/>/g' \
        -e 's/&quot;/"/g' -e "s/&apos;/'/g" -e 's/&amp;/\&/g'
}

# connection: how the directory is reached, from localconfig.xml.
connection() {
    ldapsearch=
    for program in /opt/zimbra/common/bin/ldapsearch /opt/zimbra/bin/ldapsearch; do
        [ -n "$ldapsearch" ] || ! [ -x "$program" ] || ldapsearch=$program
    done
    ldap_url=$(setting ldap_url)
    ldap_dn=$(setting zimbra_ldap_userdn)
    ldap_secret=$(setting zimbra_ldap_password)
    ldap_tls=
    [ "$(setting ldap_starttls_supported)" != 1 ] || ldap_tls=-ZZ
    # Only user zimbra has a .ldaprc that names the authorities of this site.
    [ -n "${LDAPTLS_CACERTDIR:-}" ] || export LDAPTLS_CACERTDIR=/opt/zimbra/conf/ca
}

# search BASE SCOPE FILTER ATTRIBUTE…: the password goes through a pipe, never argv.
search() {
    if [ -z "$ldapsearch" ]; then
        printf 'ldapsearch is not installed below /opt/zimbra\n' >&2
        return 127
    fi
    if [ -z "$ldap_url" ] || [ -z "$ldap_secret" ]; then
        printf 'localconfig.xml names no directory that could be asked\n' >&2
        return 78
    fi
    base=$1
    scope=$2
    wanted=$3
    shift 3
    printf '%s' "$ldap_secret" | limit nice -n 5 "$ldapsearch" -LLL -x $ldap_tls \
        -o ldif-wrap=no -o nettimeout=10 -E pr=1000/noprompt -H "$ldap_url" \
        -D "${ldap_dn:-uid=zimbra,cn=admins,cn=zimbra}" -y /dev/stdin \
        -b "$base" -s "$scope" "$wanted" "$@"
}

# keys: localconfig.xml with every secret masked, saying only whether it is a default.
localconfig_masked() {
    [ -r "$localconfig" ] || { content "$localconfig" >/dev/null; return; }
    content "$localconfig" | awk -v defaults="@DEFAULTS@" '
        BEGIN {
            RS = "<"
            number = split(defaults, pairs, " ")
            for (i = 1; i <= number; i++) known[pairs[i]] = 1
        }
        NR == 1 { printf "%s", $0; next }
        /^key[ \t\r\n]/ {
            key = $0
            sub(/^[^"]*"/, "", key)
            sub(/".*$/, "", key)
            hidden = tolower(key) ~ /@SECRET_KEY@/
        }
        hidden && /^value>/ {
            value = $0
            sub(/^value>/, "", value)
            what = (key "=" value) in known ? "default" : value == "" ? "empty" : "set"
            printf "<value>@MASK@:%s", what
            next
        }
        hidden && /^!/ { printf "<!-- masked -->"; next }
        { printf "<%s", $0 }
    '
}
