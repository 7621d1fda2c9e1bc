"""Helpers of Amavis that are not Zimbra's own, and had holes of their own."""

from zmward.sources.source import Snippet, Source, Unreadable

KINDS = ("rar", "parse-excel")


def parse(answer: str) -> dict[str, tuple[str, ...]]:
    """Read `kind path` lines into kind → the paths that were found."""
    first, *rest = [line.strip() for line in answer.splitlines() if line.strip()] or [
        ""
    ]
    if first != "searched":
        raise Unreadable("helpers: the answer does not say that anything was searched")
    found: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for line in rest:
        kind, _, path = line.partition(" ")
        if kind not in found or not path:
            raise Unreadable(f"helpers: not a helper: {line[:60]!r}")
        found[kind].append(path)
    return {kind: tuple(paths) for kind, paths in found.items()}


AMAVIS_HELPERS = Source(
    name="amavis-helpers",
    about="Programs for RAR and a module for Excel files, where Amavis looks for them.",
    # amavisd's own $path, and the folders where its Perl looks.
    question=Snippet(
        """
folders=$(limit env PERL5LIB=/opt/zimbra/common/lib/perl5 \\
    perl -e 'print "$_\\n" for @INC') || return
printf 'searched\\n'
for folder in /opt/zimbra/bin /usr/local/sbin /usr/local/bin \\
    /usr/sbin /sbin /usr/bin /bin; do
    for program in unrar rar unrar-nonfree; do
        [ ! -x "$folder/$program" ] || [ -d "$folder/$program" ] ||
            printf 'rar %s/%s\\n' "$folder" "$program"
    done
done
printf '%s\\n' "$folders" | while IFS= read -r folder; do
    [ ! -e "$folder/Spreadsheet/ParseExcel.pm" ] ||
        printf 'parse-excel %s/Spreadsheet/ParseExcel.pm\\n' "$folder"
done
"""
    ),
    parse=parse,
)
