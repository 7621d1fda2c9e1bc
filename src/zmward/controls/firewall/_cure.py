"""How every finding about the packet filter is repaired."""

from typing import Final

# Rules are loaded by a verb of their own: a plan of many repairs must not wait for a
# confirmation, and a whitelist needs the profile's word on who is who.
NO_CURE: Final = (
    "`zmward firewall try` loads the whitelist with a dead man's switch: it takes the "
    "rules back unless you confirm over a new connection. With `--plan FILE` it only "
    "writes the plan, for `zmward apply`."
)
