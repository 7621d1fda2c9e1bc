"""Logins in audit.log show the address of the client."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.shapes.outside_login import proved
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.directory import SERVERS
from zmward.sources.originlog import ORIGINLOG

# A watcher on the node itself may log in now and then, by its own address.
_FEW = 0.1


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    log = facts.read(ORIGINLOG, host)
    text = (
        f"of {log['logins']} logins {log['own']} show an address of this node, "
        f"{log['none']} none at all"
    )
    elsewhere = sorted(
        {s.name for role in ("proxy", "mta") for s in facts.servers(role)} - {host}
    )
    few = log["logins"] * _FEW
    if not log["logins"]:
        reason = f"no login in the last {log['lines']} lines of audit.log"
        yield unknown(Layer.RUNNING, host, reason)
    elif max(log["own"], log["none"]) <= few < log["direct"] and elsewhere:
        reason = (
            f"{log['direct']} of {log['logins']} logins came from an address that may "
            f"be that of {', '.join(elsewhere)}"
        )
        yield unknown(Layer.RUNNING, host, reason)
    elif max(log["own"], log["none"]) <= few:
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


_PROXY = {"proxy.example.com": {"zimbraServiceEnabled": "proxy"}}


def _log(logins: int, own: int, direct: int = 0, none: int = 0) -> dict[str, int]:
    counts = {"lines": 2 * logins, "logins": logins}
    return {**counts, "own": own, "direct": direct, "none": none}


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
    check=on_hosts(Layer.RUNNING, (ORIGINLOG, SERVERS), _look, role="mailbox"),
    refs=(),
    note=(
        "The last megabyte of audit.log is counted; logins of the principal "
        "zimbra, which are the own programs, are left out. Where proxies or MTAs run "
        "on other nodes, an address that was not handed on may be theirs: that is not "
        "known here, and proxies-and-mtas-trusted-by-address tells more."
    ),
    examples=(
        passes(origin_log=_log(100, 0)),
        passes(origin_log=_log(100, 3)),
        passes(origin_log=_log(100, 0, direct=100)),
        passes(
            services=("mailbox",), servers=_PROXY, origin_log=_log(100, 0, direct=5)
        ),
        fails(origin_log=_log(100, 90)),
        fails(origin_log=_log(100, 0, none=100)),
        unsure(
            services=("mailbox",), servers=_PROXY, origin_log=_log(100, 0, direct=100)
        ),
        unsure(origin_log=_log(0, 0)),
        unsure(missing=("origin-log",)),
        unconcerned(services=("mta",), origin_log=_log(100, 90)),
    ),
    outside=proved("origin-in-log"),
)
