"""Passwords, tokens and keys that stand inside of a value or a text.

Where a name says what follows, an option gives it, or an address holds it. It is better
to hide a word too much than to show one; what refers to a setting stays as it is.
"""

import re
from collections.abc import Callable
from typing import Final

_NAME: Final = (
    r"(?:(?i:password|passwd|passphrase|passcode|pwd|secret|token|credentials?"
    r"|(?:api|access|account|private|auth|signing|encryption|application|storage"
    r"|shared|master|secret)[_-]?key|(?:bind|root)_?pw)"
    r"|(?<![A-Za-z0-9+/])(?i:pass|pw)|(?<=[a-z])Pass|(?<![+/])(?<!by)(?<!BY)(?<!com)(?<!sur)(?:PASS|pass)"
    r"|(?<=[A-Z0-9]_)KEY)\d{0,2}"
)
_QUOTED: Final = r"\"(?:[^\"\\\n]|\\.)+\"|'[^'\n]+'"
_VALUE: Final = rf"\\\"[^\"\n]*\"?|{_QUOTED}|[^\s\"]+"
# What a value is filled in from, and what was masked before.
_REFERENCE: Final = re.compile(
    r"[\"']?(?:\$\{[^}]*\}|\$\([^)]*\)|\$[A-Z_][A-Z0-9_]*|@@\S*@@|%%\S*%%"
    r"|masked|zmward:secret.*)[\"',;)}]*"
)
# sudo's tags, and an alias for the program passwd.
_OF_SUDO: Final = re.compile(r"(?:NO)?PASSWD[ \t]*(?::.*|=[ \t]*/.*)")

_NAMED: Final = re.compile(rf"({_NAME}\\?[\"']?[ \t]*(?:=>|:=|=|:)[ \t]*)({_VALUE})")
_OPTION: Final = re.compile(rf"((?<!\S)--?[\w-]{{0,60}}?{_NAME}[ \t]+)({_VALUE})")
_ELEMENT: Final = re.compile(
    rf"({_NAME}[\"']?(?:[ \t][^<>\n]{{0,120}})?>)([^<>]{{1,4096}})(?=</)"
)
_ATTRIBUTE: Final = re.compile(
    rf"({_NAME}[\"'][^<>\n]{{0,120}}?\bvalue[ \t]*=[ \t]*)({_QUOTED})"
)
_HEADER: Final = re.compile(
    r"(?i)(authorization[\"']?[ \t]*[:= ][ \t]*[\"']?(?:[a-z]+[ \t]+)?|\bbearer[ \t]+)"
    r"([^\s\"']{6,})"
)
# Postfix's maps in main.cf's own words; a user's name and password stand there.
_MAP: Final = re.compile(r"(\b(?:static|inline):)(\{.*|[^\s:]+:[^\s/\[].*)")
# Addresses that are a right by themselves, and the keys within addresses.
_ADDRESSES: Final = tuple(
    (words, re.compile(rf"(?i)({before})([^\s\"'<>]{{6,}})"))
    for words, before in (
        (("slack.com",), r"\bhooks\.slack\.com/[a-z]+/"),
        (("discord",), r"\bdiscord(?:app)?\.com/api/webhooks/"),
        (("office.com",), r"\b[a-z0-9-]+\.webhook\.office\.com/"),
        (("bot",), r"\bbot\d{6,12}:"),
        (("://",), r"://[^\s\"'<>]{0,512}[?&](?:key|sig|signature|code)="),
    )
)
# Lines of other programs' settings, which name no password so.
_SETTING: Final = re.compile(
    r"((?:^|(?<=\n))[ \t]*(?i:(?:bind|root)pw|r[ow]community6?)[ \t]+)(\S+)"
)
_WORD: Final = r"(?:'[^'\n]*'|\"[^\"\n]*\"|[^\s'\"]\S*)"
# Programs that take a password as an argument, and how.
_PROGRAMS: Final = tuple(
    (
        words,
        re.compile(
            rf"(\b{program}\b(?:(?!\b{program}\b)[^\n|;]){{0,400}}?[ \t]{option})"
            rf"({_WORD})"
        ),
    )
    for words, program, option in (
        (("ldap",), r"ldap[a-z]+", r"-w[ \t]*"),
        (("zmprov", "zmm", "zms"), r"zm(?:prov|mailbox|soap)", r"-p[ \t]+"),
        (
            ("zmprov",),
            r"zmprov",
            r"(?:sp|setPassword|ca|createAccount)[ \t]+\S+[ \t]+",
        ),
        (("smb", "curl"), r"(?:smb\w+|curl)", r"-U[ \t]*[^\s%:]+[%:]"),
        (("curl",), r"curl", r"--(?:proxy-)?user[ =][^\s:]+:"),
        (("curl",), r"curl", r"-u[ \t]*[^\s:]+:"),
        (("lftp",), r"lftp", r"-u[ \t]*[^\s,]+,"),
        (("redis",), r"redis-cli", r"-a[ \t]*"),
        (("sshpass",), r"sshpass", r"-p[ \t]*"),
        (("mysql", "mariadb"), r"(?:mysql|mariadb)[a-z-]*", r"-p"),
        (("7z", "rar"), r"(?:7z[a-z]*|rar)", r"-p"),
        (("zip", "ipmitool"), r"(?:zip|unzip|ipmitool)", r"-P[ \t]*"),
        (("snmp",), r"snmp[a-z]+", r"-[cA][ \t]*"),
        (("snmp",), r"snmp[a-z]+", r"-X[ \t]*"),
        (("mongo",), r"mongo[a-z]*", r"-p[ \t]+"),
        (("openssl",), r"openssl", r"-[kK][ \t]+"),
        (("rclone",), r"rclone", r"--[a-z0-9-]*-(?:key|pass|secret)[ \t=]+"),
        (
            ("htpasswd",),
            r"htpasswd",
            r"-\w*b\w*[ \t]+(?:-\w+[ \t]+)*\S+[ \t]+\S+[ \t]+",
        ),
        (("mysqladmin",), r"mysqladmin", r"password[ \t]+"),
    )
)
# What is printed into a program that takes a password from there.
_PIPED: Final = re.compile(
    r"(\b(?:echo|printf)[ \t]+(?:-\w{1,20}[ \t]+){0,4})"
    rf"({_WORD}(?:[ \t]+{_WORD}){{0,3}}?)(?=[ \t]*\|[^\n]{{0,200}}?"
    r"(?:passw|chpass|sudo[ \t]|gpg\b|openssl\b|kinit\b|cryptsetup\b))"
)
_LOGIN: Final = re.compile(
    r"://(?:[^/@:\s\"]{0,256}:(?!\d{1,5}(?:[/?#,\s\"]|$))[^\s\"]{0,512}"
    r"|[A-Za-z0-9_.~%-]{16,256})@"
)

_NAMES: Final = ("pass", "pw", "secret", "token", "credential", "key")
# Each pattern, after small words one of which stands in each line that it fits: most
# lines hold none of them, and to look for those costs a tenth of trying the patterns.
PATTERNS: Final = (
    *_ADDRESSES,
    (("pw", "community"), _SETTING),
    (("echo", "printf"), _PIPED),
    (_NAMES, _ELEMENT),
    (_NAMES, _ATTRIBUTE),
    (("authorization", "bearer"), _HEADER),
    *_PROGRAMS,
    (_NAMES, _OPTION),
    (("static:", "inline:"), _MAP),
    (_NAMES, _NAMED),
)
_WORDS: Final = tuple({word for words, _ in PATTERNS for word in words})


def without_logins(text: str) -> str:
    """Return a text without names and passwords in its addresses."""
    return _LOGIN.sub("://masked@", text) if "://" in text else text


def is_known(match: re.Match[str]) -> bool:
    """Say whether what a pattern found is no secret: a reference, or sudo's words."""
    return bool(_REFERENCE.fullmatch(match[2]) or _OF_SUDO.match(match[0]))


def _may_hold(text: str, words: tuple[str, ...]) -> bool:
    """Say whether a text has one of the words, or letters that may count as theirs."""
    low = text.lower()
    return not text.isascii() or any(word in low for word in words)


def covered(text: str, cover: Callable[[str], str]) -> str:
    """Return a text in which `cover` has replaced each secret that stands inside."""

    def one(match: re.Match[str]) -> str:
        return match[0] if is_known(match) else f"{match[1]}{cover(match[2])}"

    found = without_logins(text)
    if not _may_hold(found, _WORDS):
        return found
    for words, pattern in PATTERNS:
        if pattern is _ELEMENT:  # it alone goes over the end of a line
            found = pattern.sub(one, found) if _may_hold(found, words) else found
        elif _may_hold(found, words):
            found = "\n".join(
                pattern.sub(one, line) if _may_hold(line, words) else line
                for line in found.split("\n")
            )
    return found
