"""The mailbox server connects to others with TLS 1.2 and newer only."""

import re
from collections.abc import Iterator

from zmward.change import SetLocalConfig
from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.localconfig import LOCALCONFIG

_KEY = "mailboxd_java_options"
_OPTION = re.compile(r"-D(https\.protocols|jdk\.tls\.client\.protocols)=([^\s]*)")
_CLIENT = "jdk.tls.client.protocols"
_MODERN = ("TLSv1.2", "TLSv1.3")


def _old(text: str) -> bool:
    return not set(text.split(",")) <= set(_MODERN)


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    found = facts.read(LOCALCONFIG, host)
    text = found.raw(_KEY) or ""
    options = _OPTION.findall(text)
    seen = " ".join(f"-D{name}={value}" for name, value in options)
    if any(_old(value) for _, value in options):
        after = _OPTION.sub(lambda match: f"-D{match[1]}={','.join(_MODERN)}", text)
        cure = SetLocalConfig(host, _KEY, found.own.get(_KEY), after)
        yield deviates(Layer.DECLARED, host, seen, "TLSv1.2,TLSv1.3", cure=cure)
    elif _CLIENT not in {name for name, _ in options}:
        reason = f"{_KEY} sets no {_CLIENT}; Java's own list counts"
        yield unknown(Layer.DECLARED, host, reason)
    else:
        yield sound(Layer.DECLARED, host, source="localconfig", seen=seen)


CONTROL = Control(
    id="java-connects-with-modern-tls",
    title="The mailbox server connects to others with TLS 1.2 and newer only",
    why=(
        "External accounts, feeds and LDAP are asked with what stands here; upgrades "
        "once wrote TLS 1.0 and 1.1 into it."
    ),
    impact="Servers that know TLS 1.1 only can no longer be asked.",
    severity=Severity.MEDIUM,
    tips=("T31",),
    roles=("mailbox",),
    locks_out="servers that know TLS 1.1 only, as external mailboxes and feeds",
    check=on_hosts(Layer.DECLARED, (LOCALCONFIG,), _look, role="mailbox", cures=True),
    refs=(),
    note=(
        "It governs outgoing connections only, never the ports. Without the options "
        "Java's own list counts, whose TLS 1.0 and 1.1 current versions switch off; "
        "that is not seen here."
    ),
    examples=(
        passes(localconfig={}),
        fails(
            localconfig={
                _KEY: "-server -Dhttps.protocols=TLSv1,TLSv1.1,TLSv1.2 -Dsome=thing"
            }
        ),
        passes(
            localconfig={
                _KEY: "-Dhttps.protocols=TLSv1.2 -Djdk.tls.client.protocols=TLSv1.2"
            }
        ),
        unsure(localconfig={_KEY: "-server -Dhttps.protocols=TLSv1.2"}),
        unsure(missing=("localconfig",)),
    ),
)
