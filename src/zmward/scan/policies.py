"""What a domain asks of others: DMARC, the key of DKIM, the policy of MTA-STS."""

import base64
import binascii
import re
from typing import Final, Literal

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from zmward.scan.names import Answered, of, plain, repeated, tags

# A record that begins otherwise is passed over (RFC 7489, 6.3 and 6.4).
_DMARC: Final = re.compile(r"v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|$)")
_ED25519: Final = 32
_LINES: Final = 100
_AGE: Final = re.compile(r"[0-9]{1,10}")
_STS: Final = re.compile(r"v=STSv1[ \t]*;")
_ID: Final = re.compile(r"[A-Za-z0-9]{1,32}")
_ALL: Final = 100
Wish = Literal["none", "quarantine", "reject"]


class Dmarc(msgspec.Struct, frozen=True):
    """What a domain wants done with mail that only claims to come from it.

    `faults` are why receivers may read it otherwise, or not at all.
    """

    where: str
    text: str
    wish: str
    share: int = _ALL
    reports: bool = False
    testing: bool = False
    faults: tuple[str, ...] = ()


def _share(word: str) -> int | None:
    if not word.isascii() or not word.isdecimal() or len(word) > len(str(_ALL)):
        return None
    return int(word) if int(word) <= _ALL else None


def dmarc(domain: str, answers: tuple[Answered, ...]) -> Dmarc | Literal[False] | None:
    """Return the policy in force; False where there is none, None where unknown.

    A domain without one inherits that of the domain above it (RFC 7489).
    """
    labels = plain(domain).split(".")
    for count in range(max(len(labels) - 1, 1)):
        where = "_dmarc." + ".".join(labels[count:])
        answer = of(answers, where, "TXT")
        if answer.values is None:
            # Above the domain not every name was asked for.
            return False if count and answer.trouble == "it was not asked" else None
        texts = [t for t in answer.values if _DMARC.match(t)]
        if len(texts) > 1:
            return Dmarc(where, texts[0], "", faults=("two records, so none counts",))
        if texts:
            return _read(where, texts[0], inherited=count > 0)
    return False


def _read(where: str, text: str, *, inherited: bool) -> Dmarc:
    found, faults = tags(text), []
    wish = found.get("p", "").lower()
    if inherited:
        wish = found.get("sp", wish).lower()
    if wish not in ("none", "quarantine", "reject"):
        faults.append(f"p={wish[:20]!r} is no policy")
    share = _share(found.get("pct", str(_ALL)))
    if share is None:
        faults.append(f"pct={found['pct'][:20]!r} is no share")
    if twice := repeated(text):
        faults.append(f"{twice[:20]!r} stands there twice")
    return Dmarc(
        where,
        text,
        wish,
        _ALL if share is None else share,
        reports=bool(found.get("rua")),
        testing=found.get("t", "").lower() == "y",
        faults=tuple(faults),
    )


class Key(msgspec.Struct, frozen=True):
    """A key of DKIM as the domain publishes it; `fault` is why it is of no use."""

    kind: str
    bits: int = 0
    testing: bool = False
    fault: str = ""


def key(text: str) -> Key:
    """Read one record of a selector (RFC 6376, 3.6.1; RFC 8463)."""
    found = tags(text)
    kind = found.get("k", "rsa").lower()
    testing = "y" in _list(found.get("t", ""))
    if fault := _key_fault(text, found):
        return Key(kind, fault=fault)
    word = "".join(found["p"].split())
    if not word:
        return Key(kind, fault="the key is revoked (p is empty)")
    try:
        content = base64.b64decode(word, validate=True)
        bits = _bits(kind, content)
    except (binascii.Error, ValueError, TypeError, UnsupportedAlgorithm):
        return Key(kind, fault="the key cannot be read")
    fault = "" if bits else f"a key of kind {kind[:20]!r} that nobody knows"
    return Key(kind, bits, testing, fault)


def _list(word: str) -> list[str]:
    return [one.strip().lower() for one in word.split(":")]


def _key_fault(text: str, found: dict[str, str]) -> str:
    """Return why verifiers pass a record over, or do not take it for mail."""
    if found.get("v", "DKIM1") != "DKIM1" or "p" not in found:
        return "this is no record of DKIM"
    if "v" in found and next(iter(found)) != "v":
        return "v=DKIM1 does not stand first"
    if twice := repeated(text):
        return f"{twice[:20]!r} stands there twice"
    if "sha256" not in _list(found.get("h", "sha256")):
        return "h= leaves out sha256, and nothing else counts (RFC 8301)"
    if not {"*", "email"} & set(_list(found.get("s", "*"))):
        return "s= says that the key is not for mail"
    return ""


def _bits(kind: str, content: bytes) -> int:
    """Return the length of a key; 0 where it is not of its kind."""
    if kind == "ed25519":
        return 256 if len(content) == _ED25519 else 0
    public = load_der_public_key(content)
    return public.key_size if kind == "rsa" and isinstance(public, RSAPublicKey) else 0


class Sts(msgspec.Struct, frozen=True):
    """A policy of MTA-STS (RFC 8461): how strict it is, for which servers.

    `age` is for how many seconds senders remember it.
    """

    mode: str
    servers: tuple[str, ...] = ()
    age: int = 0


def sts_record(text: str) -> bool:
    """Say whether a TXT record announces a policy (RFC 8461, 3.1)."""
    return bool(_STS.match(text) and _ID.fullmatch(tags(text).get("id", "")))


def sts(text: str) -> Sts | None:
    """Read a policy; None where it is none. The case of its words counts."""
    # No sender takes anything else for the end of a line (RFC 8461, 3.2).
    rows = re.split(r"\r?\n", text)[:_LINES]
    lines = [line.partition(":") for line in rows]
    pairs = [(name.strip(), value.strip()) for name, _, value in lines]
    said = dict(reversed(pairs))
    age = said.get("max_age", "")
    if said.get("version") != "STSv1" or not _AGE.fullmatch(age):
        return None
    servers = tuple(plain(value) for name, value in pairs if name == "mx")
    mode = said.get("mode", "")
    known = mode in ("enforce", "testing", "none")
    return Sts(mode, servers, int(age)) if known else None


def covers(policy: Sts, server: str) -> bool:
    """Say whether a policy names a server; a star stands for one label."""
    rest = server.partition(".")[2]
    return any(name in (server, f"*.{rest}") for name in policy.servers)
