"""What the system's ssh is asked about logins, and what its words mean.

No password is ever given to it: `none` makes sshd name the ways that it takes.
"""

import re

from zmward.scan.line import Exchange
from zmward.scan.login import Ended, LoginShown, Proof
from zmward.scan.smtp_talk import readable

_TARGET = re.compile(r"[A-Za-z0-9_:][A-Za-z0-9_.:-]{0,253}")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_DENIED = re.compile(r"Permission denied \(([a-z0-9@.,-]*)\)")
_KEY = re.compile(r'Authenticated to .* using "publickey"')
_ANY = re.compile(r'Authenticated to .* using "([a-z-]+)"')
_PASSWORDS = {"password", "keyboard-interactive"}
_ALWAYS = (
    *("BatchMode=yes", "ConnectTimeout=10", "StrictHostKeyChecking=yes"),
    *("UpdateHostKeys=no", "ControlMaster=no", "ControlPath=none"),
    *("LogLevel=VERBOSE", "NumberOfPasswordPrompts=0", "PermitLocalCommand=no"),
)
_WAYS: dict[Proof, tuple[str, ...]] = {
    "ssh-keys": ("PreferredAuthentications=publickey",),
    "ssh-passwords": ("PreferredAuthentications=none", "PubkeyAuthentication=no"),
}
_LONGEST = 20_000


def argv(proof: Proof, user: str, address: str, port: int) -> tuple[str, ...]:
    """Return the words that ask for one login; empty where a name is none."""
    if not (_TARGET.fullmatch(address) and _USER.fullmatch(user)):
        return ()
    options = (word for way in (*_ALWAYS, *_WAYS[proof]) for word in ("-o", way))
    where = ("-p", str(port), "-l", user, "--", address)
    return ("ssh", "-a", "-x", "-T", *options, *where, "true")


def told(proof: Proof, user: str, address: str, port: int, said: bytes) -> LoginShown:
    """Read what ssh said on its standard error."""
    text = said[-_LONGEST:].decode("utf-8", "replace")
    line = next((x for x in text.splitlines()[::-1] if _shows(x)), "")
    ended = _keys(text) if proof == "ssh-keys" else _passwords(text)
    answer = readable(line.strip().encode())
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


def _shows(line: str) -> bool:
    return bool(_DENIED.search(line) or _ANY.search(line))


def _keys(text: str) -> Ended:
    if _KEY.search(text):
        return "good"
    return "bad" if _DENIED.search(text) else "unknown"


def _passwords(text: str) -> Ended:
    if _ANY.search(text):
        # It let somebody in who had shown nothing.
        return "bad"
    if match := _DENIED.search(text):
        return "bad" if _PASSWORDS & set(match[1].split(",")) else "good"
    return "unknown"


def untold(proof: Proof, user: str, address: str, port: int, why: str) -> LoginShown:
    """Say that nothing could be asked, and why."""
    return LoginShown(proof, address, port, user, trouble=why)
