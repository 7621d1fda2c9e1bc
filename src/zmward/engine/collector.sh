#!/bin/sh
# zmward collector, written by zmward @VERSION@.
#
# Asks this Zimbra server a list of questions and prints the answers on standard
# output. It only reads: it changes nothing, keeps no temporary file, and connects to
# nothing but this server's own services, its directory and its name server.
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
# A file ldaprc in the folder where this starts would steer ldapsearch.
cd / || exit 70
unset ldap_secret said name LDAPRC LDAPCONF BASH_ENV ENV
exec 5>&1

zimbra=/opt/zimbra
localconfig=/opt/zimbra/conf/localconfig.xml
most=268435456
seconds=20
deadline=$(($(date +%s) + 60))
home=$(readlink -f "$zimbra" 2>/dev/null) || home=$zimbra

# limit COMMAND…: runs it for $seconds at most, and not beyond the answer's deadline.
if command -v timeout >/dev/null 2>&1; then
    limit() {
        ours "$1" || return
        left=$((deadline - $(date +%s)))
        [ "$left" -gt 0 ] || return 124
        [ "$left" -lt "$seconds" ] || left=$seconds
        timeout -k 3 "$left" "$@"
    }
else
    limit() { ours "$1" && "$@"; }
fi

in_time() { [ "$(date +%s)" -lt "$deadline" ]; }

# bar: puts a bar before each line, and masks secrets: the values of attributes that
# hold one, private keys, and passwords in addresses.
bar() {
    head -c "$most" | awk -v most="$most" '
    {
        line = $0
        total += length(line) + 1
        if (key && line ~ /^ ?([A-Za-z0-9+\/=]*|(Proc-Type|DEK-Info): .*)\r?$/) next
        key = 0
        if (masked && line ~ /^ /) next
        masked = 0
        if (match(line, /^[A-Za-z][A-Za-z0-9;_-]*:[:<]? ?/)) {
            name = tolower(substr(line, 1, RLENGTH))
            sub(/[;:].*$/, "", name)
            if (name ~ /@SECRET_ENDING@/ && name !~ /@NO_SECRET@/) {
                sub(/:.*$/, "", line)
                line = line ": @MASK@:set"
                masked = 1
            }
        }
        if (match(line, /-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----/)) {
            line = substr(line, 1, RSTART + RLENGTH - 1) " @MASK@:set"
            key = 1
        }
        gsub(/:\/\/[^\/@: "]*:[^\/ "]*@/, "://masked@", line)
        # A password with a slash; digits and a slash are a port.
        gsub(/:\/\/[^\/@: "]*:([^ "\/0-9]|[0-9]+[^ "\/0-9,@])[^ "@]*@/, "://masked@", line)
        # Postfix, nginx: what a parameter or directive that is a password says.
        if (line ~ /^ *[a-z0-9_\/-]*(_pw|_password|_passwd) *= /)
            sub(/=.*$/, "= @MASK@:set", line)
        if (tolower(line) ~ /password_?maps *[=:] *./)
            sub(/(static|inline):.*$/, "static:masked", line)
        if (line ~ /^[ \t]*[a-z_]*(password|passwd|secret)[ \t]+[^;]*;/)
            sub(/(password|passwd|secret)[ \t].*$/, "masked;", line)
        if (line ~ /uthorization/) gsub(/(Bearer|Basic) [^" ]+/, "masked", line)
        print "|" line
    }
    END { exit total >= most }'
}

# ask NAME SECONDS COMMAND…: prints one answer.
ask() {
    name=$1
    seconds=$2
    shift 2
    deadline=$(($(date +%s) + 3 * seconds))
    printf '%% %s\n' "$name"
    # Only the exit code is written unmarked, so that nothing else looks like one.
    said=$({ { { {
        "$@" 3>&- 4>&- 5>&-
        printf '= %s\n' "$?" >&4
    } 2>&3 | { bar >&5 || printf '= 27\n' >&4; }; } 3>&1 |
        { head -c 2000; cat >/dev/null; } | sed 's/^/!/'; } 4>&1; })
    printf '%s\n' "$said" | awk '
        /^!/ {
            # postconf quotes the lines of any file that main.cf calls a table.
            if (match($0, /(attribute name|unused parameter|earlier entry): /))
                $0 = substr($0, 1, RSTART + RLENGTH - 1) "masked"
            if ($0 != "!") print
            next
        }
        /^= [0-9]+$/ && code != "= 27" { code = $0 }
        END { print code == "" ? "= 141" : code }'
}

# ours PROGRAM: whether root alone can change a program of Zimbra; root runs no other.
ours() {
    case $1 in
        "$zimbra"/* | "$home"/*) [ "$(id -u)" = 0 ] || return 0 ;;
        *) return 0 ;;
    esac
    real=$(readlink -f -- "$1") || return 127
    set -- "$1"
    for place in "$1" "$real"; do
        while [ -n "$place" ]; do
            set -- "$@" "$place"
            place=${place%/*}
        done
    done
    shift
    stat -c '%u %g %A' -- "$@" | awk '
        $1 != 0 { bad = 1 }
        $3 !~ /^l/ && substr($3, 6, 1) == "w" && $2 != 0 { bad = 1 }
        $3 !~ /^l/ && substr($3, 9, 1) == "w" { bad = 1 }
        END { exit bad }' && return
    printf '%s can be changed by others than root: not run as root\n' "$real" >&2
    return 126
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

# The reader prints regular files of at most $1 bytes, each line behind $2. User zimbra
# owns most of what is asked below /opt/zimbra: a link from there must not make root
# read what that user may not. What was opened is looked at, not what was named.
# shellcheck disable=SC2016  # expanded by the other shell
reader='
    most=$1 before=$2 zimbra=$3 home=$4
    shift 4
    one() {
        file=/proc/self/fd/0
        said=$(stat -L -c "%s %U %A" "$file") || return 1
        case $path in
            "$zimbra"/*) real=$(readlink "$file")
                case $real/$said in
                    "$home"/* | *\ zimbra\ * | *r-- | *r-x | *rw- | *rwx | *rwt) ;;
                    *) printf "%s: Permission denied: it leads elsewhere\n" \
                        "$path" >&2
                        return 1 ;;
                esac ;;
        esac
        if [ "${said%% *}" -gt "$most" ]; then
            printf "%s: larger than %s bytes\n" "$path" "$most" >&2
            return 27
        fi
        if [ -n "$before" ]; then
            awk "{ print \"$before\" \$0 }"
        else
            head -c "$most"
        fi
    }
    for path in "$@"; do
        if [ -n "$before" ]; then
            shown=$(printf %s "$path" | tr -d "\001-\037")
            printf "> %s\n" "$shown"
        fi
        one <"$path"
        code=$?
        [ "$code" = 0 ] || [ -z "$before" ] || printf "x %s\n" "$shown"
    done
    exit "$code"
'

# content FILE: what a regular file holds.
content() {
    stat -L -- "$1" >/dev/null || return
    [ -f "$1" ] || { printf '%s: not a regular file\n' "$1" >&2; return 1; }
    limit sh -c "$reader" reader 4194304 '' "$zimbra" "$home" "$1"
}

# contents FILE…: every file that exists behind its name; `x` where it is not read whole.
contents() {
    if [ "$#" -gt 4000 ]; then
        printf 'too many files to read all of them: %s\n' "$1" >&2
        return 27
    fi
    owned=
    for file in "$@"; do
        shift
        [ -f "$file" ] || continue
        case $file in "$zimbra"/*) owned=yes ;; esac
        if ! [ -r "$file" ]; then
            printf 'x %s\n' "$(printf '%s' "$file" | tr -d '\001-\037')"
        elif [ -s "$file" ]; then
            set -- "$@" "$file"
        else
            printf '> %s\n' "$(printf '%s' "$file" | tr -d '\001-\037')"
        fi
    done
    [ "$#" -gt 0 ] || return 0
    if [ -n "$owned" ]; then
        limit sh -c "$reader" reader 4194304 ' ' "$zimbra" "$home" "$@" 2>/dev/null
        # Files that could not be read are marked; only a lack of time is an error.
        case $? in 124 | 137) return 124 ;; esac
        return 0
    fi
    limit awk '
        FNR == 1 {
            name = FILENAME
            gsub(/[\001-\037]/, "", name)
            print "> " name
            size = 0
        }
        size <= 4194304 { print " " $0 }
        { size += length($0) + 1 }
        size > 4194304 && !(name in large) { large[name] = 1; print "x " name }' "$@"
}

# masked: a filter for configuration in free form, without its passwords and tokens.
masked() {
    awk '
        # hide(LINE, BEFORE, VALUE): the line with each value behind a pattern masked.
        function hide(line, before, value,    done, whole, start, size) {
            done = ""
            before = "(" before ")"
            while (match(tolower(line), before value)) {
                whole = substr(line, RSTART, RLENGTH)
                start = RSTART
                size = RLENGTH
                match(tolower(whole), "^" before)
                done = done substr(line, 1, start - 1) substr(whole, 1, RLENGTH)
                done = done (whole ~ /"$/ ? "\"masked\"" : "masked")
                line = substr(line, start + size)
            }
            return done line
        }
        BEGIN {
            name = "(passw(or)?d|passphrase|passcode|pass|pwd|(bind|root)_?pw|_pw|secret|token" \
                "|credentials?|headervalue|(api|access|account)[_-]?key)[a-z0-9_-]*"
            between = "[\"\047]?([ \t]*(=>|[=:])[ \t]*|[ \t]+)"
            quoted = "\"[^\"]*\"?|\047[^\047]*\047?"
            # What closes a list or a call behind the value stays.
            value = "(" quoted "|[^ \t\"]*[^] \t,;)\"\047])"
            word = "(" quoted "|[^ \t]+)"
            address = "hooks\\.slack\\.com/[a-z]+/|discord(app)?\\.com/api/webhooks/" \
                "|\\.webhook\\.office\\.com/|/bot[0-9]+:|[?&](key|sig|signature|code)="
            piped = "(echo|printf)[ \t].*[|].*" \
                "(passw|chpass|sudo[ \t]|gpg|openssl|kinit|cryptsetup)"
        }
        {
            line = $0
            gsub(/sshpass +-p *[^ ]+/, "sshpass -p", line)
            if (line ~ /htpasswd/)
                line = hide(line, \
                    "[ \t]-[a-z]*b[a-z]*[ \t]+[^ \t]+[ \t]+[^ \t]+[ \t]+", word)
            # What is printed into a program that takes a password from there.
            if (line ~ piped)
                line = hide(line, "(echo|printf)[ \t]+(-[a-z]+[ \t]+)*", "[^|]+")
            # Addresses that are a right by themselves, and keys within addresses.
            line = hide(line, address, "[^ \t\"\047<>&]+")
            if (line ~ /[A-Z0-9]_KEY=/) line = hide(line, "[a-z0-9]_key=", word)
            line = hide(line, "^[ \t]*r[ow]community6?[ \t]+", word)
            line = hide(line, name "[\"\047][^<>]*[ \t]value[ \t]*=[ \t]*", "(" quoted ")")
            line = hide(line, name "[\"\047]?([ \t][^<>]*)?>", "[^<>]+")
            line = hide(line, name between, value)
            sub(/:om(my|pg)sql:[^ ;]*/, ":omsql:masked", line)
            gsub(/(Bearer|Basic) +[^" \047]+/, "Bearer masked", line)
            gsub(/ (-u|--user)[ =]*[^ :]+:[^ ]+/, " -u masked", line)
            if (line ~ /mysql|mariadb/) gsub(/ -p *[^ ]+/, " -p masked", line)
            if (line ~ /ldap[a-z]/) line = hide(line, "[ \t]-w[ \t]*", word)
            if (line ~ /zm(prov|mailbox|soap)/) {
                line = hide(line, "[ \t]-p[ \t]+", word)
                line = hide(line, \
                    "[ \t](sp|setpassword|ca|createaccount)[ \t]+[^ \t]+[ \t]+", word)
            }
            if (line ~ /curl|smb|ftp/)
                line = hide(line, \
                    "[ \t](-u|--user|--proxy-user)[ \t=]*[^ \t:%,]+[:%,]", word)
            if (line ~ /redis-cli/) line = hide(line, "[ \t]-a[ \t]*", word)
            if (line ~ /mongo/) line = hide(line, "[ \t]-p[ \t]*", word)
            if (line ~ /openssl/) line = hide(line, "[ \t]-k[ \t]+", word)
            if (line ~ /snmp(get|walk|set|bulk|trap|inform|table|status|df|usm)/)
                line = hide(line, "[ \t]-[cax][ \t]*", word)
            if (line ~ /rclone/)
                line = hide(line, "--[a-z0-9-]*-(key|pass|secret)[ \t=]+", word)
            if (line ~ /7z|rar |zip |ipmitool/) line = hide(line, "[ \t]-p[ \t]*", word)
            gsub(/:\/\/[^\/ "]*@/, "://masked@", line)
            print line
        }'
}

status() {
    found=0
    for file in "$@"; do
        if [ -e "$file" ] || [ -L "$file" ]; then
            in_time || { printf 'too many files\n' >&2; return 27; }
            case $file in
                *[[:cntrl:]]*) printf 'a name of control characters\n' >&2; found=1 ;;
                *) stat -c '%a %U %G %s %Y %F|%n' -- "$file" || found=1 ;;
            esac
        fi
    done
    return "$found"
}

# setting KEY: the value of one localconfig key, for the connection to the directory.
setting() {
    content "$localconfig" 2>/dev/null | awk -v want="$1" 'BEGIN { RS = "<" }
        /^key[ \t\r\n]/ { inside = index($0, "\"" want "\"") > 0 }
        inside && /^value>/ { sub(/^value>/, ""); printf "%s", $0; exit }
    ' 2>/dev/null | sed -e 's/&lt;/</g' -e 's/&gt;/>/g' \
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
    ours "$ldapsearch" || return
    base=$1
    scope=$2
    wanted=$3
    shift 3
    printf '%s' "$ldap_secret" | limit nice -n 5 "$ldapsearch" -LLL -x $ldap_tls \
        -o ldif-wrap=no -o nettimeout=10 -E pr=1000/noprompt -H "$ldap_url" \
        -D "${ldap_dn:-uid=zimbra,cn=admins,cn=zimbra}" -y /dev/stdin \
        -b "$base" -s "$scope" "$wanted" "$@"
}

# localconfig.xml, written anew from what is understood of it, every secret masked and
# saying only whether it is a default. Anything else is refused: it could hide one.
localconfig_masked() {
    [ -f "$localconfig" ] || { content "$localconfig" >/dev/null; return; }
    { content "$localconfig" || printf '\n<unread'; } | awk -v defaults="@DEFAULTS@" '
        function odd(why) {
            printf "localconfig.xml: %s\n", why > "/dev/stderr"
            wrong = 65
            exit wrong
        }
        BEGIN {
            RS = "<"
            number = split(defaults, pairs, " ")
            for (i = 1; i <= number; i++) known[pairs[i]] = 1
        }
        NR == 1 { if ($0 !~ /^(\357\273\277)?[ \t\r\n]*$/) odd("no XML"); next }
        comment { if ($0 ~ /-->/) comment = 0; next }
        /^!--/ {
            if (value) odd("a comment in a value")
            comment = substr($0, 4) !~ /-->/
            next
        }
        /^\?xml / { if (tolower($0) ~ /utf-?(16|32)|ucs/) odd("no UTF-8"); next }
        /^key[ \t\r\n]+name[ \t\r\n]*=[ \t\r\n]*("[^"&]*"|\047[^\047&]*\047)[ \t\r\n]*\/?>/ {
            key = $0
            sub(/^[^"\047]*["\047]/, "", key)
            sub(/["\047][ \t\r\n]*\/?>.*$/, "", key)
            if (key ~ /["\047>]/) odd("a key with an odd name")
            hidden = tolower(key) ~ /@SECRET_KEY@/
            within = $0 !~ /\/>/
            printf "\n<key name=\"%s\"%s>", key, within ? "" : "/"
            next
        }
        /^\/key[ \t\r\n]*>/ { within = 0; printf "</key>"; next }
        /^value[ \t\r\n]*\/>/ && within && !value { printf "<value></value>"; next }
        /^value[ \t\r\n]*>/ && within && !value {
            text = $0
            sub(/^[^>]*>/, "", text)
            value = 1
            next
        }
        /^!\[CDATA\[/ && value && /\]\]>[ \t\r\n]*$/ { text = text "<" $0; next }
        /^\/value[ \t\r\n]*>/ && value {
            what = (key "=" text) in known ? "default" : text == "" ? "empty" : "set"
            printf "<value>%s</value>", hidden ? "@MASK@:" what : text
            value = 0
            next
        }
        /^localconfig[ \t\r\n]*>/ { printf "<localconfig>"; next }
        /^localconfig[ \t\r\n]*\/>/ { print "<localconfig/>"; next }
        /^\/localconfig[ \t\r\n]*>/ { print "\n</localconfig>"; next }
        { odd("not written as zmlocalconfig writes it") }
        END { exit wrong }
    '
}
