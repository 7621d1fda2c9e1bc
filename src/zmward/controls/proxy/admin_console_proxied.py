"""The admin console is reached through the proxy or a tunnel, not directly."""

import ipaddress
from collections.abc import Iterator

from zmward.change import SetAttr
from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import layers, on_directory, on_hosts
from zmward.controls.shapes.effective import server_value
from zmward.controls.shapes.outside_http_doors import console_by_proxy
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound
from zmward.facts import Facts
from zmward.sources.directory import CONFIG, SERVERS, Entry
from zmward.sources.listeners import LISTENERS

_SWITCH = "zimbraReverseProxyAdminEnabled"
_PORT = "zimbraAdminProxyPort"
_BIND = "zimbraAdminBindAddress"


def _tunnel_only(server: Entry) -> bool:
    """Say whether mailboxd's admin port answers on loopback alone."""
    address = server.one(_BIND)
    try:
        return bool(address) and ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def _declared(facts: Facts) -> Iterator[Judgement]:
    proxies = facts.servers("proxy")
    if not proxies:
        yield not_concerned(Layer.DECLARED, "directory", "no server runs proxy")
    tunnelled = all(_tunnel_only(server) for server in facts.servers("mailbox"))
    for server in proxies:
        value = server_value(facts, server, _SWITCH)
        text = f"{_SWITCH}: {', '.join(value) or '(not set)'}"
        if value == ("TRUE",) or tunnelled:
            yield sound(Layer.DECLARED, server.label, source="directory", seen=text)
            continue
        own = server.own(_SWITCH) or None
        yield deviates(
            Layer.DECLARED,
            server.label,
            text,
            "TRUE, or zimbraAdminBindAddress on loopback for tunnels",
            cure=SetAttr(server.label, _SWITCH, own, ("TRUE",)),
            source="directory",
        )


def _listening(facts: Facts, host: str) -> Iterator[Judgement]:
    server = next(s for s in facts.servers("proxy") if s.name == host)
    on = server_value(facts, server, _SWITCH) == ("TRUE",)
    port = next(iter(server_value(facts, server, _PORT)), "9071")
    found = [s for s in facts.read(LISTENERS, host) if str(s.port) == port]
    listens = any(s.protocol == "tcp" and not s.loopback for s in found)
    text = f"{port} is {'open' if listens else 'closed'} on the proxy"
    if listens == on:
        yield sound(Layer.RUNNING, host, source="listeners", seen=text)
        return
    yield deviates(
        Layer.RUNNING,
        host,
        text,
        f"{port} {'open' if on else 'closed'}, as {_SWITCH} says",
        no_cure=f"It follows from {_SWITCH}: the proxy needs a restart.",
        source="listeners",
    )


def _ss(port: int) -> str:
    return f"tcp LISTEN 0 511 0.0.0.0:{port} 0.0.0.0:*\n"


CONTROL = Control(
    id="admin-console-proxied",
    title="The admin console is reached through the proxy or a tunnel, not directly",
    why=(
        "mailboxd's own port 7071 speaks with Java's TLS and has no second line "
        "of defence; the proxy on 9071 or a tunnel over SSH can be guarded."
    ),
    impact="The proxy listens on 9071 as well: firewall it to the administrators.",
    severity=Severity.LOW,
    tips=("T07",),
    roles=("proxy",),
    locks_out="administrators whose firewall does not let 9071 in yet",
    check=layers(
        on_directory(
            Layer.DECLARED,
            (CONFIG, SERVERS),
            _declared,
            cures=True,
            attributes=(_SWITCH,),
        ),
        on_hosts(Layer.RUNNING, (LISTENERS, CONFIG), _listening, role="proxy"),
    ),
    refs=(),
    note=(
        "zmproxyconfig -e -w -C does the same but also rewrites mail modes and "
        "ports; the one attribute is enough. Who can reach 7071 and 9071 is "
        "judged by the firewall: `zmward firewall`."
    ),
    examples=(
        passes(config={_SWITCH: "TRUE", _PORT: "9071"}, raw={"listeners": _ss(9071)}),
        passes(
            config={_SWITCH: "FALSE", _PORT: "9071"},
            server={_BIND: "127.0.0.1"},
            raw={"listeners": _ss(443)},
        ),
        fails(config={_SWITCH: "FALSE", _PORT: "9071"}, missing=("listeners",)),
        fails(config={_SWITCH: "TRUE", _PORT: "9071"}, raw={"listeners": _ss(443)}),
        fails(
            config={_SWITCH: "FALSE", _PORT: "9071"},
            server={_BIND: "127.0.0.1"},
            raw={"listeners": _ss(9071)},
        ),
        unsure(config={_SWITCH: "TRUE", _PORT: "9071"}, missing=("listeners",)),
        unconcerned(services=("mta",), config={}),
    ),
    outside=console_by_proxy(),
)
