"""Mail passes the virus and the spam filter."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import layers, on_directory, on_hosts
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound
from zmward.facts import Facts
from zmward.sources.directory import SERVERS
from zmward.sources.listeners import LISTENERS, Listener
from zmward.sources.postconf import POSTCONF

_SERVICES = ("antispam", "antivirus")
_FILTER = "smtp-amavis:"
_PORTS = {10024: "amavisd", 3310: "clamd"}
_ENABLE = "zmprov ms {} +zimbraServiceEnabled {}, then zmcontrol start."
_REWRITE = "Render it anew: /opt/zimbra/libexec/configrewrite amavis mta."
_START = "Look into /var/log/zimbra.log for the reason, then zmantivirusctl restart."


def _declared(facts: Facts) -> Iterator[Judgement]:
    servers = facts.servers("mta")
    if not servers:
        yield not_concerned(Layer.DECLARED, "directory", "no server runs mta")
    for server in servers:
        own = server.own("zimbraServiceEnabled")
        missing = [name for name in _SERVICES if name not in own]
        text = f"zimbraServiceEnabled lacks {' '.join(missing)}"
        if missing:
            hint = _ENABLE.format(server.name, missing[0])
            yield deviates(
                Layer.DECLARED, server.label, text, " ".join(_SERVICES), no_cure=hint
            )
        else:
            seen = f"zimbraServiceEnabled: {' '.join(_SERVICES)}"
            yield sound(Layer.DECLARED, server.label, source="directory", seen=seen)


def _rendered(facts: Facts, host: str) -> Iterator[Judgement]:
    value = facts.read(POSTCONF, host).get("content_filter", "")
    text = f"content_filter = {value}"
    if value.startswith(_FILTER):
        yield sound(Layer.RENDERED, host, source="postconf", seen=text)
    else:
        yield deviates(
            Layer.RENDERED, host, text, f"{_FILTER}[127.0.0.1]:10024", no_cure=_REWRITE
        )


def _running(facts: Facts, host: str) -> Iterator[Judgement]:
    found = {s.port for s in facts.read(LISTENERS, host) if s.protocol == "tcp"}
    for port, program in _PORTS.items():
        if port in found:
            seen = f"{program} listens on port {port}"
            yield sound(Layer.RUNNING, host, source="listeners", seen=seen)
        else:
            text = f"nothing listens on port {port} ({program})"
            yield deviates(Layer.RUNNING, host, text, program, no_cure=_START)


_ON = {"content_filter": "smtp-amavis:[127.0.0.1]:10024"}
_UP = tuple(Listener("tcp", "127.0.0.1", port) for port in _PORTS)

CONTROL = Control(
    id="mail-passes-the-filters",
    title="Mail passes the virus and the spam filter",
    why=(
        "With the services off, or with Postfix not handing mail over, every other "
        "setting of the filters looks sound and nothing is filtered."
    ),
    impact="Mail is held back as the filters' settings say; Amavis needs memory.",
    severity=Severity.MEDIUM,
    tips=("T17", "T18"),
    roles=("mta",),
    check=layers(
        on_directory(Layer.DECLARED, (SERVERS,), _declared),
        on_hosts(Layer.RENDERED, (POSTCONF,), _rendered, role="mta"),
        on_hosts(Layer.RUNNING, (LISTENERS,), _running, role="mta"),
    ),
    refs=("https://www.postfix.org/FILTER_README.html",),
    note=(
        "A site whose filtering is done by a gateway before this server waives it, or "
        "scopes the waiver to the servers that only send."
    ),
    examples=(
        passes(postconf=_ON, listeners=_UP),
        fails(services=("mta", "mailbox"), postconf=_ON, listeners=_UP),
        fails(postconf={"content_filter": ""}, listeners=_UP),
        fails(postconf=_ON, listeners=_UP[:1]),
        unsure(postconf=_ON),
        unsure(missing=("ldap-servers",), postconf=_ON),
    ),
)
