# Exchanges the one line of a file, if it is still as seen; - stands for: no file.
#   swap PATH SEEN NEW
# Only one can do it at a time, and whoever dies here leaves the old one or the new.
exec 9<"${2%/*}" || exit 1
flock -w 30 9 || { printf 'another zmward changes it\n' >&2; exit 75; }
now=-
[ ! -e "$2" ] || now=$(cat -- "$2")
[ "$now" = "$3" ] || { printf 'it has changed meanwhile\n' >&2; exit 4; }
if [ "$4" = - ]; then
    rm -f -- "$2"
else
    umask 077
    printf '%s\n' "$4" >"$2.new" && sync -- "$2.new" && mv -fT -- "$2.new" "$2"
fi
