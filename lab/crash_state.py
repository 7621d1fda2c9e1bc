"""What the node of the crash test is like: all that its plan touches, and more."""

import time
from collections.abc import Sequence

from lab.crash_plan import LEFTOVERS, POSTCONF, said
from lab.mirror import remove
from lab.node import Lab

SETTLING = 20.0
# The whole directory but for slapd's own stamps, and the token of the login that was
# killed, which mailboxd keeps in the entry of its account until it expires.
STATE = rf"""
VOLATILE='entryCSN|contextCSN|modifyTimestamp|modifiersName|zimbraAuthTokens'
for place in /etc /opt/zimbra/conf /opt/zimbra/common/conf /var/spool/cron; do
    find $place -xdev ! -path '*/.ssh/*' \( -type f -o -type l -o -type d \) \
        -printf '%p %M %u %g %l\n'
    # crontab writes the time of the change into a comment that it does not show.
    find $place -xdev -type f ! -path '*/crontabs/*' -exec sha256sum {{}} +
done | sort
for unit in cron fail2ban ssh rsyslog unattended-upgrades; do
    echo "$unit $(systemctl is-enabled $unit) $(systemctl is-active $unit)"
done
systemctl list-units --all --plain --no-legend 'zmward*'
dpkg-query -W -f '${{Package}} ${{Version}} ${{db:Status-Status}}\n'
# What is kept of runs, and the lock of a process that is gone, are zmward's own.
ls -A /var/lib/zmward 2>/dev/null | grep -v -e '^lock' -e '^runs$'
crontab -u zimbra -l
mkdir -p /run/crash && chown zimbra /run/crash
runuser -u zimbra -- /opt/zimbra/libexec/zmslapcat /run/crash
grep -vE "^($VOLATILE):" /run/crash/ldap.bak
runuser -u zimbra -- {POSTCONF} -n
sshd -T
"""


def state(lab: Lab) -> list[str]:
    """Return what the node is like, line by line."""
    return said(lab, STATE).splitlines()


def installed(lab: Lab) -> list[str]:
    """Return the packages of the plan that are on the node."""
    words = " ".join(LEFTOVERS)
    form = "'${Package} ${db:Status-Status}\\n'"
    rows = said(lab, f"dpkg-query -W -f {form} {words} 2>/dev/null").splitlines()
    return [row.split()[0] for row in rows if row.endswith(" installed")]


def purge(lab: Lab) -> list[str]:
    """Purge the declared leftovers; return what was not as declared."""
    left = installed(lab)
    wrong = []
    if "fail2ban" in left:
        unit = said(lab, "systemctl is-enabled fail2ban; systemctl is-active fail2ban")
        if unit.split() != ["enabled", "active"]:
            wrong.append(f"the unit that fail2ban made is {unit.split()}")
    if left:
        remove(lab, *left)
    return wrong


def apart(lab: Lab, start: Sequence[str]) -> list[str]:
    """Return what is not as at the start, but for the leftovers, purged for it."""
    wrong = purge(lab)
    # zmconfigd renders in its own time what it was told to.
    limit = time.monotonic() + SETTLING
    while (found := sorted(set(start) ^ set(state(lab)))) and time.monotonic() < limit:
        time.sleep(1)
    return wrong + found


def settled(lab: Lab) -> list[str]:
    """Return what the node is like once that no longer changes."""
    purge(lab)
    last: list[str] = []
    while (now := state(lab)) != last:
        last = now
        time.sleep(3)
    return now


def forget(lab: Lab) -> None:
    """Remove what zmward keeps of its runs, so that the next one counts alike."""
    said(lab, "rm -rf /var/lib/zmward/runs/* /var/lib/zmward/lock*")
