"""Postfix runs with what the directory says."""

from collections.abc import Iterator

from zmward.catalog.attributes import attributes
from zmward.catalog.rendering import PARAMETERS, rendered
from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.shapes.mta import words
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.directory import CONFIG, SERVERS
from zmward.sources.postconf import POSTCONF

_FILES = {"zimbraMtaSmtpdSenderLoginMaps"}  # rendered through a template of its own
_NO_CURE = (
    "Decide which of the two is right: put the running value into {}, or render the "
    "declared one (/opt/zimbra/libexec/configrewrite mta), by which the other is lost."
)


def _same(attribute: str, declared: str, live: str) -> bool:
    """Compare as Postfix reads: blanks and commas alike, multi-values in any order."""
    left, right = words(declared), words(live)
    return (
        sorted(left) == sorted(right)
        if attributes()[attribute].multi
        else left == right
    )


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    main = facts.read(POSTCONF, host)
    server = next((s for s in facts.servers() if s.name == host), None)
    compared = 0
    for attribute, parameter in PARAMETERS.items():
        own = server.own(attribute) if server else ()
        values = own or facts.config().own(attribute)
        live = main.get(parameter)
        if not values or live is None or attribute in _FILES:
            continue
        compared += 1
        declared = rendered(attribute, values)[parameter]
        if not _same(attribute, declared, live):
            text = f"{parameter} = {live}"
            yield deviates(
                Layer.RENDERED,
                host,
                text,
                f"{declared} ({attribute})",
                no_cure=_NO_CURE.format(attribute),
            )
    if not compared:
        yield unknown(
            Layer.RENDERED, host, "no attribute and parameter could be compared"
        )
    else:
        yield sound(
            Layer.RENDERED,
            host,
            source="postconf",
            seen=f"{compared} parameters compared",
        )


_GOOD = {"smtpd_tls_auth_only": "yes", "mynetworks": "127.0.0.0/8"}

CONTROL = Control(
    id="mta-runs-what-is-declared",
    title="Postfix runs with what the directory says",
    why=(
        "zmconfigd never looks at its own output: a value changed by hand stays, "
        "works, and vanishes weeks later at the next rewrite, and a declared value may"
        " never have arrived."
    ),
    impact=(
        "Postfix is reloaded with the declared values; what was changed by hand is "
        "lost."
    ),
    severity=Severity.MEDIUM,
    tips=("T11", "T12", "T16", "T18", "T31"),
    roles=("mta",),
    check=on_hosts(Layer.RENDERED, (CONFIG, SERVERS, POSTCONF), _look, role="mta"),
    refs=(),
    note=(
        "Judged where an attribute becomes exactly one parameter. Values set within "
        "the last minute may still be on their way: audit again. "
        "`libexec/configrewrite mta` renders the section anew."
    ),
    examples=(
        passes(config={"zimbraMtaTlsAuthOnly": "TRUE"}, postconf=_GOOD),
        passes(
            config={"zimbraMtaSmtpdTlsProtocols": "!SSLv2, !SSLv3"},
            postconf={**_GOOD, "smtpd_tls_protocols": "!SSLv2,!SSLv3"},
        ),
        fails(
            config={"zimbraMtaTlsAuthOnly": "TRUE"},
            postconf={**_GOOD, "smtpd_tls_auth_only": "no"},
        ),
        fails(
            config={"zimbraMtaMyNetworks": "0.0.0.0/0"},
            server={"zimbraMtaMyNetworks": "127.0.0.0/8"},
            postconf={**_GOOD, "mynetworks": "0.0.0.0/0"},
        ),
        unsure(config={"zimbraMtaTlsAuthOnly": "TRUE"}),
        unsure(config={}, postconf=_GOOD),
    ),
)
