"""No account fetches mail from elsewhere."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import on_directory
from zmward.controls.shapes.service import unless_wanted
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.datasources import DATASOURCES, Fetching


def _look(facts: Facts) -> Iterator[Judgement]:
    found = facts.read(DATASOURCES)
    kinds = [kind for kind in found if kind.startswith(("imap on", "pop3 on"))]
    if any(kind.startswith("unknown on") for kind in found):
        yield unknown(Layer.DECLARED, "directory", "sources of no known type are on")
    elif not kinds:
        yield sound(Layer.DECLARED, "directory")
    for kind in kinds:
        group = found[kind]
        yield deviates(
            Layer.DECLARED,
            kind,
            f"{group.count}: {', '.join(group.names)}",
            "none",
            no_cure="Switching the feature off leaves them: zmprov gds ACCOUNT shows, "
            "zmprov dds ACCOUNT NAME removes one.",
            source="ldap-datasources",
        )


CONTROL = Control(
    id="no-data-sources-in-use",
    title="No account fetches mail from elsewhere",
    why=(
        "The server holds the passwords of these mailboxes, and what arrives this"
        " way has passed no filter at the border."
    ),
    impact="Users fetch from their other provider themselves.",
    severity=Severity.LOW,
    tips=("T29",),
    roles=("mailbox",),
    check=unless_wanted(
        "external_sources", on_directory(Layer.DECLARED, (DATASOURCES,), _look)
    ),
    refs=(),
    examples=(
        passes(
            ldap_datasources={
                "gal on inherited": Fetching(1, ("gal@example.com",)),
                "imap off ssl": Fetching(1, ("a@example.com",)),
            }
        ),
        fails(ldap_datasources={"imap on ssl": Fetching(2, ("a@example.com",))}),
        unconcerned(
            ldap_datasources={"imap on ssl": Fetching(2, ("a@example.com",))},
            profile={"services": {"external-sources": "wanted"}},
        ),
        unsure(
            ldap_datasources={"unknown on ssl": Fetching(1, ("a@example.com",))},
        ),
        unsure(missing=("ldap-datasources",)),
    ),
)
