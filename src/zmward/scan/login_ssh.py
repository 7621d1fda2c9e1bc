"""What the system's ssh is asked about logins, and what its words mean.

No password is ever given to it: `none` makes sshd name the ways that it takes.
"""

import re

from zmward.scan.line import Exchange
from zmward.scan.login import Ended, LoginShown, Proof
from zmward.scan.smtp_talk import readable

_TARGET = re.compile(r"[A-Za-z0-9_:][A-Za-z0-9_.:-]{0,253}")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_DENIED = re.compile(r"[^\r\n]{1,300}: Permission denied \(([a-z0-9@.,-]{1,300})\)\.")
_ENTERED = "Authenticated to "
_USED = re.compile(r'.{1,300} using "([^"]{1,80})"')
# ssh's own warnings about the key exchange.
_WARNING = "** "
# What ssh says of itself; every other code is that of what ran on the server.
_FAILED = 255
_PASSWORDS = {"password", "keyboard-interactive"}
_ALWAYS = (
    *("BatchMode=yes", "ConnectTimeout=10", "StrictHostKeyChecking=yes"),
    *("UpdateHostKeys=no", "ControlMaster=no", "ControlPath=none"),
    *("NumberOfPasswordPrompts=0", "PermitLocalCommand=no"),
)
_WAYS: dict[Proof, tuple[str, ...]] = {
    "ssh-keys": ("PreferredAuthentications=publickey",),
    "ssh-passwords": ("PreferredAuthentications=none", "PubkeyAuthentication=no"),
}
# At ERROR ssh shows no banner of the server; at VERBOSE it does, and says which way
# led in.
_LEVELS: dict[Proof, str] = {"ssh-keys": "VERBOSE", "ssh-passwords": "ERROR"}


def denied(text: str) -> tuple[str, ...]:
    """Return the ways to log in that a refusal names; none for anything but that.

    A server's farewell is printed too, with its line ends: it may look like ssh's own
    words, but never stands alone.
    """
    lines = [line for line in text.splitlines() if not line.startswith(_WARNING)]
    found = _DENIED.fullmatch("\n".join(lines).strip())
    return tuple(found[1].split(",")) if found else ()


def argv(proof: Proof, user: str, address: str, port: int) -> tuple[str, ...]:
    """Return the words that ask for one login; empty where a name is none."""
    if not (_TARGET.fullmatch(address) and _USER.fullmatch(user)):
        return ()
    ways = (*_ALWAYS, f"LogLevel={_LEVELS[proof]}", *_WAYS[proof])
    options = (word for way in ways for word in ("-o", way))
    where = ("-p", str(port), "-l", user, "--", address)
    return ("ssh", "-a", "-x", "-T", *options, *where, "true")


def told(
    proof: Proof, user: str, address: str, port: int, end: tuple[int, bytes]
) -> LoginShown:
    """Read how ssh ended, and all that it said on its standard error."""
    code, said = end
    text = said.decode("utf-8", "replace")
    ended, answer = (_keys if proof == "ssh-keys" else _passwords)(code, text)
    last = (text.splitlines() or ["it said nothing"])[-1]
    trouble = "" if ended != "unknown" else readable(last.encode())
    way = " ".join(_WAYS[proof])
    return LoginShown(
        proof,
        address,
        port,
        user,
        ended,
        tried=f"ssh {way} as {user}",
        answer=answer,
        exchanges=(Exchange(port, f"ssh -o {way}", answer),) if answer else (),
        trouble=trouble,
    )


def _entered(code: int) -> bool:
    return 0 <= code < _FAILED


def _keys(code: int, text: str) -> tuple[Ended, str]:
    """Tell by the end whether somebody got in; ssh's own line must then be there.

    A banner may hold such a line too, so that all of them must say the same.
    """
    if _entered(code):
        lines = re.split(r"[\r\n]+", text)
        own = [line.partition(_ENTERED)[2] for line in lines if _ENTERED in line]
        used = {found[1] if (found := _USED.match(one)) else "" for one in own}
        key = used == {"publickey"}
        return ("good", 'Authenticated using "publickey"') if key else ("unknown", "")
    ways = denied(text.strip().splitlines()[-1]) if text.strip() else ()
    if code == _FAILED and ways:
        return "bad", _refusal(ways)
    return "unknown", ""


def _passwords(code: int, text: str) -> tuple[Ended, str]:
    if _entered(code):
        return "bad", "logged in, with the name alone"
    ways = denied(text)
    if code != _FAILED or not ways:
        return "unknown", ""
    return "bad" if _PASSWORDS & set(ways) else "good", _refusal(ways)


def _refusal(ways: tuple[str, ...]) -> str:
    return f"Permission denied ({','.join(ways)})"


def untold(proof: Proof, user: str, address: str, port: int, why: str) -> LoginShown:
    """Say that nothing could be asked, and why."""
    return LoginShown(proof, address, port, user, trouble=why)
