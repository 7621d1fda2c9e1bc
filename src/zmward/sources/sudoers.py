"""sudo's rules, as the files in /etc give them."""

import re

import msgspec

from zmward.sources.source import Snippet, Source, Unreadable, contents


class Rule(msgspec.Struct, frozen=True):
    """One rule: who may run what, where it is written."""

    file: str
    who: str
    commands: tuple[str, ...]
    text: str
    groups: tuple[str, ...] = ("zimbra",)

    @property
    def zimbra(self) -> bool:
        """Say whether the rule speaks of user zimbra, its groups, or everyone."""
        names = {"zimbra", "ALL", *(f"%{group}" for group in self.groups)}
        return bool(names & set(self.who.replace(",", " ").split()))


_RULE = re.compile(r"(%?[^\s=]+(?:\s*,\s*%?[^\s=]+)*)\s+\S+\s*=\s*(.*)")
_INCLUDE = re.compile(r"[@#]include(?:dir)?\s+(\S+)")
_BY_NUMBER = re.compile(r"%?#\d+\s+\S+\s*=")
GROUPS = "groups of zimbra"
# `user host = commands : host = commands`: after a command, a colon is no tag's.
_OTHER_HOST = re.compile(r"/.*(?<!\\):\s*\S+\s*=")
_TAGS = re.compile(r"^(?:(?:NO)?[A-Z_]+:\s*)+")
_SETTINGS = (
    "Defaults",
    "User_Alias",
    "Runas_Alias",
    "Host_Alias",
    "Cmnd_Alias",
    "@",
    "#include",
)


def _rule(file: str, line: str, groups: tuple[str, ...]) -> Rule | None:
    other = _INCLUDE.match(line)
    if other and other[1].strip('"').rstrip("/") != "/etc/sudoers.d":
        raise Unreadable(f"{file} includes {other[1][:60]}, which was not collected")
    if _BY_NUMBER.match(line):
        raise Unreadable(f"{file}: a rule by number, not by name: {line[:60]!r}")
    if line.startswith("User_Alias") and re.search(r"\bzimbra\b", line):
        raise Unreadable(f"{file}: an alias for users names zimbra: {line[:60]!r}")
    if line.startswith(_SETTINGS) or line.startswith("#"):
        return None
    match = _RULE.fullmatch(line)
    if match is None:
        raise Unreadable(f"{file}: not a rule of sudo: {line[:60]!r}")
    commands = []
    for part in re.sub(r"\([^)]*\)", "", match[2]).split(","):
        command = _TAGS.sub("", part.strip()).strip()
        if _OTHER_HOST.match(command):
            raise Unreadable(f"{file}: a rule for several hosts: {line[:60]!r}")
        if command:
            commands.append(command)
    return Rule(file, match[1], tuple(commands), line, groups)


def parse(answer: str) -> tuple[Rule, ...]:
    """Read the rules of every file that sudo itself would read."""
    found = []
    files = contents(answer)
    groups = ("zimbra", *files.pop(GROUPS, "").split())
    for path, text in files.items():
        name = path.rpartition("/")[2]
        # sudo skips names with a dot or a tilde at the end in a folder of rules.
        if path != "/etc/sudoers" and ("." in name or name.endswith("~")):
            continue
        for line in re.sub(r"\\\n", " ", text).splitlines():
            rule = _rule(path, line.strip(), groups) if line.strip() else None
            found += [rule] if rule else []
    return tuple(found)


SUDOERS = Source(
    name="sudoers",
    about="sudo's rules, and the groups of user zimbra.",
    question=Snippet(
        r"""
contents /etc/sudoers /etc/sudoers.d/* || return
printf '> groups of zimbra\n %s\n' "$(id -Gn zimbra 2>/dev/null)"
"""
    ),
    parse=parse,
)
