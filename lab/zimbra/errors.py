"""The refusals of Zimbra's provisioning, with their codes."""


class ProvisioningError(Exception):
    """A refusal: its code, its message, whose fault it is and its arguments."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        receiver: bool = False,
        arguments: tuple[tuple[str, str, str], ...] = (),
        cause: str = "",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.receiver = receiver
        # name, type (NUM, STR) and value of each, as <a n= t=> in a fault
        self.arguments = arguments
        self.cause = cause


def invalid_request(message: str) -> ProvisioningError:
    """Return the refusal of a request that makes no sense."""
    return ProvisioningError("service.INVALID_REQUEST", f"invalid request: {message}")


def invalid_value(message: str) -> ProvisioningError:
    """Return the refusal of an attribute's value."""
    return ProvisioningError("account.INVALID_ATTR_VALUE", message)


def failure(message: str, cause: str = "") -> ProvisioningError:
    """Return a failure that is the server's."""
    return ProvisioningError(
        "service.FAILURE", f"system failure: {message}", receiver=True, cause=cause
    )


_MISSING = {
    "account": ("account.NO_SUCH_ACCOUNT", "no such account: {}"),
    "cos": ("account.NO_SUCH_COS", "no such cos: {}"),
    "domain": ("account.NO_SUCH_DOMAIN", "no such domain: {}"),
    "server": ("account.NO_SUCH_SERVER", "no such server: {}"),
    "zimlet": ("account.NO_SUCH_ZIMLET", "no such zimlet: {}"),
    "resource": (
        "account.NO_SUCH_CALENDAR_RESOURCE",
        "no such calendar resource: {}",
    ),
    "alias": ("account.NO_SUCH_ALIAS", "no such alias: {}"),
    "group": (
        "account.NO_SUCH_DISTRIBUTION_LIST",
        "no such distribution list: {}",
    ),
}


def no_such(kind: str, key: str) -> ProvisioningError:
    """Return the refusal of a name that nobody bears."""
    code, text = _MISSING.get(kind, _MISSING["group"])
    return ProvisioningError(code, text.format(key))
