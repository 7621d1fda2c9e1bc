"""What goes wrong, as the codes and sentences a Zimbra client knows."""

from ..errors import ProvisioningError  # noqa: TID252 - the name differs in the node

Fault = ProvisioningError


def auth_failed(typed: str) -> Fault:
    """Say that the name or the password is wrong."""
    return Fault("account.AUTH_FAILED", f"authentication failed for [{typed}]")


def auth_required() -> Fault:
    """Say that no usable token came with the request."""
    return Fault("service.AUTH_REQUIRED", "no valid authtoken present")


def auth_expired() -> Fault:
    """Say that the token was good once."""
    return Fault("service.AUTH_EXPIRED", "auth credentials have expired")


def denied(reason: str) -> Fault:
    """Say that the caller may not do this."""
    return Fault("service.PERM_DENIED", f"permission denied: {reason}")


def invalid(reason: str) -> Fault:
    """Say that the request makes no sense."""
    return Fault("service.INVALID_REQUEST", f"invalid request: {reason}")


def failure(reason: str) -> Fault:
    """Say that the server, not the client, is at fault."""
    return Fault("service.FAILURE", f"system failure: {reason}", receiver=True)


def parse_error(reason: str) -> Fault:
    """Say that the bytes are no SOAP."""
    return Fault("service.PARSE_ERROR", f"parse error: {reason}")


def unknown_document(name: str) -> Fault:
    """Say that no such request exists."""
    return Fault("service.UNKNOWN_DOCUMENT", f"unknown document: {name}")


def missing(kind: str, key: str) -> Fault:
    """Say that the directory holds no such object."""
    return Fault(f"account.NO_SUCH_{kind.upper()}", f"no such {kind}: {key}")
