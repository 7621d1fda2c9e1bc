# Prints what each path holds, as user zimbra: a line "NUMBER KIND", then base64.
# $2 is how many bytes are printed of a file at most; a path that ends in / is listed.
set +a +v +x
unset BASH_ENV ENV
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
cd / || exit 70
most=$2
shift 2
number=0
for path in "$@"; do
    number=$((number + 1))
    case $path in
        */)
            printf '%s folder\n' "$number"
            ls -1 -- "$path" 2>/dev/null | head -n 500 | head -c "$most" | base64
            continue
            ;;
    esac
    if [ ! -e "$path" ] && [ ! -L "$path" ]; then
        printf '%s absent\n' "$number"
    elif [ ! -f "$path" ]; then
        printf '%s strange\n' "$number"
    elif [ ! -r "$path" ]; then
        printf '%s closed\n' "$number"
    else
        printf '%s file\n' "$number"
        head -c "$most" -- "$path" | base64
    fi
done
