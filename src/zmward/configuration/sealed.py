"""Secrets as keyed fingerprints: that one changed can be seen, and it cannot.

HMAC-SHA256 under a key of the site's own. Whoever has the key can try guesses, so a
short secret is only as safe as the key. What has no fingerprint says so by a word:
`set`, `default` (the one that is compiled into Zimbra) or `empty`.
"""

import hashlib
import hmac
import re
from collections.abc import Callable
from typing import Final

from zmward.configuration.inside import covered
from zmward.configuration.written import Value
from zmward.sources.masking import DEFAULT, EMPTY, MASK, SECRET_KEY, SET, holds_secret

SHARED: Final = "directory"
WORDS: Final = {SET: "set", DEFAULT: "default", EMPTY: "empty"}
_SHOWN: Final = 32
_FINGERPRINT: Final = re.compile(rf"[0-9a-f]{{{_SHOWN}}}")
_SECRET_KEY: Final = re.compile(SECRET_KEY)
# A private key, whole; without an end so near, all that looks like one.
_KEY: Final = r" [A-Z0-9 ]{0,64}PRIVATE KEY(?: BLOCK)?-----"
_BEGIN: Final = re.compile(f"-----BEGIN{_KEY}")
_END: Final = re.compile(f"-----END{_KEY}")
_BODY: Final = re.compile(r"[A-Za-z0-9+/=\s:,-]*")
_LONGEST_KEY: Final = 16_384
SEALED: Final = "(secret "
# Postfix's map of passwords where it is a file or a server, and not the passwords.
_MAP_FILE: Final = re.compile(r"(?:(?:proxy:)?[a-z]+:/[^\s,]+[\s,]*)*")
# A grant to a guest, or by a link, holds his password or key: ID TYPE SECRET RIGHT.
_GRANT_WITH_SECRET: Final = 4


def _without_keys(text: str, stand_in: Callable[[str], str]) -> str:
    """Return a text with something else in the place of each private key.

    Each end is looked for once: many begins without an end cost no more than few.
    """
    pieces: list[str] = []
    place = 0
    end = _END.search(text)
    while begin := _BEGIN.search(text, place):
        while end and end.start() < begin.end():
            end = _END.search(text, end.end())
        if end and end.start() - begin.end() <= _LONGEST_KEY:
            last = end.end()
        else:
            # The next key is one of its own, and may look like none after its begin.
            following = _BEGIN.search(text, begin.end())
            most = following.start() if following else len(text)
            body = _BODY.match(text, begin.end(), most)
            last = body.end() if body else begin.end()
        pieces += (text[place : begin.start()], stand_in(text[begin.start() : last]))
        place = last
    return "".join((*pieces, text[place:]))


class Seal:
    """Makes fingerprints of what one scope holds: the directory, or one node."""

    def __init__(self, key: bytes, scope: str) -> None:
        self.key = hmac.new(
            key, b"zmward configuration\0" + scope.encode(), hashlib.sha256
        ).digest()

    def fingerprint(self, value: str) -> str:
        """Return the fingerprint of a value."""
        raw = value.encode("utf-8", "surrogatepass")
        return hmac.new(self.key, raw, hashlib.sha256).hexdigest()[:_SHOWN]

    def secret(self, value: str) -> Value:
        """Return what stands for a secret: its fingerprint, or what is known of it."""
        if value in WORDS:
            return Value(WORDS[value], secret=True)
        if value.startswith(MASK):
            return Value("set", secret=True)
        return Value(self.fingerprint(value) if value else "empty", secret=True)

    def _stand_in(self, secret: str) -> str:
        return f"{SEALED}{self.fingerprint(secret)})"

    def text(self, text: str) -> str:
        """Return a text without private keys, and secrets that stand inside of it."""
        whole = text.encode("utf-8", "backslashreplace").decode()
        bare = _without_keys(whole, self._stand_in)
        return covered(bare, self._stand_in)

    def attribute(self, name: str, value: str) -> Value:
        """Return a value of the directory as the history keeps it."""
        if holds_secret(name) or value.startswith(MASK):
            return self.secret(value)
        if name.lower().endswith("passwordmaps") and not _MAP_FILE.fullmatch(value):
            masked = value.endswith("masked")
            return Value("set", secret=True) if masked else self.secret(value)
        if name.lower() == "zimbraace":
            return Value(self._grant(value))
        return Value(self.text(value))

    def key_value(self, key: str, value: str) -> Value:
        """Return a value of localconfig as the history keeps it."""
        if _SECRET_KEY.search(key.lower()) or value.startswith(MASK):
            return self.secret(value)
        return Value(self.text(value))

    def _grant(self, value: str) -> str:
        words = value.split()
        if len(words) < _GRANT_WITH_SECRET:
            return value
        hidden = self._stand_in(" ".join(words[2:-1]))
        return f"{words[0]} {words[1]} {hidden} {words[-1]}"


def is_fingerprint(value: Value) -> bool:
    """Say whether a value tells a secret apart from another, not only that it is."""
    return value.secret and _FINGERPRINT.fullmatch(value.text) is not None
