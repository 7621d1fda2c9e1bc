"""Authentication tokens: signed, dated, and registered with the account."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

from .clock import Clock
from .faults import auth_required

_FIELD = re.compile(r"(\w+)=(\d+):")
_TOKEN = re.compile(r"^0_([0-9a-f]{40})_([0-9a-f]+)$")


@dataclass(frozen=True)
class Token:
    """What a token says: whose it is, for what, and until when."""

    account: str
    expires: int
    number: str
    admin: bool = False
    csrf: bool = False
    validity: int = -1
    # Who lent it: an administrator's id, in a token that stands for somebody else.
    lender: str = ""

    def fields(self) -> str:
        """Give the signed text: length-prefixed fields."""
        pairs = {
            "id": self.account,
            "exp": str(self.expires),
            "aid": self.lender,
            "admin": "1" if self.admin else "",
            "type": "zimbra",
            "tid": self.number,
            "csrf": "1" if self.csrf else "",
            "vv": str(self.validity) if self.validity >= 0 else "",
        }
        return "".join(
            f"{name}={len(value)}:{value};" for name, value in pairs.items() if value
        )


class TokenMint:
    """Signs tokens with the directory's key and reads them back."""

    def __init__(self, key: str, clock: Clock) -> None:
        # The attribute holds version:created:hex key; any lab string will do.
        self._key = key.rpartition(":")[2].encode()
        self._clock = clock

    def issue(
        self,
        account: str,
        lifetime: float,
        *,
        admin: bool,
        csrf: bool,
        validity: int,
        lender: str = "",
    ) -> tuple[str, Token]:
        """Make a token that lives so many seconds."""
        token = Token(
            account,
            int((self._clock() + lifetime) * 1000),
            str(secrets.randbelow(2**31)),
            admin,
            csrf,
            validity,
            lender,
        )
        return self._sign(token), token

    def issue_until(self, token: Token) -> str:
        """Sign a token whose end is given."""
        return self._sign(token)

    def remaining(self, token: Token) -> int:
        """Give the milliseconds that a token still lives."""
        return token.expires - int(self._clock() * 1000)

    def read(self, text: str) -> Token:
        """Read a token, refusing what this mint did not sign."""
        match = _TOKEN.match(text)
        if not match:
            raise auth_required()
        try:
            fields = bytes.fromhex(match[2])
        except ValueError:
            raise auth_required() from None
        if not hmac.compare_digest(self._digest(fields), match[1]):
            raise auth_required()
        values = _split(fields.decode())
        return Token(
            values["id"],
            int(values["exp"]),
            values["tid"],
            values.get("admin") == "1",
            values.get("csrf") == "1",
            int(values.get("vv", "-1")),
            values.get("aid", ""),
        )

    def csrf_token(self, token: Token) -> str:
        """Give the CSRF token that belongs to a token."""
        return "0_" + self._digest(f"csrf:{token.number}:{token.expires}".encode())

    def _sign(self, token: Token) -> str:
        fields = token.fields().encode()
        return f"0_{self._digest(fields)}_{fields.hex()}"

    def _digest(self, content: bytes) -> str:
        return hmac.new(self._key, content, hashlib.sha1).hexdigest()


def _split(text: str) -> dict[str, str]:
    values, position = {}, 0
    while match := _FIELD.match(text, position):
        end = match.end() + int(match[2])
        values[match[1]] = text[match.end() : end]
        position = end + 1
    return values
