"""What a probe account of the site's own is let do: proofs that need a password."""

import msgspec

from zmward.scan.line import Exchange


class LoginShown(msgspec.Struct, frozen=True, tag="login"):
    """One proof with the probe account: what was tried, and how it ended."""

    proof: str
    address: str
    port: int
    exchanges: tuple[Exchange, ...] = ()
    trouble: str = ""
