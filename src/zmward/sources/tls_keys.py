"""The private keys of Zimbra's services: who may read them, which key each is."""

import re
from base64 import b64decode
from binascii import Error

import msgspec

from zmward.sources.certificates import public_text
from zmward.sources.source import Snippet, Source, Unreadable

_LINE = re.compile(r"> ([0-7]{1,5}) (\S+) (\S+) (/.+)")


class PrivateKey(msgspec.Struct, frozen=True):
    """One key file; `public_key` is empty where the key could not be read."""

    mode: int
    owner: str
    group: str
    public_key: str


def _digest(lines: list[str]) -> str:
    body = "".join(line for line in lines if not line.startswith("-----"))
    try:
        content = b64decode(body, validate=True)
    except (Error, ValueError) as error:
        raise Unreadable(f"a public key is not base64: {error}") from error
    return public_text(content) if content else ""


def parse(answer: str) -> dict[str, PrivateKey]:
    """Read path → key; public halves only ever leave the server."""
    found: dict[str, tuple[re.Match[str], list[str]]] = {}
    current: list[str] | None = None
    for line in answer.splitlines():
        match = _LINE.fullmatch(line)
        if match is not None:
            current = []
            found[match[4]] = (match, current)
        elif current is None:
            raise Unreadable(f"keys: not a key file: {line[:60]!r}")
        elif line.strip():
            current.append(line.strip())
    return {
        path: PrivateKey(int(head[1], 8), head[2], head[3], _digest(lines))
        for path, (head, lines) in found.items()
    }


TLS_KEYS = Source(
    name="tls-keys",
    about="Modes of the private keys, and the public half of each.",
    question=Snippet(
        """
program=/opt/zimbra/common/bin/openssl
[ -x "$program" ] || program=openssl
ours "$program" || return
for file in /opt/zimbra/conf/nginx.key /opt/zimbra/conf/smtpd.key \\
    /opt/zimbra/conf/slapd.key /opt/zimbra/conf/imapd.key \\
    /opt/zimbra/conf/domaincerts/*.key /opt/zimbra/ssl/zimbra/commercial/*.key \\
    /opt/zimbra/ssl/zimbra/server/server.key /opt/zimbra/ssl/zimbra/ca/ca.key; do
    [ -f "$file" ] || continue
    in_time || { printf 'too many files to look at\\n' >&2; return 27; }
    stat -L -c '> %a %U %G %n' -- "$file"
    case $file in /opt/zimbra/ssl/*) continue ;; esac
    # An encrypted key would ask for its password: it gets none, and says nothing.
    limit "$program" pkey -in "$file" -passin pass: -pubout 2>/dev/null
done
:
"""
    ),
    parse=parse,
)
