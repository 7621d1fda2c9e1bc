"""A key of the administrator's own logs in over SSH."""

from zmward.control import Control, Severity
from zmward.controls.shapes.from_outside import only_from_outside
from zmward.controls.shapes.outside_login import proved

CONTROL = Control(
    id="ssh-lets-keys-in",
    title="A key of the administrator's own logs in over SSH",
    why=(
        "Where passwords are refused and no key works, nobody reaches the server when "
        "it needs somebody."
    ),
    impact="None: it is only tried.",
    severity=Severity.MEDIUM,
    tips=("T08",),
    check=only_from_outside(),
    refs=("https://man.openbsd.org/sshd_config#AuthenticationMethods",),
    note=(
        "The system's own ssh tries, with the keys and the agent of whoever runs "
        "zmward; the host's key must be known to it."
    ),
    examples=(),
    outside=proved("ssh-keys"),
)
