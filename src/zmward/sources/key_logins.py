"""Who administers by key: root and those who may become root, with their keys.

Asked so that a repair of sshd never shuts out everybody.
"""

import re

import msgspec

from zmward.sources.source import Snippet, Source, Unreadable

_USER = re.compile(r"user (\S+) ([0-9]{1,10}) (\S+) (\S+)", re.ASCII)
_PATH = re.compile(r"path ([0-9]{1,10}) ([0-7]{1,5})", re.ASCII)
_KEY = re.compile(r"key (.*?)((?:sk-)?(?:ssh|ecdsa)-[A-Za-z0-9@.-]{1,80})")
_NO_LOGIN = ("nologin", "false", "sync", "halt", "shutdown")
_WRITABLE = 0o022
_PATHS = 3
# Options with which a key still opens a whole session, from anywhere.
_HARMLESS = {
    *("no-port-forwarding", "port-forwarding", "no-x11-forwarding", "x11-forwarding"),
    *("no-agent-forwarding", "agent-forwarding", "no-user-rc", "user-rc", "pty"),
}


class Login(msgspec.Struct, frozen=True):
    """One account: its shell, the groups that make it an administrator, its keys.

    `strict` says that sshd trusts the file, by owners and modes of the way to it;
    `keys` are the options and types of its lines.
    """

    user: str
    shell: str
    groups: tuple[str, ...]
    strict: bool
    keys: tuple[tuple[str, str], ...]

    @property
    def usable(self) -> bool:
        """Say whether at least one key opens a session, whatever it comes from."""
        if not self.strict or self.shell.rpartition("/")[2] in _NO_LOGIN:
            return False
        return any(_opens(options, kind) for options, kind in self.keys)


def _opens(options: str, kind: str) -> bool:
    words = {word.strip().lower() for word in options.split(",")} - {""}
    return kind != "ssh-dss" and words <= _HARMLESS


def _login(head: re.Match[str], rows: list[str]) -> Login:
    paths = [match for row in rows if (match := _PATH.fullmatch(row))]
    keys = [match for row in rows if (match := _KEY.fullmatch(row))]
    if len(paths) + len(keys) != len(rows):
        raise Unreadable(f"key logins: not a row of {head[1][:40]!r}")
    strict = len(paths) == _PATHS and all(
        path[1] in ("0", head[2]) and not int(path[2], 8) & _WRITABLE for path in paths
    )
    groups = tuple(word for word in head[4].split(",") if word != "-")
    found = tuple((key[1].strip(), key[2]) for key in keys)
    return Login(head[1], head[3], groups, strict, found)


def parse(answer: str) -> tuple[Login, ...]:
    """Read a head for each account, and the rows of its paths and keys."""
    lines = answer.splitlines()
    if not lines or lines[-1] != "end":
        raise Unreadable("key logins: the answer breaks off")
    found: list[tuple[re.Match[str], list[str]]] = []
    for line in lines[:-1]:
        head = _USER.fullmatch(line)
        if head:
            found.append((head, []))
        elif not found:
            raise Unreadable(f"key logins: no account before {line[:60]!r}")
        else:
            found[-1][1].append(line)
    if not found:
        raise Unreadable("key logins: not even root was found")
    return tuple(_login(head, rows) for head, rows in found)


KEY_LOGINS = Source(
    name="key-logins",
    about="Keys by which root and those who may become root log in: their types.",
    question=Snippet(
        r"""
named() {
    printf 'root -\n'
    getent group sudo wheel admin | awk -F: '{
        number = split($4, names, ",")
        for (n = 1; n <= number; n++) print names[n], $1
    }'
    cat /etc/sudoers /etc/sudoers.d/* 2>/dev/null | awk '
        $1 ~ /^[a-z_][a-z0-9_-]*$/ {
            name = $1
            $1 = ""
            gsub(/[ \t]/, "")
            if ($0 ~ /^ALL=(\(ALL(:ALL)?\))?(NOPASSWD:)?ALL$/) print name, "-"
        }'
}
kind='(sk-)?(ssh|ecdsa)-[A-Za-z0-9@.-]+'
# told USER GROUPS: what getent says of one account, and its keys.
told() {
    IFS=: read -r _ _ number _ _ home shell || return
    case $home in /*) ;; *) return ;; esac
    printf 'user %s %s %s %s\n' "$1" "$number" "${shell:-/bin/sh}" "$2"
    # The second file is read by default alone, and Red Hat's sshd_config names one.
    file=$home/.ssh/authorized_keys
    # A link of a user's could lead root anywhere.
    if [ -f "$file" ] && ! [ -L "$file" ]; then
        stat -L -c 'path %u %a' -- "$home" "$home/.ssh" "$file"
        # Only what stands before the key itself, and only of lines with one.
        limit head -c 65536 -- "$file" | tr '\t' ' ' |
            sed -nE "s/^ *(([^#].* )?)($kind) +AAAA.*\$/key \1\3/p"
    fi
}
named | sort -u | awk '
    $1 ~ /^[A-Za-z0-9_.-]+$/ {
        groups[$1] = groups[$1] (groups[$1] == "" ? "" : ",") $2
    }
    END { for (name in groups) print name, groups[name] }' | sort | head -n 40 |
    while read -r user groups; do getent passwd "$user" | told "$user" "$groups"; done
printf 'end\n'
"""
    ),
    parse=parse,
)
