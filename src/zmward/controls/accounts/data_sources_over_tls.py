"""Mail is fetched from elsewhere over TLS only."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import on_directory
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.facts import Facts
from zmward.sources.datasources import DATASOURCES, Fetching
from zmward.sources.directory import CONFIG

_COMMON = "zimbraDataSourceConnectionType"
_SAFE = ("ssl", "tls")


def _look(facts: Facts) -> Iterator[Judgement]:
    found = facts.read(DATASOURCES)
    kinds = [kind for kind in found if kind.startswith(("imap on", "pop3 on"))]
    if any(kind.startswith("unknown on") for kind in found):
        yield unknown(Layer.DECLARED, "directory", "sources of no known type are on")
    elif not kinds:
        reason = "nobody fetches mail over IMAP or POP3"
        yield not_concerned(Layer.DECLARED, "directory", reason)
    for kind in kinds:
        group = found[kind]
        protocol, _, how = kind.split(" ")
        if how == "inherited":
            how = facts.config().one(_COMMON)
        text = f"{group.count} over {protocol}: {how}: {', '.join(group.names)}"
        if not how:
            yield unknown(Layer.DECLARED, kind, f"{_COMMON} is set nowhere")
        elif how in _SAFE:
            yield sound(Layer.DECLARED, kind, source="ldap-datasources", seen=text)
        else:
            yield deviates(
                Layer.DECLARED,
                kind,
                text,
                "ssl or tls",
                no_cure="zmprov mds ACCOUNT NAME zimbraDataSourceConnectionType ssl",
                source="ldap-datasources",
            )


CONTROL = Control(
    id="data-sources-over-tls",
    title="Mail is fetched from elsewhere over TLS only",
    why=(
        "The password of the other mailbox crosses the internet in clear text at "
        "every fetch."
    ),
    impact="Users whose other provider has no TLS cannot fetch from there.",
    severity=Severity.MEDIUM,
    tips=("T29",),
    roles=("mailbox",),
    check=on_directory(Layer.DECLARED, (DATASOURCES, CONFIG), _look),
    refs=(),
    examples=(
        passes(
            ldap_datasources={
                "imap on ssl": Fetching(3, ("a@example.com",)),
                "pop3 off cleartext": Fetching(1, ("b@example.com",)),
            }
        ),
        passes(
            ldap_datasources={"pop3 on inherited": Fetching(1, ("a@example.com",))},
            config={_COMMON: "ssl"},
        ),
        fails(ldap_datasources={"pop3 on cleartext": Fetching(1, ("a@example.com",))}),
        fails(
            ldap_datasources={"pop3 on inherited": Fetching(1, ("a@example.com",))},
            config={_COMMON: "cleartext"},
        ),
        fails(
            ldap_datasources={
                "imap on tls_if_available": Fetching(1, ("a@example.com",))
            }
        ),
        unconcerned(ldap_datasources={}),
        unsure(ldap_datasources={"pop3 on inherited": Fetching(1, ("a@example.com",))}),
        unsure(
            ldap_datasources={"unknown on ssl": Fetching(1, ("a@example.com",))},
            config={},
        ),
        unsure(missing=("ldap-datasources",)),
    ),
)
