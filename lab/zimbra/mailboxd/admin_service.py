"""Requests about the server itself: version, health, caches, grants."""

from .call import Call, answer
from .directory import first
from .faults import failure, invalid
from .node import Node


def no_op(_call: Call, request: Node) -> Node:
    """Do nothing."""
    return answer(request)


def ping(_call: Call, request: Node) -> Node:
    """Answer anybody."""
    return answer(request)


def check_health(_call: Call, request: Node) -> Node:
    """Tell this host, and administrators elsewhere, that the server is well."""
    response = answer(request)
    response.attributes["healthy"] = True
    return response


def reload_local_config(call: Call, request: Node) -> Node:
    """Read localconfig again, as far as its keys can be read again."""
    call.mailboxd.reload_local()
    return answer(request)


def get_version_info(call: Call, request: Node) -> Node:
    """Tell the version of this server."""
    server = call.mailboxd.started
    version = first(server, "zimbraServerVersion", "10.1.0_GA_4655")
    response = answer(request)
    response.add(
        "info",
        type=first(server, "zimbraServerVersionType", "FOSS"),
        version=version,
        release=first(server, "zimbraServerVersionBuild", "4655"),
        buildDate="20240703-1200",
        host=call.mailboxd.host,
        majorversion=first(server, "zimbraServerVersionMajor", "10"),
        minorversion=first(server, "zimbraServerVersionMinor", "1"),
        microversion=first(server, "zimbraServerVersionMicro", "0"),
        platform="UBUNTU22_64",
    )
    return response


def get_service_status(call: Call, request: Node) -> Node:
    """Tell the state of services, which only a logger host knows."""
    directory = call.mailboxd.directory
    if not first(directory.config().attrs, "zimbraLogHostname"):
        raise failure("no log host specified in config")
    response = answer(request)
    response.add("timezone", id="UTC", displayName="UTC")
    moment = int(call.mailboxd.clock())
    for server in directory.store.all("server"):
        for service in sorted(server.attrs.get("zimbraServiceEnabled", [])):
            response.add("status", 1, server=server.name, service=service, t=moment)
    return response


def flush_cache(call: Call, request: Node) -> Node:
    """Forget cached entries, so that changes made in LDAP are seen."""
    cache = request.child("cache")
    if cache is None:
        raise invalid("missing required element: cache")
    ids = [entry.value for entry in cache.named("entry")]
    kinds = [kind.strip() for kind in (cache.get("type") or "").split(",")]
    for kind in kinds:
        call.mailboxd.directory.flush(kind, ids)
    return answer(request)


def get_attribute_info(_call: Call, request: Node) -> Node:
    """Name the attributes asked for; types and enums are not told."""
    response = answer(request)
    for name in (request.get("attrs") or "").split(","):
        if name.strip():
            response.add("a", n=name.strip(), desc="")
    return response
