"""Finds the function of a request by the request's name."""

import inspect
import re
from collections.abc import Callable
from types import ModuleType

from . import (
    account_requests,
    admin_accounts,
    admin_auth,
    admin_config,
    admin_cos,
    admin_domains,
    admin_grants,
    admin_search,
    admin_servers,
    admin_service,
)
from .call import Call
from .faults import Fault, unknown_document
from .node import ACCOUNT, ADMIN, Node

RequestFunction = Callable[[Call, Node], Node]

_MODULES: dict[str, tuple[ModuleType, ...]] = {
    ADMIN: (
        admin_auth,
        admin_config,
        admin_cos,
        admin_domains,
        admin_servers,
        admin_accounts,
        admin_grants,
        admin_search,
        admin_service,
    ),
    ACCOUNT: (account_requests,),
}
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
OPEN_REQUESTS = frozenset({"AuthRequest", "PingRequest"})
OPEN_AT_HOME = frozenset({"CheckHealthRequest"})


def find(request: Node, *, admin_service_here: bool) -> RequestFunction:
    """Give the function that answers a request."""
    if request.namespace == ADMIN and not admin_service_here:
        raise _unknown(request)
    if not request.name.endswith("Request"):
        raise _unknown(request)
    name = _WORD.sub("_", request.name.removesuffix("Request")).lower()
    for module in _MODULES.get(request.namespace, ()):
        found = vars(module).get(name)
        # Only what the module itself defines is a request.
        if inspect.isfunction(found) and found.__module__ == module.__name__:
            return found
    raise _unknown(request)


def _unknown(request: Node) -> Fault:
    name = request.name
    return unknown_document(
        f"{request.namespace}:{name}" if request.namespace else name
    )
