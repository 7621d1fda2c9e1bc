"""Pending updates, as the package manager's own notes tell them, nothing simulated."""

import re

import msgspec

from zmward.sources.source import Snippet, Source, Unreadable

_COUNT = re.compile(
    r"^(\d+) (?:updates?|packages?) can be (?:applied|updated|installed)"
)
_SECURITY = re.compile(
    r"^(\d+) (?:of these )?updates? (?:is an?|are) .*security updates?"
)
_BEYOND = re.compile(r"^(\d{1,6}) additional security updates? can be applied with")


class Updates(msgspec.Struct, frozen=True):
    """How many updates wait (None: nobody counted) and how old that knowledge is.

    Times are seconds of the epoch; 0 where there is no such file. `beyond` are security
    updates for subscribers only, `changed` is when a package was changed last.
    """

    manager: str
    lists: int = 0
    counted: int = 0
    waiting: int | None = None
    security: int | None = None
    expanded: bool = False
    beyond: int = 0
    changed: int = 0


def parse(answer: str) -> Updates:
    """Read `key value` lines, and the update notifier's text behind `note`."""
    values: dict[str, str] = {}
    waiting = security = None
    beyond = 0
    for line in answer.splitlines():
        key, _, value = line.partition(" ")
        if key != "note":
            values[key] = value.strip()
            continue
        count, secure = _COUNT.match(value), _SECURITY.match(value)
        more = _BEYOND.match(value)
        beyond += int(more[1]) if more else 0
        if count:
            waiting = int(count[1])
            security = security or 0
        elif secure:
            security = int(secure[1])
    if values.get("manager") not in ("apt", "dnf"):
        raise Unreadable("updates: no known package manager")
    for key in ("lists", "counted", "changed"):
        if not re.fullmatch(r"[0-9]{1,12}", values.get(key, "0")):
            raise Unreadable(f"updates: {key} is not a time: {values[key][:40]!r}")
    return Updates(
        manager=values["manager"],
        lists=int(values.get("lists", "0")),
        counted=int(values.get("counted", "0")),
        waiting=waiting,
        security=security,
        expanded="esm" in values,
        beyond=beyond,
        changed=int(values.get("changed", "0")),
    )


UPDATES = Source(
    name="updates",
    about="Pending updates, from the package manager's own notes.",
    question=Snippet(
        r"""
newest() {
    stat -c %Y -- "$@" 2>/dev/null | sort -n | tail -n 1 | grep . || printf '0\n'
}
notice=/var/lib/update-notifier/updates-available
if [ -d /var/lib/apt/lists ]; then
    printf 'manager apt\n'
    # A list keeps the time that its archive gave it; these tell when it was fetched.
    # Only Ubuntu has the first; the second is not written where apt is run by hand.
    stamps=/var/lib/apt/periodic
    if [ -e "$stamps/update-success-stamp" ]; then
        printf 'lists %s\n' "$(newest "$stamps/update-success-stamp")"
    else
        printf 'lists %s\n' "$(newest "$stamps/update-stamp" /var/lib/apt/lists)"
    fi
    for file in /var/lib/apt/lists/esm.ubuntu.com_*; do
        [ -e "$file" ] && printf 'esm yes\n' && break
    done
    if [ -r "$notice" ]; then
        printf 'counted %s\n' "$(newest "$notice")"
        printf 'changed %s\n' "$(newest /var/lib/dpkg/status)"
        sed 's/^/note /' "$notice" | head -n 40
    fi
elif command -v dnf >/dev/null 2>&1 || command -v yum >/dev/null 2>&1; then
    printf 'manager dnf\n'
    printf 'lists %s\n' "$(newest /var/cache/dnf/*/repodata/repomd.xml \
        /var/cache/yum/*/*/*/repomd.xml)"
else
    printf 'neither apt nor dnf is installed\n' >&2
    return 127
fi
"""
    ),
    parse=parse,
)
