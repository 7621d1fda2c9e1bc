"""The directory refuses clear text where it serves other nodes."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound
from zmward.facts import Facts
from zmward.sources.directory import SERVERS
from zmward.sources.localconfig import LOCALCONFIG

_STRENGTH = 128
_NO_CURE = (
    "First ldap_starttls_supported=1 on every node and a restart; then "
    "ldap_common_require_tls=128 here."
)


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    value = facts.read(LOCALCONFIG, host).value("ldap_common_require_tls") or ""
    others = [server.name for server in facts.servers() if server.name != host]
    text = f"ldap_common_require_tls = {value}"
    if value.isdecimal() and int(value) >= _STRENGTH:
        yield sound(Layer.DECLARED, host, source="localconfig", seen=text)
    elif not others:
        yield not_concerned(Layer.DECLARED, host, "no other server asks this directory")
    else:
        yield deviates(
            Layer.DECLARED, host, text, f"{_STRENGTH} or more", no_cure=_NO_CURE
        )


CONTROL = Control(
    id="ldap-requires-tls",
    title="The directory refuses clear text where it serves other nodes",
    why=(
        "Without it any client may log in to the directory in clear text, and each "
        "password can be guessed there without a lockout or a log line."
    ),
    impact="Programs that ask the directory without TLS can no longer.",
    severity=Severity.MEDIUM,
    tips=("T31", "S6"),
    roles=("ldap",),
    check=on_hosts(Layer.DECLARED, (LOCALCONFIG, SERVERS), _look, role="ldap"),
    refs=(),
    note=(
        "It matters where nodes ask over the network; on a single server 389 belongs "
        "behind the firewall."
    ),
    examples=(
        passes(
            localconfig={"ldap_common_require_tls": "128"},
            servers={"two.example.com": {"zimbraServiceEnabled": ("mailbox",)}},
        ),
        passes(localconfig={"ldap_common_require_tls": "256"}),
        fails(
            localconfig={},
            servers={"two.example.com": {"zimbraServiceEnabled": ("mailbox",)}},
        ),
        unconcerned(localconfig={}),
        unsure(missing=("localconfig",)),
    ),
)
