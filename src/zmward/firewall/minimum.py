"""What is loaded when nothing else can be: SSH, the cluster by address, mail."""

from msgspec.structs import replace

from zmward.firewall.openings import Opening, Policy


def _needed(opening: Opening) -> bool:
    if opening.zone in ("cluster", "link"):
        return True
    return opening.name == "ssh" or (
        opening.name == "smtp" and opening.zone == "internet"
    )


def minimum(policy: Policy) -> Policy:
    """Return the part of a policy that a host must have even if a load fails.

    All of it is addresses and numbers: no name is ever resolved for it.
    """
    return replace(policy, openings=tuple(filter(_needed, policy.openings)))
