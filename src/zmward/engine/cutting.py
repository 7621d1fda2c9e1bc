"""Which changes can cut the operator off from the host."""

from collections.abc import Iterable

from zmward.change import Change, SetUnit, WriteFile
from zmward.ruleset import LoadRuleset

# fail2ban bans whoever mistyped a password lately, the operator too.
_CUTS_OFF = ("/etc/ssh/", "/etc/sudoers.d/", "/etc/fail2ban/", "/opt/zimbra/.ssh/")
_UNITS = frozenset({"ssh.service", "sshd.service", "ssh.socket", "fail2ban.service"})


def cuts_off(changes: Iterable[Change]) -> bool:
    """Say whether changes can cut the operator off from the host."""
    return any(
        (isinstance(change, WriteFile) and change.path.startswith(_CUTS_OFF))
        or (isinstance(change, SetUnit) and change.unit in _UNITS)
        or isinstance(change, LoadRuleset)
        for change in changes
    )
