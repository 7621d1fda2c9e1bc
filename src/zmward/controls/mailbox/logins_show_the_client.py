"""Logins in audit.log show the address of the client."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.originlog import ORIGINLOG

# A watcher on the node itself may log in now and then, by its own address.
_FEW = 0.1


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    log = facts.read(ORIGINLOG, host)
    text = f"{log['own']} of {log['logins']} logins show an address of this node"
    if not log["logins"]:
        reason = f"no login in the last {log['lines']} lines of audit.log"
        yield unknown(Layer.RUNNING, host, reason)
    elif log["own"] <= log["logins"] * _FEW:
        yield sound(Layer.RUNNING, host, source="origin-log", seen=text)
    else:
        yield deviates(
            Layer.RUNNING,
            host,
            text,
            "the client's address",
            no_cure="It follows from zimbraMailTrustedIP; mailboxd needs a restart, "
            "and lines written before it stay as they are.",
            source="origin-log",
        )


def _log(logins: int, own: int) -> dict[str, int]:
    return {"lines": 2 * logins, "logins": logins, "own": own}


CONTROL = Control(
    id="logins-show-the-client",
    title="Logins in audit.log show the address of the client",
    why=(
        "Whoever reads the logs, a person or fail2ban, sees only the own server "
        "where the proxy is not trusted."
    ),
    impact="None.",
    severity=Severity.HIGH,
    tips=("T32",),
    roles=("mailbox",),
    check=on_hosts(Layer.RUNNING, (ORIGINLOG,), _look, role="mailbox"),
    refs=(),
    note=(
        "The last megabyte of audit.log is counted; logins of the principal "
        "zimbra, which are the own programs, are left out."
    ),
    examples=(
        passes(origin_log=_log(100, 0)),
        passes(origin_log=_log(100, 3)),
        fails(origin_log=_log(100, 90)),
        unsure(origin_log=_log(0, 0)),
        unsure(missing=("origin-log",)),
        unconcerned(services=("mta",), origin_log=_log(100, 90)),
    ),
)
