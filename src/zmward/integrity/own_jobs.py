"""Says whether a crontab of user zimbra holds nothing but what Zimbra's packages ship.

An upgrade writes the block between Zimbra's markers anew, from conf/crontabs.
"""

from collections.abc import Iterable
from typing import Final

from zmward.catalog.installation import Z
from zmward.sources.crontab import parse
from zmward.sources.source import Unreadable

TABLES: Final = ("/var/spool/cron/crontabs/zimbra", "/var/spool/cron/zimbra")
SHIPPED: Final = f"{Z}/conf/crontabs"


def only_shipped(table: str, shipped: Iterable[str]) -> bool:
    """Say whether every job of a table is in one of the shipped tables.

    Jobs of the site's own, outside of the markers, are nobody's: then it is not so.
    """
    known = {line.strip() for text in shipped for line in text.split("\n")}
    try:
        found = parse("> table\n" + "".join(f" {line}\n" for line in table.split("\n")))
    except Unreadable:
        return False
    return not found.outside and bool(found.inside) and set(found.inside) <= known
