"""fail2ban's jails, as its configuration files name them."""

import re
from collections.abc import Mapping

import msgspec

from zmward.sources.source import Snippet, Source, Unreadable, contents

_SECTION = re.compile(r"\[([^\]]+)\]\s*(?:[#;].*)?")
_OPTION = re.compile(r"([A-Za-z0-9_.]+)\s*[=:]\s*(.*)")
_DEEPEST = 8
_SPARING = {"ignoreip", "ignoreself"}
_LAST_PORT = 65_535
# Names of /etc/services that jails use for mail and web.
_SERVICES = {
    name: port
    for port, names in (
        (22, "ssh"),
        (25, "smtp"),
        (80, "http"),
        (110, "pop3"),
        (143, "imap imap2"),
        (443, "https"),
        (465, "smtps ssmtp submissions"),
        (587, "submission"),
        (993, "imaps"),
        (995, "pop3s"),
    )
    for name in names.split()
}
_YES = ("true", "yes", "1", "on")


class Jail(msgspec.Struct, frozen=True):
    """One enabled jail: the filter's name, what it reads, the ports that it names.

    `retries`, `ban`, `find` and `action` are maxretry, bantime, findtime and action
    as they are said; `spared` is ignoreip, `excused` is ignorecommand.
    """

    name: str
    filter: str
    logs: tuple[str, ...]
    backend: str = ""
    ports: frozenset[int] = frozenset()
    retries: str = "5"
    ban: str = "10m"
    action: str = "iptables"
    spared: tuple[str, ...] = ()
    excused: str = ""
    find: str = "10m"

    @property
    def ours(self) -> bool:
        """Say whether zmward has written it."""
        return self.name.startswith("zmward-")


class Fail2ban(msgspec.Struct, frozen=True):
    """Enabled jails, addresses never banned, and the filters that exist.

    `common` is what ignoreip says for all jails; `apart` are jails that say their own.
    """

    jails: tuple[Jail, ...]
    ignored: tuple[str, ...]
    filters: Mapping[str, str]
    ignores_itself: bool = True
    common: str = ""
    apart: tuple[str, ...] = ()


Sections = dict[str, dict[str, str]]


def _read(text: str, path: str, sections: Sections) -> None:
    """Lay one file's settings over those of the files before it."""
    current: dict[str, str] | None = None
    name = ""
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith(("#", ";")):
            continue
        section, option = _SECTION.fullmatch(line.strip()), _OPTION.fullmatch(line)
        if section:
            current, name = sections.setdefault(section[1], {}), ""
        elif current is None:
            raise Unreadable(f"{path}: no section before {line[:60]!r}")
        elif line[0].isspace() and name:
            current[name] += f"\n{line.strip()}"
        elif option:
            name = option[1].lower()
            current[name] = re.sub(r"\s+[#;]\s.*$", "", option[2]).strip()
        else:
            raise Unreadable(f"{path}: not an option: {line[:60]!r}")


def _expand(value: str, own: Mapping[str, str], name: str, depth: int = 0) -> str:
    """Replace %(option)s; what stays unknown is left as it is."""
    if depth >= _DEEPEST:
        return value

    def known(match: re.Match[str]) -> str:
        if match[1] == "__name__":
            return name
        found = own.get(match[1].lower())
        return match[0] if found is None else _expand(found, own, name, depth + 1)

    return re.sub(r"%\(([^)]+)\)s", known, value)


def _ports(text: str) -> frozenset[int]:
    """Return the ports that a jail names, by number or as common services."""
    found: set[int] = set()
    for word in text.replace(",", " ").split():
        first, _, last = word.partition(":")
        low, high = (_SERVICES.get(one, one) for one in (first, last or first))
        if str(low).isdecimal() and str(high).isdecimal():
            found.update(range(int(low), min(int(high), _LAST_PORT) + 1))
    return frozenset(found)


def failregexes(text: str) -> tuple[str, ...] | None:
    """Return the expressions of a filter; None where more than this file says them."""
    sections: Sections = {}
    try:
        _read(text, "filter", sections)
    except Unreadable:
        return None
    own = sections.get("Definition", {})
    found = own.get("failregex", "")
    more = "INCLUDES" in sections or own.get("prefregex") or own.get("ignoreregex")
    if more or "%(" in found:
        return None
    return tuple(line.replace("%%", "%") for line in found.splitlines() if line)


def _rank(path: str) -> tuple[int, str]:
    """Return fail2ban's own order: .conf, then .local; jail first, then jail.d."""
    return (2 * path.endswith(".local") + ("/jail.d/" in path), path)


def _jail(name: str, options: Mapping[str, str]) -> Jail:
    """Read one jail; what no file says is as fail2ban itself has it: no action."""
    words = {key: _expand(value, options, name) for key, value in options.items()}
    return Jail(
        name,
        (words.get("filter") or name).partition("[")[0].strip(),
        tuple(words.get("logpath", "").replace(",", "\n").split()),
        words.get("backend", ""),
        _ports(words.get("port", "")),
        *(words.get("maxretry", "3"), words.get("bantime", "10m")),
        words.get("action", ""),
        tuple(words.get("ignoreip", "").replace(",", " ").split()),
        words.get("ignorecommand", ""),
        words.get("findtime", "10m"),
    )


def parse(answer: str) -> Fail2ban:
    """Read jail files in fail2ban's order, and keep the filters for Zimbra."""
    texts = contents(answer)
    if not texts:
        raise Unreadable("fail2ban has no configuration")
    sections: Sections = {}
    jails = [path for path in texts if "/filter.d/" not in path]
    for path in sorted(jails, key=_rank):
        _read(texts[path], path, sections)
    common = sections.pop("DEFAULT", {})
    sections.pop("INCLUDES", None)
    enabled = [
        _jail(name, {**common, **own})
        for name, own in sections.items()
        if {**common, **own}.get("enabled", "false").lower() in _YES
    ]
    filters = {
        path.rpartition("/")[2].rpartition(".")[0]: text
        for path, text in texts.items()
        if "/filter.d/" in path
    }
    # A jail may say it for itself: what every enabled jail spares is spared.
    used = [{**common, **sections[jail.name]} for jail in enabled] or [common]
    spared = [one.get("ignoreip", "").replace(",", " ").split() for one in used]
    ignored = [word for word in spared[0] if all(word in other for other in spared)]
    itself = all(one.get("ignoreself", "true").lower() in _YES for one in used)
    # Ours spare more than all others do, never less.
    others = [one for one in enabled if not one.ours]
    apart = [one.name for one in others if _SPARING & set(sections[one.name])]
    return Fail2ban(
        tuple(enabled),
        tuple(dict.fromkeys(ignored)),
        filters,
        itself,
        common.get("ignoreip", ""),
        tuple(apart),
    )


FAIL2BAN = Source(
    name="fail2ban",
    about="fail2ban's jails and its filters for Zimbra; secrets are masked.",
    question=Snippet(
        r"""
if ! [ -d /etc/fail2ban ]; then
    printf 'fail2ban is not installed\n' >&2
    return 127
fi
{
    contents /etc/fail2ban/paths-common.conf /etc/fail2ban/jail.conf \
        /etc/fail2ban/jail.local /etc/fail2ban/jail.d/*.conf \
        /etc/fail2ban/jail.d/*.local | grep -v '^ *[#;]' | masked
    for file in /etc/fail2ban/filter.d/*.conf /etc/fail2ban/filter.d/*.local; do
        case $file in
            *zimbra*) contents "$file" ;;
            *'*'*) ;;
            *) printf '> %s\n' "$file" ;;
        esac
    done
} | awk '
    tolower($0) ~ /^ *[a-z0-9_]*(token|pass|passwd|password|secret|key) *[=:]/ {
        sub(/[=:].*/, "= masked")
    }
    { print }'
"""
    ),
    parse=parse,
)
