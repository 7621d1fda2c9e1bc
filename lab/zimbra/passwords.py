"""Password hashes and the rules that a new password must meet."""

import base64
import hashlib
import hmac
import os
from collections.abc import Callable, Mapping, Sequence

from .errors import ProvisioningError

_SCHEME = "{SSHA512}"
_DIGEST = 64


def hashed(password: str) -> str:
    """Return the stored form of a password."""
    salt = os.urandom(8)
    digest = hashlib.sha512(password.encode() + salt).digest()
    return _SCHEME + base64.b64encode(digest + salt).decode()


def matches(password: str, stored: str) -> bool:
    """Tell whether the password is the one that was stored."""
    if not stored.startswith(_SCHEME):
        return False
    raw = base64.b64decode(stored.removeprefix(_SCHEME))
    digest = hashlib.sha512(password.encode() + raw[_DIGEST:]).digest()
    return hmac.compare_digest(digest, raw[:_DIGEST])


def _count(test: Callable[[str], bool]) -> Callable[[str], int]:
    return lambda password: sum(1 for letter in password if test(letter))


_LEAST: tuple[tuple[str, str, Callable[[str], int]], ...] = (
    ("zimbraPasswordMinLength", "too short", len),
    (
        "zimbraPasswordMinUpperCaseChars",
        "not enough upper case characters",
        _count(str.isupper),
    ),
    (
        "zimbraPasswordMinLowerCaseChars",
        "not enough lower case characters",
        _count(str.islower),
    ),
    (
        "zimbraPasswordMinPunctuationChars",
        "not enough punctuation characters",
        _count(lambda letter: letter.isascii() and not letter.isalnum()),
    ),
    (
        "zimbraPasswordMinNumericChars",
        "not enough numeric characters",
        _count(str.isdigit),
    ),
)


def check_policy(password: str, policy: Mapping[str, Sequence[str]]) -> None:
    """Refuse a password that the account's effective policy forbids."""
    for name, complaint, count in _LEAST:
        least = int((policy.get(name) or ["0"])[0])
        if count(password) < least:
            raise _invalid(complaint, name, least)
    most = int((policy.get("zimbraPasswordMaxLength") or ["0"])[0])
    if most and len(password) > most:
        raise _invalid("too long", "zimbraPasswordMaxLength", most)


def _invalid(complaint: str, name: str, limit: int) -> ProvisioningError:
    return ProvisioningError(
        "account.INVALID_PASSWORD",
        f"invalid password: {complaint}",
        arguments=((name, "NUM", str(limit)),),
    )
