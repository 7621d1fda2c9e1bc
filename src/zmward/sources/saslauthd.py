"""How saslauthd asks the mailbox server whether a password is right."""

from zmward.sources.source import File, Source, Unreadable


def parse(answer: str) -> dict[str, str]:
    """Read `key: value` lines."""
    found = {}
    for line in answer.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        key, colon, value = line.partition(":")
        if not colon:
            raise Unreadable(f"saslauthd.conf: not a setting: {line[:60]!r}")
        found[key.strip()] = value.strip()
    if "zimbra_url" not in found:
        raise Unreadable("saslauthd.conf names no zimbra_url")
    return found


SASLAUTHD = Source(
    name="saslauthd",
    about="How SMTP logins are asked for at the mailbox server.",
    question=File("/opt/zimbra/conf/saslauthd.conf"),
    parse=parse,
)
