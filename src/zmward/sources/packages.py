"""Installed packages, in the formats of dpkg and rpm."""

from zmward.sources.kernel import order
from zmward.sources.source import Snippet, Source, Unreadable

# dpkg's second letter: installed, unpacked, half-configured, triggers. A package on
# hold is `hi`; of one that is half configured the files are in place already.
_PRESENT = "iUFWt"
_OWN = "zimbra-"
_UNFINISHED = {"H": "half-installed", "U": "unpacked", "F": "half-configured"}


def parse(answer: str) -> dict[str, str]:
    """Read `state name version` lines into name → version of what is installed.

    Of a package that is there twice, as kernels are, the older one counts.
    """
    found: dict[str, str] = {}
    for line in answer.splitlines():
        words = line.split()
        if len(words) != 3:  # state, name, version
            raise Unreadable(f"packages: not a package: {line[:60]!r}")
        if words[0][1:2] in _PRESENT and len(words[0]) > 1:
            found[words[1]] = min(words[2], found.get(words[1], words[2]), key=order)
    if not found:
        raise Unreadable("packages: the package manager lists nothing")
    return found


def unfinished(answer: str) -> dict[str, tuple[str, str]]:
    """Return the packages that are half in place: name → what they are, version.

    A broken upgrade leaves rpm with both versions of one of Zimbra's packages; the
    files may be of either. Of kernels there are always several.
    """
    found = {}
    there: dict[str, str] = {}
    for line in answer.splitlines():
        state, _, rest = line.partition(" ")
        name, _, version = (part.strip() for part in rest.strip().partition(" "))
        word = _UNFINISHED.get(state[1:2])
        if word and name:
            found[name] = word, version
        elif name.startswith(_OWN) and there.setdefault(name, version) != version:
            found[name] = f"there twice ({there[name]} and {version})", version
    return found


PACKAGES = Source(
    name="packages",
    about="Installed packages and their versions.",
    question=Snippet(
        r"""
if command -v dpkg-query >/dev/null 2>&1 && [ -s /var/lib/dpkg/status ]; then
    found=$(limit dpkg-query -W -f '${db:Status-Abbrev} ${Package} ${Version}\n') ||
        return
    printf '%s\n' "$found" | sed 's/^\(..\)[^ ]* */\1 /' | awk 'NF == 3'
elif command -v rpm >/dev/null 2>&1; then
    found=$(limit rpm -qa --qf 'ii %{NAME} %{EPOCH}:%{VERSION}-%{RELEASE}\n') || return
    printf '%s\n' "$found" | sed 's/(none)://'
else
    printf 'neither dpkg nor rpm is installed\n' >&2
    return 127
fi
""",
        seconds=30,
    ),
    parse=parse,
)
