"""What a probe account of the site's own is let do: proofs that need a password.

Nothing here runs by itself. A password is sent inside TLS only, though without belief
in any certificate; at most two logins fail in all; no mail is sent.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Literal

import msgspec

from zmward.scan.line import Ask, Broken, Dial, Exchange
from zmward.scan.login_account import MOST_FAILURES, Account, Told, Tries
from zmward.scan.login_alias import exists
from zmward.scan.login_ways import Port, Session, logged_in
from zmward.scan.smtp_relay import FROM, TO
from zmward.scan.smtp_talk import own_domain

Proof = Literal[
    "spoofed-sender",
    "imap-disabled",
    "pop3-disabled",
    "login-by-alias",
    "origin-in-log",
    "ssh-passwords",
    "ssh-keys",
    "sent-headers",
]
Ended = Literal["good", "bad", "unknown"]

# Not every refusal of a sender is about its owner: its domain may not exist.
_OWNER = re.compile(
    r"not owned|not logged in|not permitted|not allowed"
    r"|sender address rejected: access denied",
    re.IGNORECASE,
)
_DENIED = re.compile(r"53\d |550 |z\d NO|-ERR", re.IGNORECASE)
_FOR_NOW = re.compile(
    r"unavailable|\[sys/|\[limit|\[in-use|tempor|internal|try again|too many",
    re.IGNORECASE,
)
_SAFE = re.compile(r"[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,253}")
_MX = 25
_TRIED_OUT = f"not tried: {MOST_FAILURES} logins have failed, more are not risked"


class LoginShown(msgspec.Struct, frozen=True, tag="login"):
    """One proof with the probe account: what was tried, and how it ended.

    `source` and `when` (ISO 8601, UTC) say from where and when it logged in.
    `headers` are those of a sent message.
    """

    proof: Proof
    address: str
    port: int
    account: str = ""
    ended: Ended = "unknown"
    tried: str = ""
    answer: str = ""
    source: str = ""
    when: str = ""
    headers: tuple[str, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    trouble: str = ""


class Wishes(msgspec.Struct, frozen=True):
    """Which proofs are wanted: protocols that the account should not have, an alias.

    `alias_known`: the directory says that the alias is the account's; otherwise the
    server is asked on port 25 whether it exists.
    """

    spoofing: bool = True
    disabled: tuple[Literal["imap", "pop3"], ...] = ()
    alias: str = ""
    alias_known: bool = False


class Guards(msgspec.Struct, frozen=True):
    """After how many failures who shuts out, as far as is known.

    None: not known; 0: never. `lockout` shuts the account, `login_filter` and `jail`
    the address.
    """

    lockout: int | None = None
    login_filter: int | None = None
    jail: int | None = None


def risk(guards: Guards) -> str:
    """Say in words what could shut the account or the looker out; empty if nothing."""
    found = []
    for what, failures in (
        ("the account's lockout", guards.lockout),
        ("mailboxd's filter of failed logins", guards.login_filter),
        ("fail2ban", guards.jail),
    ):
        if failures is None:
            found.append(f"it is not known after how many failures {what} acts")
        elif 0 < failures <= MOST_FAILURES:
            found.append(f"{what} acts after {failures} failures")
    if not found:
        return ""
    return (
        f"{'; '.join(found)}: up to {MOST_FAILURES} logins may fail in these proofs, "
        "and earlier failures count too"
    )


class _Proving:
    """The proofs at one address, with what they share."""

    def __init__(self, dial: Dial, ask: Ask, account: Account, tries: Tries) -> None:
        self.dial = dial
        self.ask = ask
        self.account = account
        self.tries = tries
        self.base: Port | None = None
        self._before = tries.spent
        none = "no port on which the account could log in inside TLS"
        self.trouble = _TRIED_OUT if tries.over else none

    @property
    def failed(self) -> bool:
        """Say whether a login failed here; elsewhere some may have before."""
        return self.tries.spent > self._before

    def shown(
        self, proof: Proof, port: int, ended: Ended, told: Told | None, tried: str = ""
    ) -> LoginShown:
        return LoginShown(
            proof,
            self.dial.address,
            port,
            self.account.name,
            ended,
            tried,
            told.last if told else "",
            exchanges=told.exchanges if told else (),
        )

    def untold(self, proof: Proof, port: int, trouble: str) -> LoginShown:
        return LoginShown(
            proof, self.dial.address, port, self.account.name, trouble=trouble
        )


def _spoofs(proving: _Proving, session: Session, port: int) -> Iterator[LoginShown]:
    """Begin mails from addresses that are not the account's own; send none."""
    own = own_domain("", proving.ask.domains)
    others = [FROM, *([f"postmaster@{own}"] if own else [])]
    for sender in others:
        if sender.lower() == proving.account.name.lower():
            continue
        told = Told(proving.account, port)
        session.told = told
        said = session.ask(f"MAIL FROM:<{sender}>")
        if said[:1] == "2":
            said = session.ask(f"RCPT TO:<{TO}>")
        session.ask("RSET")
        ended: Ended = "unknown"
        if said[:1] == "2":
            ended = "bad"
        elif said[:1] == "5" and _OWNER.search(said):
            ended = "good"
        tried = f"MAIL FROM:<{sender}> as {proving.account.name}"
        found = proving.shown("spoofed-sender", port, ended, told, tried)
        yield msgspec.structs.replace(found, answer=said[:200])


def _based(
    proving: _Proving, ports: Iterable[Port], wishes: Wishes
) -> Iterator[LoginShown]:
    """Log in once as the account may; whatever follows needs to know that it can."""
    for port in ports:
        if proving.tries.over or proving.base:
            return
        told = Told(proving.account, port.port)
        try:
            yield from _entered(proving, port, told, wishes)
        except Broken as error:
            proving.trouble = f"port {port.port}: {error}"
        if not proving.base and told.exchanges:
            proving.trouble = f"port {port.port} refused the account: {told.last}"
        if proving.failed:
            # A second way would fail in the same way, and nobody knows why.
            return


def _entered(
    proving: _Proving, port: Port, told: Told, wishes: Wishes
) -> Iterator[LoginShown]:
    with _session(proving, port, told, proving.account.name) as session:
        if not session.entered:
            return
        proving.base = port
        yield proving.shown("origin-in-log", port.port, "unknown", told, "a login")
        if wishes.spoofing and port.service == "smtp":
            yield from _spoofs(proving, session, port.port)


def _session(
    proving: _Proving, port: Port, told: Told, name: str
) -> AbstractContextManager[Session]:
    shared = (proving.account, told, proving.tries)
    return logged_in(proving.dial, port, proving.ask, shared, name)


def _denied(answer: str) -> bool:
    """Say whether an answer refuses the login, and not only for now."""
    return bool(_DENIED.match(answer)) and not _FOR_NOW.search(answer)


def _refused(proving: _Proving, proof: Proof, port: Port, name: str) -> LoginShown:
    """Try a login that should be refused though the password is right."""
    if proving.tries.over:
        return proving.untold(proof, port.port, _TRIED_OUT)
    told = Told(proving.account, port.port, name)
    entered, before = False, proving.tries.spent
    try:
        with _session(proving, port, told, name) as session:
            entered = session.entered
    except Broken as error:
        if not told.exchanges:
            return proving.untold(proof, port.port, str(error))
    tried = f"{port.service} login as {name}"
    if entered:
        return proving.shown(proof, port.port, "bad", told, tried)
    if proving.tries.spent == before or not _denied(told.last):
        found = proving.shown(proof, port.port, "unknown", told, tried)
        doubt = f"it says nothing of the account: {told.last}"
        return msgspec.structs.replace(found, trouble=doubt)
    if proving.base:
        return proving.shown(proof, port.port, "good", told, tried)
    found = proving.shown(proof, port.port, "unknown", told, tried)
    doubt = "refused, but whether the password is right is not known"
    return msgspec.structs.replace(found, trouble=f"{doubt}: {proving.trouble}")


def _ordered(ports: Iterable[Port], disabled: tuple[str, ...]) -> Iterator[Port]:
    """Yield where the account may log in: SMTP first, and inside TLS first."""
    ranks = {"smtp": 0, "imap": 1, "pop3": 2}
    fit = [
        port
        for port in ports
        if port.service in ranks
        and port.service not in disabled
        and (port.service != "smtp" or port.port != _MX)
    ]
    yield from sorted(fit, key=lambda port: (ranks[port.service], not port.tls))


def proofs(
    dial: Dial,
    ports: Iterable[Port],
    ask: Ask,
    account: Account,
    wishes: Wishes,
    *,
    guards: Guards,
    now: Callable[[], str],
    source: str = "",
    anyway: bool = False,
    tries: Tries | None = None,
) -> tuple[LoginShown, ...]:
    """Prove with one account what the site believes; at most two logins fail.

    Where a lockout or a jail could act, or nobody knows, `anyway` must be said.
    `tries` is shared with whatever else logs in with the same account.
    """
    proving = _Proving(dial, ask, account, tries or Tries())
    doubt = risk(guards)
    if not account.sendable:
        doubt, anyway = "its name or password cannot be said in one line", False
    if doubt and not anyway:
        return tuple(proving.untold(proof, 0, doubt) for proof in wished(wishes))
    ports = tuple(ports)
    began = now()
    found = [
        msgspec.structs.replace(shown, source=source, when=began)
        for shown in _based(proving, _ordered(ports, wishes.disabled), wishes)
    ]
    if wishes.spoofing and not any(s.proof == "spoofed-sender" for s in found):
        found.append(proving.untold("spoofed-sender", 0, _no_spoof(proving)))
    if not proving.base:
        found.append(proving.untold("origin-in-log", 0, proving.trouble))
    found += _refusals(proving, ports, wishes)
    return tuple(found)


def _no_spoof(proving: _Proving) -> str:
    base = proving.base
    if base is None or base.service == "smtp":
        return proving.trouble
    return f"the account logged in on port {base.port}, which takes no mail"


def _refusals(
    proving: _Proving, ports: tuple[Port, ...], wishes: Wishes
) -> Iterator[LoginShown]:
    if wishes.alias:
        yield _by_alias(proving, ports, wishes)
    for service in wishes.disabled:
        proof: Proof = "imap-disabled" if service == "imap" else "pop3-disabled"
        fit = sorted(
            (port for port in ports if port.service == service),
            key=lambda port: not port.tls,
        )
        if not proving.base and proving.failed:
            yield proving.untold(proof, 0, proving.trouble)
        elif fit:
            yield _refused(proving, proof, fit[0], proving.account.name)
        else:
            reason = f"no port that speaks {service.upper()} was seen"
            yield proving.untold(proof, 0, reason)


def _by_alias(proving: _Proving, ports: tuple[Port, ...], wishes: Wishes) -> LoginShown:
    base, alias, known = proving.base, wishes.alias, wishes.alias_known
    if base is None:
        return proving.untold("login-by-alias", 0, proving.trouble)
    if not _SAFE.fullmatch(alias):
        return proving.untold("login-by-alias", 0, "that is no address")
    shown = _refused(proving, "login-by-alias", base, alias)
    if (
        shown.ended != "good"
        or known
        or exists(proving.dial, ports, proving.ask, alias)
    ):
        return shown
    trouble = "refused, but that the alias exists could not be seen on port 25"
    return msgspec.structs.replace(shown, ended="unknown", trouble=trouble)


def wished(wishes: Wishes) -> Iterator[Proof]:
    """Yield which proofs an account is let do."""
    yield "origin-in-log"
    if wishes.spoofing:
        yield "spoofed-sender"
    if wishes.alias:
        yield "login-by-alias"
    for service in wishes.disabled:
        yield "imap-disabled" if service == "imap" else "pop3-disabled"
