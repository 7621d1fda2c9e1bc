"""What every table of the profile is."""

import msgspec


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """A table of the profile: an unknown key is refused."""
