# Waits for the end of whoever started it, however that comes, and clears up after him.
# $1 is the folder to remove, $2 the user under whose number programs ran in it.
trap '' HUP INT TERM
cat >/dev/null
turn=0
while [ "$turn" -lt 5 ]; do
    stat -c '%u %n' /proc/[0-9]* 2>/dev/null | while read -r user place; do
        [ "$user" != "$2" ] || kill -9 "${place#/proc/}" 2>/dev/null
    done
    rm -rf -- "$1" 2>/dev/null && exit 0
    turn=$((turn + 1))
    sleep 1
done
