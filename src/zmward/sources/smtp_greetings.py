"""What Postfix says before anybody has logged in: its banner and its EHLO."""

import re

import msgspec

from zmward.sources.source import Snippet, Source, Unreadable

_LINE = re.compile(r"(\d{1,5}) (?:(\d{3})([ -])(.*)|(silent))")
_GREETING, _OK = "220", "250"


class Greeting(msgspec.Struct, frozen=True):
    """One port: its banner and the extensions that it offers in the clear.

    A port that did not finish its EHLO has no banner and no extensions.
    """

    banner: str
    extensions: tuple[str, ...]

    @property
    def answered(self) -> bool:
        """Say whether anything is known of the port."""
        return bool(self.banner)

    @property
    def offers_login(self) -> bool:
        """Say whether AUTH is offered without TLS."""
        return any(word.upper().startswith("AUTH") for word in self.extensions)

    @property
    def offers_tls(self) -> bool:
        """Say whether STARTTLS is offered."""
        return "STARTTLS" in (word.upper() for word in self.extensions)


def parse(answer: str) -> dict[int, Greeting]:
    """Read `port reply` lines; one that did not finish its EHLO is empty."""
    banners: dict[int, str] = {}
    extensions: dict[int, list[str]] = {}
    whole: set[int] = set()
    asked: set[int] = set()
    for line in answer.splitlines():
        match = _LINE.fullmatch(line.rstrip("\r"))
        if match is None:
            raise Unreadable(f"smtp: not a reply: {line[:60]!r}")
        port = int(match[1])
        asked.add(port)
        if match[2] == _GREETING and port not in extensions:
            banners[port] = match[4]
        elif match[2] == _OK:
            extensions.setdefault(port, []).append(match[4])
            if match[3] == " ":
                whole.add(port)
    return {
        port: Greeting(banners[port], tuple(extensions[port][1:]))
        if port in whole & banners.keys()
        else Greeting("", ())
        for port in sorted(asked)
    }


# bash alone can open a connection by itself; every Zimbra server has it, since
# Zimbra's own scripts are written in it. postscreen is waited for before EHLO.
SMTP_GREETINGS = Source(
    name="smtp-greetings",
    about="Banner and EHLO of ports 25 and 587, asked from the node itself.",
    question=Snippet(
        r"""
command -v bash >/dev/null 2>&1 || {
    printf 'bash is not installed\n' >&2; return 127; }
# shellcheck disable=SC2016  # expanded by the other shell
talk='
port=$1
{ exec 3<>"/dev/tcp/$2/$port"; } 2>/dev/null || { echo "$port silent"; exit 0; }
read_reply() {
    while IFS= read -r -t 3 -u 3 line; do
        line=${line%$'"'\\r'"'}
        printf "%s %s\n" "$port" "${line:0:200}"
        [[ $line == ???-* ]] || return 0
    done
    return 1
}
if read_reply; then
    printf "EHLO zmward.invalid\r\n" >&3
    read_reply && printf "QUIT\r\n" >&3
else
    echo "$port silent"
fi
exec 3>&-
'
limit ss -Hltn | awk '
    { place = $4; port = place; sub(/^.*:/, "", port)
      sub(/:[0-9]+$/, "", place); sub(/%[^]]*/, "", place)
      gsub(/[][]/, "", place)
      if (place == "0.0.0.0" || place == "*") place = "127.0.0.1"
      if (place == "::") place = "::1"
      if ((port == 25 || port == 587) && (!(port in at) || place ~ /\./))
          at[port] = place }
    END { for (port in at) print port, at[port] }' | {
    while read -r port place; do
        seconds=8
        limit bash -c "$talk" talk "$port" "$place" &
    done
    wait
}
""",
        seconds=12,
    ),
    parse=parse,
)
