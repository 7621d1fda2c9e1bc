# What zmward runs to reach this host's directory and its mailboxd, as user zimbra.
# $1 says what is asked, $2 is Zimbra's home, the rest are the question's own words.
# Passwords are read into a shell variable and leave it through a pipe only: they are
# no argument, no environment variable, no file and no output.
set +a +v +x
unset secret LDAPRC LDAPCONF BASH_ENV ENV
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
HOME=$2
export PATH LC_ALL HOME
umask 077
# A file ldaprc in the folder where this starts would steer ldapsearch.
cd / || exit 70
what=$1
home=$2
shift 2
localconfig=$home/conf/localconfig.xml

# raw KEY: a value as the file has it, XML's entities and all; the last one counts.
raw() {
    awk -v want="$1" 'BEGIN { RS = "<" }
        /^!--/ { comment = 1 }
        comment { if ($0 ~ /-->/) comment = 0; next }
        /^key[ \t\r\n]/ { inside = index($0, "\"" want "\"") > 0 }
        inside && /^value>/ { sub(/^value>/, ""); found = $0 }
        END { printf "%s", found }
    ' "$localconfig"
}

setting() {
    raw "$1" | sed -e 's/&lt;/</g' -e 's/&gt;/>/g' -e 's/&quot;/"/g' \
        -e "s/&apos;/'/g" -e 's/&amp;/\&/g'
}

# program NAME…: the first of Zimbra's own programs that is there, else the system's.
program() {
    for place in "$@"; do
        [ ! -x "$home/$place" ] || { printf '%s' "$home/$place"; return; }
    done
    command -v "${place##*/}"
}

need() {
    secret=$($1 "$2")
    [ -n "$secret" ] && return
    printf '%s has no %s\n' "$localconfig" "$2" >&2
    exit 78
}

case $what in
    survey)
        [ -r "$localconfig" ] || { printf 'no %s\n' "$localconfig" >&2; exit 66; }
        for key in "$@"; do
            printf 'key %s %s\n' "$key" "$(setting "$key" | tr '\n\r' '  ')"
        done
        printf 'curl %s\n' "$(program common/bin/curl)"
        for file in /etc/ssl/certs/ca-certificates.crt \
            /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem; do
            [ ! -r "$file" ] || printf 'bundle %s\n' "$file"
        done
        ;;
    search)
        # ldapsearch's own words follow; only the password is added, by a pipe.
        need setting zimbra_ldap_password
        [ -n "${LDAPTLS_CACERTDIR:-}" ] || export LDAPTLS_CACERTDIR="$home/conf/ca"
        found=$(program common/bin/ldapsearch bin/ldapsearch) ||
            { printf 'ldapsearch is not installed\n' >&2; exit 127; }
        printf '%s' "$secret" | "$found" -y /dev/stdin "$@"
        ;;
    keystore)
        need setting mailboxd_keystore_password
        openssl=$(program common/bin/openssl)
        # Older keystores need the algorithms that OpenSSL 3 keeps apart.
        for legacy in '' -legacy; do
            printf '%s\n' "$secret" | "$openssl" pkcs12 $legacy -in "$1" -nokeys \
                -clcerts -passin stdin 2>/dev/null && exit
        done
        keytool=$(program common/bin/keytool common/lib/jvm/java/bin/keytool) ||
            { printf '%s cannot be read\n' "$1" >&2; exit 65; }
        printf '%s\n' "$secret" | "$keytool" -list -rfc -keystore "$1" \
            -storepass:file /dev/stdin
        ;;
    login)
        # The words are curl's, which sends what it gets from the pipe. The file's own
        # text of the password is XML already.
        need raw zimbra_ldap_password
        user=$(raw zimbra_ldap_user)
        case $secret in
            *'![CDATA['* | *'${'*)
                printf 'zimbra_ldap_password is written in an odd way\n' >&2
                exit 65
                ;;
        esac
        printf '%s<name>%s</name><password>%s</password>%s' \
            '<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"><soap:Header><context xmlns="urn:zimbra"><nosession/><format type="js"/><userAgent name="zmward"/></context></soap:Header><soap:Body><AuthRequest xmlns="urn:zimbraAdmin">' \
            "${user:-zimbra}" "$secret" \
            '</AuthRequest></soap:Body></soap:Envelope>' | "$@"
        ;;
    dump)
        # All databases but MariaDB's own, which belong to its version, as they are at
        # one moment; the password goes through a pipe.
        need setting zimbra_mysql_password
        user=$(setting zimbra_mysql_user)
        socket=$(sed -n 's/^socket[ \t]*=[ \t]*//p' "$home/conf/my.cnf" | head -n 1)
        case $secret$user$socket in
            *[!A-Za-z0-9/_.,:@%+=~^-]*)
                printf 'zimbra_mysql_password is written in an odd way\n' >&2
                exit 65
                ;;
        esac
        client=$(program common/bin/mysql) &&
            dumper=$(program common/bin/mariadb-dump common/bin/mysqldump) ||
            { printf 'mysql or mysqldump is not installed\n' >&2; exit 127; }
        options() {
            printf '[client]\nuser=%s\nsocket=%s\npassword=%s\n' "${user:-zimbra}" \
                "${socket:-$home/data/tmp/mysql/mysql.sock}" "$secret"
        }
        found=$(options | "$client" --defaults-file=/dev/stdin --batch \
            --skip-column-names --execute 'SHOW DATABASES') || exit
        set --
        for name in $found; do
            case $name in
                mysql | sys | test | information_schema | performance_schema) ;;
                "#mysql50#"*) ;;
                *[!A-Za-z0-9_]*) printf 'left out: database %s\n' "$name" >&2; exit 65 ;;
                *) set -- "$@" "$name" ;;
            esac
        done
        case " $* " in *' zimbra '*) ;; *) printf 'no database zimbra\n' >&2; exit 65 ;; esac
        options | "$dumper" --defaults-file=/dev/stdin --single-transaction --quick \
            --comments --databases "$@"
        ;;
esac
