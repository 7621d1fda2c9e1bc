"""sshd's settings in force, as `sshd -T` tells them for each kind of login."""

import re
from collections.abc import Mapping

import msgspec

from zmward.sources.source import Snippet, Source, Unreadable

_CASE = re.compile(r"> user=(\S+) addr=(\S+)")
UNASKED = "zmward-unasked-group"


class Case(msgspec.Struct, frozen=True):
    """The settings for one login: who, from where."""

    user: str
    address: str
    settings: Mapping[str, tuple[str, ...]]

    def one(self, option: str) -> str:
        """Return the option's value; repeated options give the first."""
        return next(iter(self.settings.get(option.lower(), ())), "")

    @property
    def unasked(self) -> tuple[str, ...]:
        """Return groups of a Match for which no user was found to ask about."""
        return self.settings.get(UNASKED, ())


def parse(answer: str) -> tuple[Case, ...]:
    """Read one block of settings per login."""
    cases: list[Case] = []
    settings: dict[str, list[str]] = {}
    for line in answer.splitlines():
        start = _CASE.fullmatch(line)
        if start:
            settings = {}
            cases.append(Case(start[1], start[2], settings))  # type: ignore[arg-type]  # filled below
        elif not cases:
            raise Unreadable(f"sshd -T: no login before {line[:60]!r}")
        else:
            name, _, value = line.partition(" ")
            settings.setdefault(name.lower(), []).append(value)
    if not cases or any("port" not in case.settings for case in cases):
        raise Unreadable("sshd -T: the answer holds no settings")
    return tuple(
        Case(case.user, case.address, {k: tuple(v) for k, v in case.settings.items()})
        for case in cases
    )


SSHD = Source(
    name="sshd",
    about="sshd's settings in force, for each user and address that a Match names.",
    question=Snippet(
        """
program=
for path in /usr/sbin/sshd /usr/local/sbin/sshd /sbin/sshd; do
    [ -n "$program" ] || ! [ -x "$path" ] || program=$path
done
[ -n "$program" ] || { printf 'sshd is not installed\\n' >&2; return 127; }
one() {
    printf '> user=%s addr=%s\\n' "$1" "$2"
    # Where a Match names the local side, sshd refuses to answer without one.
    limit "$program" -T -C "user=$1,host=$2,addr=$2,laddr=192.0.2.1,lport=22"
}
one root 198.51.100.1 && one root 127.0.0.1 || return
one zimbra 198.51.100.1 && one nobody 198.51.100.1 || return
cat /etc/ssh/sshd_config /etc/ssh/sshd_config.d/*.conf 2>/dev/null | awk '
    tolower($1) == "match" { for (i = 2; i < NF; i++) {
        what = tolower($i)
        if (what == "user" || what == "group" || what == "address") {
            number = split($(i + 1), names, ",")
            for (n = 1; n <= number; n++) {
                if (what == "address") sub(/\\/.*$/, "", names[n])
                if (names[n] ~ /^[A-Za-z0-9_.:-]+$/) print what, names[n]
            }
        }
    } }' | sort -u | head -n 20 | while read -r what word; do
        case $what in
            user) one "$word" 198.51.100.1 ;;
            group) line=$(getent group "$word")
                name=$(printf '%s' "$line" | awk -F'[:,]' '{ print $4 }')
                # Nobody is listed as member of his own first group.
                [ -n "$name" ] || name=$(getent passwd |
                    awk -F: -v id="$(printf '%s' "$line" | cut -d: -f3)" \
                        'id != "" && $4 == id { print $1; exit }')
                if [ -n "$name" ]; then one "$name" 198.51.100.1
                else printf 'zmward-unasked-group %s\\n' "$word"; fi ;;
            address) one nobody "$word"; one root "$word" ;;
        esac
    done
""",
        seconds=30,
    ),
    parse=parse,
)
