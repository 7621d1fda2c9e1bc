"""What is wanted as files of fail2ban: filters, one action, one file of jails."""

from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files as resources
from typing import Final

from zmward.bans.jails import JAILS, Jail, Placed
from zmward.bans.networks import around
from zmward.bans.simulate import Rule, rules
from zmward.bans.spared import Spared
from zmward.bans.wanted import Bans
from zmward.profile import Bans as Wishes

FOLDER: Final = "/etc/fail2ban"
JAIL_FILE: Final = f"{FOLDER}/jail.d/zmward.conf"
ACTION_FILE: Final = f"{FOLDER}/action.d/zmward.conf"
# By its first line a file of ours is known; what does not begin so is never touched.
MARK: Final = "# Made by zmward"
_WIDTH: Final = 76


def filter_file(jail: Jail) -> str:
    """Return where a jail's filter lies."""
    return f"{FOLDER}/filter.d/{jail.name}.conf"


FILES: Final = (ACTION_FILE, *map(filter_file, JAILS), JAIL_FILE)


def _head(host: str, local: str) -> Iterator[str]:
    plain = "".join(c for c in host if c.isalnum() or c in ".-_")
    yield f"{MARK} for {plain}: `zmward logs bans --install` writes it anew."
    yield f"# What you want otherwise goes into {local}, which fail2ban reads after it."
    yield ""


def _listed(key: str, words: Iterable[str]) -> Iterator[str]:
    """Yield an option of several lines."""
    first, *rest = words
    yield f"{key} = {first}"
    yield from (f"{' ' * len(key)}   {word}" for word in rest)


def _wrapped(words: Iterable[str]) -> Iterator[str]:
    line = ""
    for word in words:
        if line and len(line) + len(word) > _WIDTH:
            yield line
            line = ""
        line = f"{line} {word}" if line else word
    if line:
        yield line


def filter_text(placed: Placed, host: str) -> str:
    """Return a jail's filter."""
    jail = placed.jail
    lines = [
        *_head(host, f"filter.d/{jail.name}.local"),
        f"# It counts {jail.about}.",
        "[Definition]",
        *_listed("datepattern", jail.dates),
        *_listed("failregex", (x.replace("@WAYS@", placed.ways) for x in jail.lines)),
        "ignoreregex =",
    ]
    return "\n".join(lines) + "\n"


def _jail(placed: Placed, rule: Rule, ignored: Iterable[str]) -> Iterator[str]:
    jail = placed.jail
    yield ""
    yield f"# {jail.about[:1].upper()}{jail.about[1:]}."
    yield f"[{jail.name}]"
    yield "enabled = true"
    yield f"filter = {jail.name}"
    # Where the site's default is the journal, these logs would not be read.
    yield "backend = auto"
    yield f"logpath = {jail.log}"
    yield "logencoding = utf-8"
    yield f"port = {','.join(map(str, placed.ports)) or '0:65535'}"
    yield "action = zmward"
    yield "usedns = no"
    yield f"maxretry = {rule.failures}"
    yield f"findtime = {rule.window:.0f}"
    yield f"bantime = {rule.ban:.0f}"
    yield "bantime.increment = false"
    yield "ignoreself = true"
    yield "ignorecommand ="
    yield from _listed("ignoreip", _wrapped(ignored))


def _jails(found: Bans, site: Wishes) -> str:
    first, again = rules(site)
    lines = list(_head(found.host, "jail.d/zmward.local"))
    why: dict[str, list[str]] = {}
    for one in found.spared:
        why.setdefault(one.why, []).append(one.word)
    lines.append("# Never banned:")
    # A name of the directory must not end the comment.
    told = (f"# - {reason}: {', '.join(words)}" for reason, words in why.items())
    lines += ("".join(c if c.isprintable() else "?" for c in line) for line in told)
    words = [one.word for one in found.spared]
    for placed in found.jails:
        rule = again if placed.jail.recidive else first
        lines += _jail(placed, rule, words)
    return "\n".join(lines) + "\n"


def action_text(host: str, some: Iterable[Spared] = (), most: int = 0) -> str:
    """Return the action that all jails share.

    `most` addresses of an IPv6 /64 ban all of it, unless it holds somebody spared.
    """
    body = (resources("zmward.bans") / "action.conf").read_text("utf-8")
    never = around(some)
    words = " ".join(one.removesuffix("/64") for one in never or ())
    lines = (
        *_head(host, "action.d/zmward.local"),
        f"{body}most = {0 if never is None else most}",
        "",
        f"never = {words}".rstrip(),
    )
    return "\n".join(lines) + "\n"


def rendered(found: Bans, site: Wishes) -> Mapping[str, str]:
    """Return the files by their paths, in the order in which they are written."""
    filters = {filter_file(p.jail): filter_text(p, found.host) for p in found.jails}
    return {
        ACTION_FILE: action_text(found.host, found.spared, site.network_addresses),
        **filters,
        JAIL_FILE: _jails(found, site),
    }
