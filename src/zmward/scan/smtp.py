"""What SMTP and LMTP say to a stranger, before anybody has logged in."""

import re

import msgspec

from zmward.scan.line import Ask, Dial, Exchange
from zmward.scan.named import Named
from zmward.scan.versions import version_in

# Zimbra's own LMTP server, the filters behind Postfix, and what others run on 25.
_PRODUCTS = {
    "postfix": "Postfix",
    "zimbra": "Zimbra",
    "amavis": "amavisd",
    "exim": "Exim",
    "sendmail": "Sendmail",
    "opensmtpd": "OpenSMTPD",
    "microsoft": "Microsoft",
}
_GREETING = re.compile(r"220(?:[ -]|$)|(?:421|554)[ -](?:\d\.\d{1,3}\.\d{1,3} |.*smtp)")
_TEASER = "220-"
_LONGEST = 2000


class SmtpShown(msgspec.Struct, frozen=True, tag="smtp"):
    """One port of the MTA, or of LMTP: its greeting and what it lets a stranger do."""

    address: str
    port: int
    exchanges: tuple[Exchange, ...] = ()
    trouble: str = ""


def named(greeting: bytes) -> Named | None:
    """Name what greets like an SMTP or LMTP server; None where it does not.

    postscreen says the first line of its greeting, waits, and listens who cannot.
    """
    lines = greeting[:_LONGEST].decode("utf-8", "replace").splitlines()
    first = lines[0].lower() if lines else ""
    # FTP greets with 220 too.
    if not _GREETING.match(first) or ("ftp" in first and "smtp" not in first):
        return None
    product = next((name for word, name in _PRODUCTS.items() if word in first), "")
    if lines[0].startswith(_TEASER) and product == "Postfix":
        product = "Postfix postscreen"
    # What stands before is the code and the name of the host.
    said = lines[0][4:].partition(" ")[2]
    lmtp = re.search(r"\blmtp\b", first) is not None
    return Named("lmtp" if lmtp else "smtp", product, version_in(said))


def look(dial: Dial, port: int, ask: Ask, *, tls: bool) -> SmtpShown:
    """Talk with one port; `tls` says that it speaks TLS from the start."""
    del ask, tls
    return SmtpShown(dial.address, port, trouble="not asked in this version")
