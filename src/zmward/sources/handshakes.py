"""What TLS each port of the node really speaks, and the certificate it shows."""

import re
from typing import Literal

import msgspec

from zmward.sources.certificates import Certificate, read_pem
from zmward.sources.source import Snippet, Source, Unreadable

Old = Literal["accepted", "refused", "unknown", "unasked"]

_LINE = re.compile(r"(\d{1,5}) (\w+)(?: (.*))?")
_REFUSALS = (
    "alert protocol version",
    "alert handshake failure",
    "unsupported protocol",
    "unexpected eof while reading",
    "wrong version number",
    "errno=104",
)
_OURS = ("no protocols available", "no ciphers available")


class Handshake(msgspec.Struct, frozen=True):
    """One port: the protocol agreed on, what TLS 1.1 met, the certificate shown."""

    port: int
    protocol: str
    cipher: str
    old: Old
    certificate: Certificate | None
    error: str = ""


def _old(lines: list[str], *, asked: bool, agreed: bool) -> Old:
    """Judge the attempt with TLS 1.1 and older; our own inability is no refusal."""
    text = " ".join(lines)
    if not asked:
        return "unasked"
    if re.search(r"Cipher is (?!\(NONE\))\S", text):
        return "accepted"
    if any(word in text for word in _OURS) or not agreed:
        return "unknown"
    return "refused" if any(word in text for word in _REFUSALS) else "unknown"


def _port(port: int, fields: dict[str, list[str]]) -> Handshake:
    agreed = fields.get("new", [])
    match = re.search(r"New, (\S+), Cipher is (\S+)", " ".join(agreed))
    good = match is not None and match[2] != "(NONE)"
    pem = "\n".join(fields.get("cert", ()))
    read = read_pem(pem).certificates if pem else ()
    return Handshake(
        port=port,
        protocol=match[1] if match and good else "",
        cipher=match[2] if match and good else "",
        old=_old(fields.get("old", []), asked="ask" in fields, agreed=good),
        certificate=read[0] if read else None,
        error="" if good else (" ".join(agreed)[:200] or "no handshake in time"),
    )


def parse(answer: str) -> dict[int, Handshake]:
    """Read `port field text` lines; lines of several ports may alternate."""
    found: dict[int, dict[str, list[str]]] = {}
    for line in answer.splitlines():
        match = _LINE.fullmatch(line)
        if match is None or match[2] not in ("try", "ask", "new", "old", "cert"):
            raise Unreadable(f"handshakes: not a line of ours: {line[:60]!r}")
        fields = found.setdefault(int(match[1]), {})
        fields.setdefault(match[2], []).append(match[3] or "")
    return {port: _port(port, fields) for port, fields in sorted(found.items())}


# Port 25 and 587 stay opportunistic, so what they say to TLS 1.1 is not asked.
# Ports that share another's configuration (995, 110, 7995, …) are not asked again.
HANDSHAKES = Source(
    name="handshakes",
    about="TLS as the node's own ports speak it; asked from the node itself.",
    question=Snippet(
        r"""
program=/opt/zimbra/common/bin/openssl
[ -x "$program" ] || program=openssl
command -v "$program" >/dev/null 2>&1 || {
    printf 'openssl is not installed\n' >&2; return 127; }
ours "$program" || return
command -v ss >/dev/null 2>&1 || { printf 'ss is not installed\n' >&2; return 127; }
hello() {
    where=$1
    shift
    seconds=4
    limit "$program" s_client -connect "$where" -servername "$(hostname -f)" \
        -no-CAfile -no-CApath "$@" </dev/null 2>&1
}
both() {
    number=$1 where=$2 old=$3
    shift 3
    printf '%s try\n' "$number"
    hello "$where" "$@" | awk -v n="$number" '
        { sub(/^[0-9A-F]+:error/, ":error") }
        /-----BEGIN CERTIFICATE-----/ { inside = 1 }
        inside && !done { print n " cert " $0 }
        /-----END CERTIFICATE-----/ { inside = 0; done = 1 }
        /^New, / || /:error:/ || /errno=/ || /[Cc]onnect.*rror/ {
            print n " new " substr($0, 1, 200) }'
    [ -n "$old" ] || return 0
    printf '%s ask\n' "$number"
    hello "$where" "$@" -no_tls1_2 -no_tls1_3 -cipher ALL:@SECLEVEL=0 |
        awk -v n="$number" '{ sub(/^[0-9A-F]+:error/, ":error") }
            /^New, / || /:error:/ || /errno=/ {
            print n " old " substr($0, 1, 200) }'
}
limit ss -Hltn | awk '
    { place = $4; port = place; sub(/^.*:/, "", port)
      sub(/:[0-9]+$/, "", place); sub(/%[^]]*/, "", place)
      if (place == "0.0.0.0" || place == "*") place = "127.0.0.1"
      if (place == "[::]") place = "[::1]"
      if (place ~ /^[0-9a-fA-F.:\[\]]+$/ && (!(port in at) || place ~ /\./))
          at[port] = place }
    END { for (port in at) print port, at[port] }' | {
    while read -r port place; do
        case $port in
            443|465|636|993|7071|7993|8443|9071) both "$port" "$place:$port" x & ;;
            389) both "$port" "$place:$port" x -starttls ldap & ;;
            25|587) both "$port" "$place:$port" "" -starttls smtp & ;;
        esac
    done
    wait
}
""",
        seconds=15,
    ),
    parse=parse,
)
