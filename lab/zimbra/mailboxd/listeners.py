"""Where mailboxd listens, as the server's effective attributes say."""

from collections.abc import Iterator
from dataclasses import dataclass

from .directory import first
from .store import Attributes

_MODES = {
    "http": (True, False),
    "https": (False, True),
    "both": (True, True),
    "mixed": (True, True),
    "redirect": (True, True),
}


@dataclass(frozen=True)
class Listener:
    """One port: what is spoken on it, where, and whether inside TLS.

    No address means every address.
    """

    role: str
    port: int
    address: str = ""
    secure: bool = False


# role, port attribute, bind attribute, switch attribute, TLS
_ALWAYS = (
    ("admin", "zimbraAdminPort", "zimbraAdminBindAddress", "", True),
    ("extension", "zimbraExtensionBindPort", "zimbraExtensionBindAddress", "", True),
    ("mta-auth", "zimbraMtaAuthPort", "zimbraMtaAuthBindAddress", "", True),
    (
        "lmtp",
        "zimbraLmtpBindPort",
        "zimbraLmtpBindAddress",
        "zimbraLmtpServerEnabled",
        False,
    ),
    (
        "imap",
        "zimbraImapBindPort",
        "zimbraImapBindAddress",
        "zimbraImapServerEnabled",
        False,
    ),
    (
        "imap",
        "zimbraImapSSLBindPort",
        "zimbraImapSSLBindAddress",
        "zimbraImapSSLServerEnabled",
        True,
    ),
    (
        "pop3",
        "zimbraPop3BindPort",
        "zimbraPop3BindAddress",
        "zimbraPop3ServerEnabled",
        False,
    ),
    (
        "pop3",
        "zimbraPop3SSLBindPort",
        "zimbraPop3SSLBindAddress",
        "zimbraPop3SSLServerEnabled",
        True,
    ),
)


def listeners(server: Attributes) -> list[Listener]:
    """Give the listeners that the attributes ask for."""
    return [*_web(server), *_fixed(server)]


def _web(server: Attributes) -> Iterator[Listener]:
    mode = first(server, "zimbraMailMode", "https")
    plain, tls = _MODES.get(mode, _MODES["https"])
    port = int(first(server, "zimbraMailPort", "0"))
    if plain and port:
        role = "redirect" if mode == "redirect" else "mail"
        yield Listener(role, port, first(server, "zimbraMailBindAddress"))
    port = int(first(server, "zimbraMailSSLPort", "0"))
    if tls and port:
        address = first(server, "zimbraMailSSLBindAddress")
        yield Listener("mail", port, address, secure=True)


def _fixed(server: Attributes) -> Iterator[Listener]:
    for role, port_name, address_name, switch, secure in _ALWAYS:
        port = int(first(server, port_name, "0"))
        if not port or (switch and first(server, switch, "TRUE") != "TRUE"):
            continue
        address = first(server, address_name)
        yield Listener(role, port, address, secure)
        # zimbraAdminLocalBind: a bound admin address keeps a loopback connector.
        if role == "admin" and address and not address.startswith("127."):
            yield Listener(role, port, "127.0.0.1", secure)
