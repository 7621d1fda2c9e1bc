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
    re.compile(rf"(?i)({before})([^\s\"'<>]{{6,}})")
    for before in (
        r"\bhooks\.slack\.com/[a-z]+/|\bdiscord(?:app)?\.com/api/webhooks/",
        r"\b[a-z0-9-]+\.webhook\.office\.com/|\bbot\d{6,12}:",
        r"://[^\s\"'<>]{0,512}[?&](?:key|sig|signature|code)=",
    )
)
# Lines of other programs' settings, which name no password so.
_SETTING: Final = re.compile(
    r"((?:^|(?<=\n))[ \t]*(?i:(?:bind|root)pw|r[ow]community6?)[ \t]+)(\S+)"
)
_WORD: Final = r"(?:'[^'\n]*'|\"[^\"\n]*\"|[^\s'\"]\S*)"
# Programs that take a password as an argument, and how.
_PROGRAMS: Final = tuple(
    re.compile(
        rf"(\b{program}\b(?:(?!\b{program}\b)[^\n|;]){{0,400}}?[ \t]{option})({_WORD})"
    )
    for program, option in (
        (r"ldap[a-z]+", r"-w[ \t]*"),
        (r"zm(?:prov|mailbox|soap)", r"-p[ \t]+"),
        (r"zmprov", r"(?:sp|setPassword|ca|createAccount)[ \t]+\S+[ \t]+"),
        (r"(?:smb\w+|curl)", r"-U[ \t]*[^\s%:]+[%:]"),
        (r"curl", r"--(?:proxy-)?user[ =][^\s:]+:"),
        (r"curl", r"-u[ \t]*[^\s:]+:"),
        (r"lftp", r"-u[ \t]*[^\s,]+,"),
        (r"redis-cli", r"-a[ \t]*"),
        (r"sshpass", r"-p[ \t]*"),
        (r"(?:mysql|mariadb)[a-z-]*", r"-p"),
        (r"(?:7z[a-z]*|rar)", r"-p"),
        (r"(?:zip|unzip|ipmitool)", r"-P[ \t]*"),
        (r"snmp[a-z]+", r"-[cA][ \t]*"),
        (r"snmp[a-z]+", r"-X[ \t]*"),
        (r"mongo[a-z]*", r"-p[ \t]+"),
        (r"openssl", r"-[kK][ \t]+"),
        (r"rclone", r"--[a-z0-9-]*-(?:key|pass|secret)[ \t=]+"),
        (r"htpasswd", r"-\w*b\w*[ \t]+(?:-\w+[ \t]+)*\S+[ \t]+\S+[ \t]+"),
        (r"mysqladmin", r"password[ \t]+"),
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


def without_logins(text: str) -> str:
    """Return a text without names and passwords in its addresses."""
    return _LOGIN.sub("://masked@", text)


def covered(text: str, cover: Callable[[str], str]) -> str:
    """Return a text in which `cover` has replaced each secret that stands inside."""

    def one(match: re.Match[str]) -> str:
        known = _REFERENCE.fullmatch(match[2]) or _OF_SUDO.match(match[0])
        return match[0] if known else f"{match[1]}{cover(match[2])}"

    found = without_logins(text)
    some = (_ELEMENT, _ATTRIBUTE, _HEADER, *_PROGRAMS, _OPTION, _MAP, _NAMED)
    patterns = (*_ADDRESSES, _SETTING, _PIPED, *some)
    for pattern in patterns:
        found = pattern.sub(one, found)
    return found
