"""Zimbra's release, as its own zmcontrol tells it: the highest of the patch levels."""

import re

import msgspec

from zmward.sources.source import Snippet, Source, Unreadable

_LINE = re.compile(
    r"(?:Release|ZCS Build) (?P<package>\d{1,3}\.\d{1,3}\.\d{1,3}[\w.:+~-]{0,80})"
    r"(?: (?P<platform>[A-Z]+[0-9]+(?:_64)?))?"
    r"(?: (?P<edition>FOSS|NETWORK) edition)?"
    # Some wrote the kind of the patch behind its number.
    r"(?:, Patch (?P<patch>\d[\w.:+~-]{0,60}?)(?: [a-z]{1,20})?)?\.?",
    re.ASCII,
)
_BUILD = re.compile(r"[._]GA[._](\d{1,20})(?!\d)", re.ASCII)
_PLATFORM = re.compile(r"([A-Z]+[0-9]+)[._]64", re.ASCII)


class Release(msgspec.Struct, frozen=True):
    """What one line says: package `10.0.8.GA.4518.UBUNTU20_64`, patch `9.0.0_P41`.

    Empty texts were not said. Current ones put the patch into the package's third
    number instead of behind it.
    """

    package: str
    build: str = ""
    platform: str = ""
    edition: str = ""
    patch: str = ""


def parse(answer: str) -> Release:
    """Read the one line that names a release; warnings around it do not count."""
    lines = (line.strip() for line in answer.splitlines())
    found = [match for line in lines if (match := _LINE.fullmatch(line))]
    if len(found) != 1:
        raise Unreadable(f"zmcontrol -v: {len(found)} lines name a release")
    match = found[0]
    package = match["package"].rstrip(".")
    build, platform = _BUILD.search(package), _PLATFORM.search(package)
    named = match["platform"] or (f"{platform[1]}_64" if platform else "")
    return Release(
        package=package,
        build=build[1] if build else "",
        platform=named,
        edition=match["edition"] or "",
        patch=match["patch"] or "",
    )


ZMCONTROL = Source(
    name="zmcontrol-release",
    about="Zimbra's release and edition, asked as user zimbra of its own program.",
    # User zimbra may change what it runs, so it runs as zimbra, in a session without
    # root's terminal and without root's environment. What it leaves behind may hold
    # the pipe open, so the reader has a limit too. With zmsetvars it believes that
    # localconfig was read: no Java, no passwords, and no folder that it would make.
    question=Snippet(
        r"""
program=/opt/zimbra/bin/zmcontrol
if ! [ -e "$program" ]; then
    printf '%s: No such file or directory\n' "$program" >&2
    return 1
fi
case $(id -u):$(id -un) in
    0:*) as='setsid runuser -u zimbra --' ;;
    *:zimbra) as= ;;
    *) printf 'Permission denied: only root and zimbra may ask\n' >&2; return 126 ;;
esac
# shellcheck disable=SC2086  # no word, or some
limit env -i PATH="$PATH" LC_ALL=C zmsetvars=true zimbra_tmp_directory=/tmp \
    $as "$program" -v 2>&1 | limit head -c 4000
""",
        seconds=20,
    ),
    parse=parse,
)
