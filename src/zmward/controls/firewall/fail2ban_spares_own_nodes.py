"""fail2ban never bans a server of this installation."""

import ipaddress
from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.sources.addresses import ADDRESSES
from zmward.sources.directory import SERVERS
from zmward.sources.fail2ban import FAIL2BAN, Fail2ban, Jail


def _spared(address: str, ignored: tuple[str, ...]) -> bool:
    one = ipaddress.ip_address(address)
    for word in ignored:
        try:
            network = ipaddress.ip_network(word, strict=False)
        except ValueError:  # a name: fail2ban asks DNS, which is not done here
            continue
        if one.version == network.version and one in network:
            return True
    return False


def _others(facts: Facts, host: str) -> Iterator[tuple[str, str]]:
    """Yield every server besides this one with its addresses; "" where unknown."""
    for server in facts.servers():
        if server.name == host:
            continue
        try:
            for address in facts.read(ADDRESSES, server.name):
                one = ipaddress.ip_address(address)
                if not one.is_loopback and not one.is_link_local:
                    yield server.name, address
        except Unseen:
            yield server.name, ""


def _judge(found: Fail2ban, facts: Facts, host: str) -> Iterator[Judgement]:
    for name, address in _others(facts, host):
        if name in found.ignored or (address and _spared(address, found.ignored)):
            text = f"ignoreip holds {address or name}"
            yield sound(Layer.DECLARED, host, source="fail2ban", seen=text)
        elif not address:
            reason = f"not seen: {name}, so its addresses are not known"
            yield unknown(Layer.DECLARED, host, reason)
        else:
            yield deviates(
                Layer.DECLARED,
                host,
                f"ignoreip lacks {address} ({name})",
                "every server of the installation",
                no_cure="Add the address to ignoreip in jail.local, and the mailbox "
                "servers' to zimbraHttpThrottleSafeIPs.",
                source="fail2ban",
            )


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    if facts.absent(FAIL2BAN, host):
        yield not_concerned(Layer.DECLARED, host, "fail2ban is not installed")
        return
    found = facts.read(FAIL2BAN, host)
    if not found.jails:
        yield not_concerned(Layer.DECLARED, host, "no jail is enabled")
        return
    if not found.ignores_itself:
        text = "ignoreself is off: its own addresses can be banned"
        yield deviates(
            Layer.DECLARED,
            host,
            text,
            "ignoreself = true",
            no_cure="Remove `ignoreself` from jail.local.",
            source="fail2ban",
        )
    else:
        text = "ignoreself spares the node's own addresses"
        yield sound(Layer.DECLARED, host, source="fail2ban", seen=text)
    yield from _judge(found, facts, host)


def _example(*ignored: str, itself: bool = True) -> Fail2ban:
    return Fail2ban((Jail("sshd", "sshd", ()),), ignored, {}, itself)


CONTROL = Control(
    id="fail2ban-spares-own-nodes",
    title="fail2ban never bans a server of this installation",
    why="One ban of a proxy shuts out every user who comes through it.",
    impact="Failures that come from these addresses are never banned.",
    severity=Severity.MEDIUM,
    tips=("T05",),
    check=on_hosts(Layer.DECLARED, (FAIL2BAN, SERVERS, ADDRESSES), _look),
    refs=("https://github.com/fail2ban/fail2ban",),
    examples=(
        passes(fail2ban=_example("127.0.0.1/8")),
        fails(fail2ban=_example(itself=False)),
        unsure(fail2ban=_example(), servers={"mta1.example.com": {}}),
        unsure(missing=("fail2ban",)),
        unconcerned(fail2ban=Fail2ban((), (), {})),
        unconcerned(absent=("fail2ban",)),
    ),
)
