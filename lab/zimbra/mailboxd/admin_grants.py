"""Who was granted which right on what."""

from .call import Call, answer
from .faults import invalid
from .node import Node
from .store import Grant


def get_grants(call: Call, request: Node) -> Node:
    """Give the grants on a target, of a grantee, or both."""
    target, grantee = request.child("target"), request.child("grantee")
    if target is None and grantee is None:
        raise invalid("at least one of target or grantee must be specified")
    response = answer(request)
    for grant in call.mailboxd.directory.store.grants():
        on = (grant.target_type, grant.target_id, grant.target_name)
        to = (grant.grantee_type, grant.grantee_id, grant.grantee_name)
        if _selects(target, on) and _selects(grantee, to):
            _add(response, grant)
    return response


def _selects(wanted: Node | None, found: tuple[str, str, str]) -> bool:
    if wanted is None:
        return True
    kind, *keys = found
    if (wanted.get("type") or kind) != kind:
        return False
    return not wanted.value or wanted.value in keys


def _add(response: Node, grant: Grant) -> None:
    element = response.add("grant")
    on, to = (
        (grant.target_id, grant.target_name),
        (grant.grantee_id, grant.grantee_name),
    )
    element.add("target", type=grant.target_type, id=on[0], name=on[1])
    element.add("grantee", type=grant.grantee_type, id=to[0], name=to[1])
    flags: dict[str, bool] = {
        "deny": grant.right.startswith("-"),
        "canDelegate": grant.right.startswith("+"),
    }
    element.add("right", grant.right.lstrip("+-*"), **flags)
