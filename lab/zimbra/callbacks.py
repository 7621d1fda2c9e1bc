"""What Zimbra's Java callbacks do when certain attributes are changed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from .changes import Request
from .entry import Entry
from .errors import failure, invalid_request
from .schema import attributes, find
from .validation import seconds

_MECHANISMS = {"zimbra", "ldap", "ad", "kerberos5"}
_SIGNATURE_LIMIT = 10240


class Directory(Protocol):
    """What a callback may ask."""

    def effective(self, entry: Entry) -> dict[str, list[str]]:
        """Return own and inherited values."""

    def find_id(self, kind: str, number: str) -> bool:
        """Tell whether an entry of that kind has that id."""

    def find_server(self, hostname: str) -> bool:
        """Tell whether a server has that service host name."""


@dataclass(frozen=True)
class Change:
    """One attribute of a request, with everything a callback looks at."""

    name: str
    request: Request
    entry: Entry
    directory: Directory

    def values(self) -> list[str]:
        """Return the values that the request brings."""
        return self.request.new_values(self.name)

    def will_be(self, name: str) -> str | None:
        """Return what another attribute is once the request is through."""
        given = self.request.single(name)
        if given is not None:
            return given
        found: Mapping[str, Sequence[str]] = self.directory.effective(self.entry)
        return found[name][0] if found.get(name) else None


def _relay_host(change: Change) -> None:
    added = change.request.added.get(change.name, [])
    present = change.entry.attrs.get(change.name, ()) if added else ()
    if len({*present, *change.values()}) > 1:
        raise invalid_request(f"{change.name} can only have one value")


def _positive(change: Change) -> None:
    for value in change.values():
        if not seconds(value):
            raise invalid_request(f"cannot set {change.name} to {value}: not positive")


def _account_status(change: Change) -> None:
    status = change.request.single(change.name)
    if status == "":
        raise invalid_request(f"{change.name} is a required attribute")
    mail = "disabled" if status in {"closed", "pending"} else "enabled"
    change.request.replaced.setdefault("zimbraMailStatus", [mail])
    if status == "active":
        for name in ("LockoutLockedTime", "LockoutFailureTime"):
            change.request.replaced.setdefault(f"zimbraPassword{name}", [""])


def _mechanism(change: Change) -> None:
    for value in change.values():
        if value not in _MECHANISMS and not value.startswith("custom:"):
            raise invalid_request(f"invalid value: {value}")


def _cos_id(change: Change) -> None:
    for value in change.values():
        if not change.directory.find_id("cos", value):
            raise invalid_request(f"cos id {value} does not point to a valid cos")


def _mail_host(change: Change) -> None:
    for value in change.values():
        if not change.directory.find_server(value):
            raise invalid_request(
                f"specified {change.name} does not correspond to a valid server "
                f"service hostname: {value}"
            )


def _signature(change: Change) -> None:
    if change.entry.kind != "account":
        return
    limit = int(change.will_be("zimbraMailSignatureMaxLength") or _SIGNATURE_LIMIT)
    for value in change.values():
        if limit and len(value.encode()) > limit:
            raise invalid_request(
                f"{change.name} is longer than the limited value {limit}"
            )


def _two_factor(change: Change) -> None:
    available = change.will_be("zimbraFeatureTwoFactorAuthAvailable") == "TRUE"
    required = change.will_be("zimbraFeatureTwoFactorAuthRequired") == "TRUE"
    if change.name.endswith("Required") and "TRUE" in change.values() and not available:
        raise failure(
            "cannot make two-factor auth required because it is not available"
        )
    if change.name.endswith("Available") and "FALSE" in change.values() and required:
        raise failure("cannot make two-factor auth unavailable because it is required")


def _display_name(change: Change) -> None:
    if change.entry.kind == "account" and change.values():
        change.request.replaced.setdefault("cn", change.values()[:1])


def _ports(change: Change) -> None:
    for value in change.values():
        if value == "0":
            continue
        for row in attributes().values():
            if row.callback not in {"CheckPortConflict", "MailPort"}:
                continue
            if row.name != change.name and change.will_be(row.name) == value:
                raise invalid_request(
                    f"port {value} conflict between {change.name} and {row.name} "
                    f"on {change.entry.kind} {change.entry.name}"
                )


_CALLBACKS: Mapping[str, Callable[[Change], None]] = {
    "AccountStatus": _account_status,
    "AuthMech": _mechanism,
    "CheckPortConflict": _ports,
    "CosId": _cos_id,
    "DisplayName": _display_name,
    "MailHost": _mail_host,
    "MailPort": _ports,
    "MailSignature": _signature,
    "MtaRelayHost": _relay_host,
    "PositiveTimeInterval": _positive,
    "TwoFactorAuthStatus": _two_factor,
}


def run_callbacks(request: Request, entry: Entry, directory: Directory) -> None:
    """Let each touched attribute's callback refuse or widen the request."""
    for name in request.names():
        row = find(name)
        callback = _CALLBACKS.get(row.callback) if row else None
        if callback:
            callback(Change(name, request, entry, directory))
