# Reads a file, or sets its owners and mode, through an open descriptor: whoever may
# write to a folder above it can swap the name for a link, but not the open file.
#   read PATH
#   mode PATH 'MODE OWNER GROUP as seen' OWNER:GROUP MODE
here=/proc/self/fd/3
most=67108864
refuse() { printf '%s %s\n' "$path" "$1" >&2; exit 4; }
what=$1 path=$2
[ ! -L "$path" ] || refuse 'is a link'
# A pipe or a device would be opened before it could be looked at.
[ ! -e "$path" ] || [ -f "$path" ] || [ -d "$path" ] || refuse 'is no plain file'
exec 3<"$path" || exit 1
[ "$(readlink "$here")" = "$path" ] || refuse 'was swapped while it was opened'
[ -f "$here" ] || { [ "$what" = mode ] && [ -d "$here" ]; } || refuse 'is no plain file'
# A second name may be another file's; the kernel forbids that to users, by default.
if [ -f "$here" ] && [ "$(stat -L -c %h "$here")" != 1 ]; then
    read -r protected </proc/sys/fs/protected_hardlinks
    [ "$protected" = 1 ] || refuse 'has several names'
fi
case $what in
read)
    # Whoever may write it could fill the memory of the one who reads.
    [ "$(stat -L -c %s "$here")" -le "$most" ] || refuse "is larger than $most bytes"
    exec head -c "$most" <&3
    ;;
mode)
    [ "$(stat -L -c '%a %U %G' "$here")" = "$3" ] || refuse 'was swapped since it was seen'
    # chown clears what chmod may set, and takes a program's capabilities for ever:
    # without its own, nginx opens no port below 1024.
    [ "$(stat -L -c '%U:%G' "$here")" = "$4" ] || chown "$4" "$here" || exit 1
    chmod "$5" "$here"
    ;;
esac
