"""Lines as servers write them, for the tests of logs."""

from zoneinfo import ZoneInfo

from zmward.catalog.log_pattern import Log
from zmward.logs.addresses import Trusted
from zmward.logs.clock import Clock
from zmward.logs.event import Event
from zmward.logs.lines import Place
from zmward.logs.reading import Counts, events

ROME = ZoneInfo("Europe/Rome")
NEWEST = 1_730_900_000.0
PROXY, CALLER, BYSTANDER = "192.0.2.10", "198.51.100.7", "6.6.6.6"
STAMP = "2024-11-05 10:15:40,002"
URL = "[qtp1-318:https://mail.example.com/service/soap/AuthRequest]"
# Where saslauthd asks for Postfix.
ASKED = "[qtp1-318:smtp://mbox1.example.com:7073/service/admin/soap/]"


def place(log: Log, *trusted: str) -> Place:
    return Place(log, Clock(ROME, NEWEST), Trusted(trusted))


def read(log: Log, *lines: str | bytes, trusted: str = PROXY) -> list[Event]:
    """Return the events of some lines."""
    raw = (one.encode() if isinstance(one, str) else one for one in lines)
    block = b"".join(line + b"\n" for line in raw)
    return list(events(place(log, trusted), [block], Counts()))


def failed(
    context: str,
    account: str = "anna@example.com",
    protocol: str = "soap",
    stamp: str = STAMP,
    thread: str = URL,
) -> str:
    """Return a wrong password as audit.log has it."""
    return (
        f"{stamp} WARN  {thread} [{context}] security - cmd=Auth; account={account}; "
        f"protocol={protocol}; error=authentication failed for [{account}], invalid "
        "password;"
    )


def good(context: str, account: str = "anna@example.com", stamp: str = STAMP) -> str:
    """Return a good login as audit.log has it."""
    return (
        f"{stamp} INFO  {URL} [{context}] security - cmd=Auth; account={account}; "
        "protocol=soap;"
    )


def sasl(address: str = CALLER, stamp: str = "Nov  5 10:15:40", name: str = "") -> str:
    """Return a failed SMTP login as Postfix writes it."""
    user = f", sasl_username={name}" if name else ""
    return (
        f"{stamp} mta1 postfix/submission/smtpd[1]: warning: unknown[{address}]: SASL "
        f"LOGIN authentication failed: authentication failure{user}"
    )


def saslauthd(name: str, stamp: str = "Nov  5 10:15:40") -> str:
    """Return the same as saslauthd writes it."""
    return (
        f"{stamp} mta1 saslauthd[2]: auth_zimbra: {name} auth failed: authentication "
        f"failed for [{name}]"
    )
