"""Who is really calling: the peer, or what a trusted peer says of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

# RemoteIP trusts these two always, in exactly this spelling.
ALWAYS_TRUSTED = ("127.0.0.1", "[0:0:0:0:0:0:0:1]")


@dataclass(frozen=True)
class Origin:
    """The peer and, if the peer is trusted, the header's account of it."""

    peer: str
    port: int
    origin: str = ""
    origin_port: str = ""
    origin_protocol: str = ""

    @property
    def address(self) -> str:
        """Give the address to log and to judge, verbatim."""
        return self.origin or self.peer


def jetty_address(address: str) -> str:
    """Write an address as Jetty's getRemoteAddr prints it."""
    parsed = ip_address(address.partition("%")[0])
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    groups = parsed.exploded.split(":")
    return "[" + ":".join(f"{int(group, 16):x}" for group in groups) + "]"


def find_origin(
    peer: tuple[str, int],
    headers: Mapping[str, str],
    header: str,
    trusted: Collection[str],
) -> Origin:
    """Read the origin header, if the peer is literally one of the trusted."""
    address = jetty_address(peer[0])
    if not is_trusted(address, trusted):
        return Origin(address, peer[1])
    return Origin(
        address,
        peer[1],
        headers.get(header.lower(), ""),
        headers.get("x-forwarded-port", ""),
        headers.get("x-forwarded-proto", ""),
    )


def is_trusted(address: str, trusted: Collection[str]) -> bool:
    """Compare literally, with and without brackets; there is no CIDR."""
    bare = address.strip("[]")
    return address in ALWAYS_TRUSTED or address in trusted or bare in trusted


def first_external(addresses: str) -> str:
    """Give the left-most address that is not private, as Zimbra's filter does."""
    candidates = [part.strip() for part in addresses.split(",") if part.strip()]
    for candidate in candidates:
        try:
            parsed = ip_address(candidate.strip("[]"))
        except ValueError:
            continue
        if not _is_site_local(parsed.packed):
            return candidate
    return candidates[0] if candidates else ""


def _is_site_local(packed: bytes) -> bool:
    # Java's isSiteLocalAddress, isAnyLocalAddress and isLoopbackAddress.
    if len(packed) == 16:  # noqa: PLR2004 - an IPv6 address
        return packed[:2] == b"\xfe\xc0" or packed[:15] == bytes(15)
    first, second = packed[0], packed[1]
    return (
        first in {0, 10, 127}
        or (first == 172 and 16 <= second <= 31)  # noqa: PLR2004 - RFC 1918
        or (first == 192 and second == 168)  # noqa: PLR2004 - RFC 1918
    )
