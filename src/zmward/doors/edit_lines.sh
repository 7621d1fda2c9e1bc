# Prints the lines of audit logs that tell of admin writes, and the zone of the host.
# Arguments: the files, or none for this server's own.
LC_ALL=C
export LC_ALL
echo '% zone'
base64 /etc/localtime 2>/dev/null
[ "$#" -gt 0 ] || set -- /opt/zimbra/log/audit.log*
for path in "$@"; do
    [ -f "$path" ] || continue
    if ! [ -r "$path" ]; then
        echo '% unread'
        continue
    fi
    case $path in
        *.gz) program='gzip -dc' ;;
        *.xz) program='xz -dc' ;;
        *.bz2) program='bzip2 -dc' ;;
        *.zst) program='zstd -dcq' ;;
        *) program='cat' ;;
    esac
    # The first line tells how far back the file reaches.
    echo '% file'
    # shellcheck disable=SC2086  # a program and its option
    $program < "$path" 2>/dev/null | head -n 1 | cut -c 1-200 | sed 's/^/^/'
    # shellcheck disable=SC2086
    $program < "$path" 2>/dev/null | grep -aE \
        ' security - cmd=(Modify|Create|Delete|Rename|Copy)' | cut -c 1-65536 |
        sed 's/^/=/'
done
echo '% end'
