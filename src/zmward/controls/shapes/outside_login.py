"""Looks at what a probe account was let do: spoofing, aliases, protocols, the log."""

from collections.abc import Iterator

import msgspec

from zmward.controls.shapes.outside_seen import (
    RUNNING,
    SOURCE,
    sight,
    subject,
    words_of,
)
from zmward.deviation import Judgement, deviates, not_concerned, sound, unknown
from zmward.outlook import Outlook, Outside, Sight
from zmward.profile import Profile, Services, Use
from zmward.scan.login import LoginShown, Proof
from zmward.scan.login_origin import where_to_look
from zmward.scan.seen import Seen


class _Kind(msgspec.Struct, frozen=True):
    """What a proof means: what is wrong where it ends badly, and the next step."""

    found: str
    wanted: str
    no_cure: str


_KINDS: dict[Proof, _Kind] = {
    "spoofed-sender": _Kind(
        "takes mail from an address that is not the account's",
        "553 Sender address rejected: not owned by user",
        "Set zimbraMtaSmtpdSenderLoginMaps and zimbraMtaSmtpdSenderRestrictions.",
    ),
    "login-by-alias": _Kind(
        "lets the account in by an alias",
        "a refusal",
        "zmlocalconfig -e alias_login_enabled=false, then restart mailboxd.",
    ),
    "imap-disabled": _Kind(
        "lets the account in over IMAP",
        "a refusal",
        "Set zimbraImapEnabled to FALSE in its class of service or on the account.",
    ),
    "pop3-disabled": _Kind(
        "lets the account in over POP3",
        "a refusal",
        "Set zimbraPop3Enabled to FALSE in its class of service or on the account.",
    ),
    "origin-in-log": _Kind(
        "logs an address that is not the client's",
        "the client's address in audit.log",
        "It follows from zimbraMailTrustedIP; mailboxd needs a restart.",
    ),
    "ssh-keys": _Kind(
        "refuses the key that should log in",
        "a login by key",
        "Look at authorized_keys, its owners and modes, and at `sshd -T`.",
    ),
    "ssh-passwords": _Kind(
        "asks for a password",
        "publickey alone",
        "`zmward plan --only ssh-without-passwords` writes the drop-in for sshd.",
    ),
    "sent-headers": _Kind(
        "sends mail that names the software that wrote it",
        "neither X-Mailer nor User-Agent",
        "Set zimbraSmtpSendAddMailer to FALSE.",
    ),
}


def tried(seen: Seen, outlook: Outlook, proof: Proof) -> Iterator[Judgement]:
    """Judge what was tried of one kind; nothing that was not tried is good."""
    found = [s for s in seen.shown if isinstance(s, LoginShown) and s.proof == proof]
    if not found:
        reason = "no probe account was used for it"
        yield not_concerned(RUNNING, outlook.subject, reason)
    for shown in found:
        where = subject(shown, outlook)
        words = words_of(shown.exchanges) or f"{shown.tried} → {shown.answer}"
        if shown.ended == "good":
            yield sound(RUNNING, where, source=SOURCE, seen=words)
        elif shown.ended == "bad":
            kind = _KINDS[proof]
            yield deviates(
                RUNNING,
                where,
                f"{kind.found}: {shown.tried}" if shown.tried else kind.found,
                kind.wanted,
                no_cure=kind.no_cure,
                source=SOURCE,
                seen=words,
            )
        else:
            yield unknown(RUNNING, where, _reason(shown))


def _reason(shown: LoginShown) -> str:
    if shown.trouble:
        return shown.trouble
    if shown.proof == "origin-in-log":
        return where_to_look(shown)
    if shown.proof == "sent-headers":
        return f"sent: {shown.tried}; read its headers where it arrives"
    return f"the answer does not tell: {shown.answer}"


def _example(proof: Proof, ended: str, **other: str) -> Seen:
    shown = LoginShown(proof, "192.0.2.10", 587, "probe@example.test", tried="a login")
    return sight(msgspec.structs.replace(shown, ended=ended, answer="553 no", **other))


def _sights(proof: Proof) -> tuple[Sight, ...]:
    trouble = "port 587: it said nothing in time"
    return (
        Sight("ok", _example(proof, "good")),
        Sight("bad", _example(proof, "bad")),
        Sight("unknown", _example(proof, "unknown")),
        Sight("unknown", _example(proof, "unknown", trouble=trouble)),
        Sight("n/a", sight()),
    )


def proved(proof: Proof) -> Outside:
    """Look at the proofs of one kind."""
    return Outside(lambda seen, outlook: tried(seen, outlook, proof), _sights(proof))


def _unless(
    seen: Seen, outlook: Outlook, proof: Proof, use: Use
) -> Iterator[Judgement]:
    if use == "wanted":
        reason = "the profile wants this protocol"
        yield not_concerned(RUNNING, outlook.subject, reason)
        return
    yield from tried(seen, outlook, proof)


def imap_refused() -> Outside:
    """Look whether an account that should not have IMAP is let in by it."""
    wanted = Profile(services=Services(imap="wanted"))
    return Outside(
        lambda seen, outlook: _unless(
            seen, outlook, "imap-disabled", outlook.profile.services.imap
        ),
        (
            *_sights("imap-disabled"),
            Sight("n/a", _example("imap-disabled", "bad"), wanted),
        ),
    )


def pop_refused() -> Outside:
    """Look whether an account that should not have POP3 is let in by it."""
    wanted = Profile(services=Services(pop="wanted"))
    return Outside(
        lambda seen, outlook: _unless(
            seen, outlook, "pop3-disabled", outlook.profile.services.pop
        ),
        (
            *_sights("pop3-disabled"),
            Sight("n/a", _example("pop3-disabled", "bad"), wanted),
        ),
    )
