"""Who may log in as user zimbra: authorized_keys and authorized_keys2."""

import re

import msgspec

from zmward.sources.source import Snippet, Source, Unreadable

_KEY = re.compile(
    r"(?:(?P<options>.*?)\s+)?"
    r"(?P<type>(?:sk-)?(?:ssh|ecdsa)-[A-Za-z0-9@.-]+)\s+"
    r"(?P<key>[A-Za-z0-9+/=]+)(?:\s+(?P<comment>.*))?"
)


class Key(msgspec.Struct, frozen=True):
    """One public key; `command` is what the login is forced to run.

    `options` are all that stand before the key, the command too.
    """

    type: str
    key: str
    command: str = ""
    comment: str = ""
    options: str = ""


def parse(answer: str) -> tuple[Key, ...]:
    """Read authorized_keys lines."""
    found = []
    for line in answer.splitlines():
        bare = line.strip()
        if not bare or bare.startswith("#"):
            continue
        match = _KEY.fullmatch(bare)
        if match is None:
            raise Unreadable(f"authorized_keys: not a key: {bare[:40]!r}")
        command = re.search(r'command="((?:[^"\\]|\\.)*)"', match["options"] or "")
        found.append(
            Key(
                match["type"],
                match["key"],
                command[1] if command else "",
                match["comment"] or "",
                match["options"] or "",
            )
        )
    return tuple(found)


AUTHORIZED_KEYS = Source(
    name="authorized-keys",
    about="Public keys that may log in as user zimbra.",
    question=Snippet(
        r"""
keys=/opt/zimbra/.ssh/authorized_keys
# sshd reads the second file too, by default.
if [ -e "${keys}2" ]; then
    content "${keys}2" || return
    [ -e "$keys" ] || return 0
fi
content "$keys"
"""
    ),
    parse=parse,
)
