"""Diffie-Hellman parameters have 2048 bits or more."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.shapes.outside_tls import long_parameters
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound
from zmward.facts import Facts
from zmward.sources.dhparam import DHPARAM
from zmward.sources.directory import SERVERS

_ENOUGH = 2048
_USERS = {"proxy", "mta", "ldap"}
_NO_CURE = "As zimbra: zmdhparam set -new 2048, then restart ldap, mta and proxy."


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    server = next((s for s in facts.servers() if s.name == host), None)
    if server and not _USERS & set(server.own("zimbraServiceEnabled")):
        reason = "neither proxy nor MTA nor directory runs here"
        yield not_concerned(Layer.RENDERED, host, reason)
        return
    bits = facts.read(DHPARAM, host)
    text = f"conf/dhparam.pem: {bits} bits"
    if bits >= _ENOUGH:
        yield sound(Layer.RENDERED, host, source="dhparam", seen=text)
    else:
        yield deviates(
            Layer.RENDERED, host, text, f"{_ENOUGH} bits or more", no_cure=_NO_CURE
        )


CONTROL = Control(
    id="dh-parameters-long",
    title="Diffie-Hellman parameters have 2048 bits or more",
    why="Shorter groups are broken in advance for everybody who uses them.",
    impact="Nobody is affected; clients that cannot do 2048 bits use elliptic curves.",
    severity=Severity.MEDIUM,
    tips=("T31",),
    roles=("proxy", "mta", "ldap"),
    check=on_hosts(Layer.RENDERED, (DHPARAM, SERVERS), _look),
    refs=("https://weakdh.org/",),
    note=(
        "The shipped file is a public 2048-bit group, which is sound. zmdhparam set "
        "-new 2048 makes one's own, for all servers."
    ),
    outside=long_parameters(
        f"{_NO_CURE} The mailbox server's are Java's: jdk.tls.ephemeralDHKeySize."
    ),
    examples=(
        passes(dhparam=2048),
        fails(dhparam=1024),
        fails(dhparam=1024, services=("proxy", "memcached")),
        unconcerned(dhparam=1024, services=("mailbox",)),
        unsure(missing=("dhparam",)),
    ),
)
