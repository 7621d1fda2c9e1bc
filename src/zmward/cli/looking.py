"""What `zmward scan` and `verify --scan` share: whom to look at, and for what."""

import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from zmward.catalog.ports import PORTS
from zmward.cli.main import own_version
from zmward.doors.authorities import authorities
from zmward.doors.network import resolve
from zmward.engine.scan import Target, Wish, scan
from zmward.engine.talks import Depth
from zmward.errors import Refused, Usage
from zmward.profile import Profile
from zmward.scan.permitted import permitted
from zmward.scan.seen import Seen
from zmward.scan.spans import LAST, numbers
from zmward.scan.tls_shown import Trust
from zmward.scan.udp import PORTS as UDP

SECONDS = 600


def targets(
    names: Iterable[str], site: Profile, vouched: tuple[str, ...]
) -> tuple[Target, ...]:
    """Find the addresses of hosts; refuse those that nobody called the site's own."""
    found = tuple(Target(n, resolve(n)) for n in dict.fromkeys(names))
    foreign = [t for t in found if not permitted(t.name, t.addresses, site, vouched)]
    if foreign:
        one = foreign[0]
        raise Refused(
            f"{one.name} ({', '.join(one.addresses)}) is not named in the profile. "
            "Scan only what is yours: name it there ([scan] hosts), or say so with "
            f"--i-may-scan {one.name}."
        )
    return found


def _ports(words: str | None, *, every: bool) -> tuple[int, ...]:
    if words is not None:
        try:
            return numbers(words)
        except ValueError as error:
            raise Usage(f"--ports: {error}; write 25,80,7000-7100.") from error
    if every:
        return tuple(range(1, LAST + 1))
    return _known()


def _known() -> tuple[int, ...]:
    """Return the TCP ports that the catalog knows."""
    return tuple(sorted({row.port for row in PORTS if "tcp" in row.protocols}))


def wish(options: Mapping[str, Any], site: Profile) -> Wish:
    """Return what the options ask for; the profile says what they leave open."""
    tcp = _ports(options["ports"], every=options["every"])
    now = datetime.now(UTC)
    named = tcp if options["ports"] else _known()
    return Wish(
        tcp=tcp,
        udp=() if options["ports"] else UDP,
        known=frozenset({*named, *UDP}),
        rate=options["rate"] or site.scan.rate,
        seconds=options["seconds"],
        raw=not options["connect"] and os.geteuid() == 0,
        domains=tuple(options["domains"]) or site.scan.domains,
        selectors=site.scan.dkim_selectors,
        blocklists=site.scan.blocklists,
        depth=Depth(Trust(authorities(), now), every=options["deep"]),
        login=options["login"],
        version=own_version(),
        when=now.isoformat(timespec="seconds"),
    )


def look_at(name: str, site: Profile) -> tuple[Seen, ...]:
    """Look at a host that somebody repairs as root: nobody needs to vouch for it."""
    found = targets((name,), site, (name,))
    usual: dict[str, Any] = {
        "ports": None,
        "every": False,
        "rate": None,
        "connect": False,
    }
    usual |= {"seconds": SECONDS, "domains": (), "deep": False, "login": None}
    return scan(found, wish(usual, site), _quiet)


def _quiet(_done: int, _total: int, _about: str) -> None:
    """Tell nobody."""
