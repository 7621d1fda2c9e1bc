# Tries values in a scratch copy on the host, as user zimbra; nothing of the host's own
# is written. $1 names the proof, $2 the scratch folder, which is gone in the end.
# Exit 0: accepted; 3: refused, and standard output says why; 69: it cannot be tried.
set +a +v +x
unset BASH_ENV ENV
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
umask 077
cd / || exit 69
what=$1
scratch=$2
shift 2
home=/opt/zimbra
mkdir -m 0700 -- "$scratch" || exit 69
trap 'rm -rf -- "$scratch"' 0
trap 'exit 75' 1 2 15

# fresh: the copy of Postfix's configuration as it is now.
fresh() {
    # The copy keeps a mode that does not let it be written again.
    cp -f -- "$home/common/conf/main.cf" "$home/common/conf/master.cf" "$scratch"
}

# complaints FILE: what postconf has to say of the copy.
complaints() {
    "$postconf" -c "$scratch" -n >/dev/null 2>"$1"
    "$postconf" -c "$scratch" -x -n >/dev/null 2>>"$1"
}

# starts: whether Postfix's own smtpd reads the copy, speaks SMTP and takes leave.
starts() {
    printf 'QUIT\r\n' | MAIL_CONFIG=$scratch timeout 10 "$smtpd" -S >/dev/null 2>&1
}

postfix() {
    postconf=$home/common/sbin/postconf
    [ -x "$postconf" ] && fresh || exit 69
    complaints "$scratch/before"
    smtpd=$("$postconf" -c "$scratch" -h daemon_directory 2>/dev/null)/smtpd
    [ -x "$smtpd" ] && starts || smtpd=
    "$postconf" -c "$scratch" -e "$@" >"$scratch/said" 2>&1 || {
        cat "$scratch/said"
        exit 3
    }
    complaints "$scratch/after"
    if grep -vxF -f "$scratch/before" "$scratch/after" >"$scratch/said"; then
        sort -u "$scratch/said"
        exit 3
    fi
    [ -n "$smtpd" ] || exit 0
    starts
    code=$?
    # Out of time: a map that it opens does not answer in a copy. That proves nothing.
    case $code in 0 | 124) exit 0 ;; esac
    for one in "$@"; do
        fresh && "$postconf" -c "$scratch" -e "$one" && starts && continue
        printf 'smtpd does not start with %s\n' "$one"
    done
    printf 'smtpd ends with %s: the mail log says why\n' "$code"
    exit 3
}

nginx() {
    nginx=$home/common/sbin/nginx
    [ -x "$nginx" ] && [ -r "$home/conf/nginx.key" ] || exit 69
    {
        printf 'error_log stderr; pid %s/pid; events { }\nhttp {\n' "$scratch"
        printf 'access_log off;\n'
        for part in client_body proxy fastcgi uwsgi scgi; do
            printf '%s_temp_path %s/%s;\n' "$part" "$scratch" "$part"
        done
        printf 'server {\nlisten unix:%s/socket ssl;\n' "$scratch"
        printf 'ssl_certificate %s/conf/nginx.crt;\n' "$home"
        printf 'ssl_certificate_key %s/conf/nginx.key;\n' "$home"
        cat
        printf '} }\n'
    } >"$scratch/nginx.conf"
    sed '/^#begin/,/^#end/d' "$scratch/nginx.conf" >"$scratch/plain.conf"
    "$nginx" -t -p "$scratch/" -c "$scratch/plain.conf" >/dev/null 2>&1 || exit 69
    "$nginx" -t -p "$scratch/" -c "$scratch/nginx.conf" >"$scratch/said" 2>&1 && exit 0
    grep -E '\[(emerg|alert|crit|error)\]' "$scratch/said" | head -n 5
    exit 3
}

case $what in
    try-postfix) postfix "$@" ;;
    try-nginx) nginx ;;
    *) exit 69 ;;
esac
