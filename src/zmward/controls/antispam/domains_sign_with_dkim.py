"""Each domain signs its outgoing mail."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import layers, on_directory, on_hosts
from zmward.controls.shapes.outside_records import KEYS_PUBLISHED
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound
from zmward.facts import Facts
from zmward.sources.directory import DOMAINS, SERVERS
from zmward.sources.listeners import LISTENERS, Listener

_NO_CURE = (
    "As zimbra: /opt/zimbra/libexec/zmdkimkeyutil -a -d {} -b 2048; then publish it."
)


def _domains(facts: Facts) -> Iterator[Judgement]:
    domains = [
        d
        for d in facts.domains()
        if d.one("zimbraDomainType") != "alias"
        and d.one("zimbraDomainStatus") not in ("closed", "shutdown")
    ]
    if not domains:
        yield not_concerned(Layer.DECLARED, "directory", "no domain sends mail")
    for domain in domains:
        selector = domain.one("DKIMSelector")
        if selector and domain.own("DKIMKey"):
            yield sound(
                Layer.DECLARED,
                domain.label,
                source="directory",
                seen=f"DKIMSelector: {selector}",
            )
        else:
            key = "a key" if domain.own("DKIMKey") else "no key"
            text = f"DKIMSelector: {selector or '(not set)'}, {key}"
            yield deviates(
                Layer.DECLARED,
                domain.label,
                text,
                "a selector and a key",
                no_cure=_NO_CURE.format(domain.name),
            )


def _service(facts: Facts) -> Iterator[Judgement]:
    for server in facts.servers("mta"):
        services = server.own("zimbraServiceEnabled")
        if "opendkim" in services:
            yield sound(
                Layer.DECLARED,
                server.label,
                source="directory",
                seen="zimbraServiceEnabled: opendkim",
            )
        else:
            yield deviates(
                Layer.DECLARED,
                server.label,
                "the service opendkim is not enabled",
                "opendkim enabled",
                no_cure=f"zmprov ms {server.name} +zimbraServiceEnabled opendkim, "
                "then zmopendkimctl start.",
            )


_MILTER = 8465


def _running(facts: Facts, host: str) -> Iterator[Judgement]:
    ports = {s.port for s in facts.read(LISTENERS, host) if s.protocol == "tcp"}
    if _MILTER in ports:
        seen = f"opendkim listens on port {_MILTER}"
        yield sound(Layer.RUNNING, host, source="listeners", seen=seen)
    else:
        yield deviates(
            Layer.RUNNING,
            host,
            f"nothing listens on port {_MILTER} (opendkim)",
            "opendkim",
            no_cure="As zimbra: zmopendkimctl start; /var/log/zimbra.log says why not.",
        )


_SIGNED = {
    "DKIMSelector": "one",
    "DKIMKey": "zmward:secret:set",
    "zimbraDomainType": "local",
}

_UP = (Listener("tcp", "127.0.0.1", _MILTER),)

CONTROL = Control(
    id="domains-sign-with-dkim",
    title="Each domain signs its outgoing mail",
    why=(
        "Without a signature anybody's mail in the domain's name looks as real as its "
        "own, and large receivers refuse it."
    ),
    impact=(
        "Nothing is refused; the public key must be in the DNS before the signature "
        "counts."
    ),
    severity=Severity.MEDIUM,
    tips=("T18",),
    roles=("mta",),
    check=layers(
        on_directory(Layer.DECLARED, (DOMAINS,), _domains),
        on_directory(Layer.DECLARED, (SERVERS,), _service),
        on_hosts(Layer.RUNNING, (LISTENERS,), _running, role="opendkim"),
    ),
    refs=(),
    note=(
        "Whether the key is published, and SPF and DMARC, are seen from outside: "
        "`zmward scan`. DKIM keys are made with libexec/zmdkimkeyutil, never by "
        "attribute."
    ),
    outside=KEYS_PUBLISHED,
    examples=(
        passes(domains={"example.com": _SIGNED}, listeners=_UP),
        fails(domains={"example.com": _SIGNED}, listeners=()),
        passes(
            domains={
                "example.com": _SIGNED,
                "alias.example.com": {"zimbraDomainType": "alias"},
            },
            listeners=_UP,
        ),
        fails(
            domains={
                "example.com": _SIGNED,
                "two.example.com": {"zimbraDomainType": "local"},
            }
        ),
        fails(domains={"example.com": _SIGNED}, services=("mta", "mailbox")),
        unsure(missing=("ldap-domains",)),
    ),
)
