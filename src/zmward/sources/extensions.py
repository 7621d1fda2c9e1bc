"""Server extensions (jars) and zimlets that a mailbox node has deployed."""

from collections.abc import Mapping

from zmward.sources.source import Source, Stat, Status, statuses


def _under(answer: str) -> Mapping[str, Status]:
    return statuses(answer)


EXTENSIONS = Source(
    name="extensions",
    about="Extensions of the mailbox server.",
    question=Stat(("/opt/zimbra/lib/ext/*/*.jar", "/opt/zimbra/lib/ext")),
    parse=_under,
)
ZIMLETS = Source(
    name="zimlets",
    about="Zimlets that are deployed.",
    question=Stat(
        (
            *(
                "/opt/zimbra/zimlets-deployed/*",
                "/opt/zimbra/mailboxd/webapps/service/zimlet/*",
            ),
            "/opt/zimbra/zimlets-deployed",
        )
    ),
    parse=_under,
)
