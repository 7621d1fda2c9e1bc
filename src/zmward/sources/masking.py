"""Which names hold secrets, and how a secret is written down."""

import re
from typing import Final

# Names end like this where the value is a secret; policies end otherwise
# (zimbraPasswordMinLength, zimbraAuthTokenLifetime). POSIX ERE, lower case.
SECRET_ENDING: Final = (
    "(password|passwd|passcode|secret|privatekey|private_key|authtokens?|tokenkey"  # noqa: S105  # a pattern
    "|tokendata|refreshtoken|oauthtoken|jwtokens|dkimkey|preauthkey|scratchcodes"
    "|recoverycode|trusteddevices|passwordhistory|accessor|credentials?|signingkey"
    "|cakey|dialbackkey|provisioningkey|browserkey|authorizationkey|apikey"
    # A store's configuration is JSON with the keys of its bucket; a verification's and
    # a second factor's data hold the code that was sent; a license is the site's own.
    "|storeconfig|verificationdata|temporarydata|sessionid|networklicense"
    "|networkactivation|realtimelicense|realtimeactivation|passphrase|pwd|pw"
    # The key of the site's own authority; Apple's certificate comes with its key.
    "|keyselfsigned|apnscertificate|trackingkey|codeforemail)$"
)
# Policies that only sound like secrets: the schema lets them be numbers, TRUE or FALSE.
NO_SECRET: Final = (
    "^zimbra(featureallowusernameinpassword|chatallowunencryptedpassword"  # noqa: S105  # a pattern
    "|mobilepolicyallowsimpledevicepassword|mobilepolicydevicepasswordhistory"
    "|twofactorauthnumscratchcodes)$"
)
SECRET_KEY: Final = (
    "(password|passwd|passphrase|passcode|pwd|secret|credential|pass$|pw$|keys?$|token"  # noqa: S105  # a pattern
    "|bearer|hmac|_private|(^|_)(pass|pw|pin|dsn|otp|api_?key)[0-9]*(_|$))"
)

MASK: Final = "zmward:secret"
SET: Final = f"{MASK}:set"
DEFAULT: Final = f"{MASK}:default"
EMPTY: Final = f"{MASK}:empty"

_ENDING = re.compile(SECRET_ENDING)
_LDIF = re.compile(r"^([A-Za-z][A-Za-z0-9;_-]*)(:[:<]? ?)(.*)$")

_WORD: Final = r"(?:\"[^\"]*\"?|'[^']*'?|\S+)"
# What a line of commands holds a secret behind, as the collector's filter has it.
_BEFORE: Final = (
    r"(?:passw(?:or)?d|passphrase|passcode|pass|pwd|bind_?pw|_pw|secret|token"
    r"|credentials?|(?:api|access|account)[_-]?key)[a-z0-9_-]*[\"']?"
    r"(?:\s*=>?\s*|:?\s+|:)"
    r"|\s-[pw]\s+|\s(?:-u|--user)[ =]*[^\s:]+:|://[^/@\s:]*:(?=\S*@)"
    r"|(?:Bearer|Basic)\s+"
)
_IN_COMMANDS: Final = re.compile(rf"({_BEFORE}){_WORD}", re.IGNORECASE)
# These take the word without a blank before it, too.
_TIGHT: Final = re.compile(r"mysql|mariadb|sshpass|ldap", re.IGNORECASE)
_TIGHTLY: Final = re.compile(rf"(\s-[pw]){_WORD}")


def masked_command(line: str) -> str:
    """Return a line of commands without what may be a password or a token in it."""
    line = _IN_COMMANDS.sub(r"\1masked", line)
    return _TIGHTLY.sub(r"\1masked", line) if _TIGHT.search(line) else line


def holds_secret(attribute: str) -> bool:
    """Say whether a directory attribute's value is a secret, by its name."""
    name = attribute.partition(";")[0].lower()
    return _ENDING.search(name) is not None and not re.search(NO_SECRET, name)


def masked_line(line: str) -> str:
    """Return a line of LDIF with the value of a secret attribute masked."""
    match = _LDIF.match(line)
    if match is None or MASK in match[3] or not holds_secret(match[1]):
        return line
    return f"{match[1]}: {SET}"
