"""What the domain name system says of the site's domains and of the host's address."""

import msgspec

from zmward.scan.line import Exchange


class DnsShown(msgspec.Struct, frozen=True, tag="dns"):
    """The records of one domain that concern its mail."""

    domain: str
    exchanges: tuple[Exchange, ...] = ()
    trouble: str = ""
