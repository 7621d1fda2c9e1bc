"""fail2ban never bans a server of this installation."""

from collections.abc import Iterator

from zmward.change import FileText, WriteFile
from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.firewall._nodes import others, spares
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.shapes.repair import Uncurable, repair, standing
from zmward.controls.shapes.unittext import unit_text
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.facts import Facts
from zmward.sources.addresses import ADDRESSES
from zmward.sources.directory import SERVERS
from zmward.sources.fail2ban import FAIL2BAN, Fail2ban, Jail
from zmward.sources.own_files import OWN_FILES
from zmward.sources.units import UNITS, unit

_PATH = "/etc/fail2ban/jail.d/zmward-nodes.local"
_HEAD = "# Written by zmward. It is read last: add addresses here, not in jail.local.\n"


def _cure(facts: Facts, host: str, found: Fail2ban) -> WriteFile:
    """Return the one drop-in that spares every server, and what the site spares."""
    if found.apart:
        raise Uncurable(
            f"The jails {', '.join(found.apart)} say ignoreip or ignoreself for "
            "themselves: add the servers' addresses there."
        )
    missing = [
        address
        for name, address in others(facts, host)
        if address and not spares(found, name, address)
    ]
    words = " ".join((*found.common.replace(",", " ").split(), *missing))
    before = standing(facts, host, _PATH)
    text = f"{_HEAD}[DEFAULT]\nignoreself = true\n"
    text += f"ignoreip = {words}\n" if words else ""
    after = FileText(text, before.mode if before else 0o644)
    running = unit(facts.read(UNITS, host), "fail2ban")
    reloads = (running.name,) if running.runs else ()
    return WriteFile(host, _PATH, before, after, "fail2ban", reloads)


def _judge(found: Fail2ban, facts: Facts, host: str) -> Iterator[Judgement]:
    for name, address in others(facts, host):
        if spares(found, name, address):
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
                source="fail2ban",
                **repair(lambda: _cure(facts, host, found)),
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
            source="fail2ban",
            **repair(lambda: _cure(facts, host, found)),
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
    check=on_hosts(
        Layer.DECLARED,
        (FAIL2BAN, SERVERS, ADDRESSES, OWN_FILES, UNITS),
        _look,
        cures=True,
    ),
    refs=("https://github.com/fail2ban/fail2ban",),
    note=(
        "The repair is a file in jail.d that holds what ignoreip says for all jails, "
        "and the other servers. The mailbox servers' own filter has a list apart, "
        "zimbraHttpThrottleSafeIPs."
    ),
    examples=(
        passes(fail2ban=_example("127.0.0.1/8")),
        fails(fail2ban=_example(itself=False)),
        fails(
            fail2ban=_example("127.0.0.1/8", itself=False),
            raw={"own-files": "end\n", "units": unit_text("fail2ban")},
        ),
        unsure(fail2ban=_example(), servers={"mta1.example.com": {}}),
        unsure(missing=("fail2ban",)),
        unconcerned(fail2ban=Fail2ban((), (), {})),
        unconcerned(absent=("fail2ban",)),
    ),
)
