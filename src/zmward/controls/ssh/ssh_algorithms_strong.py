"""sshd offers no weak key exchange, host key, cipher or MAC."""

from zmward.control import Control, Severity
from zmward.controls.shapes.from_outside import only_from_outside
from zmward.controls.shapes.outside_ssh import STRONG_ALGORITHMS

CONTROL = Control(
    id="ssh-algorithms-strong",
    title="sshd offers no weak key exchange, host key, cipher or MAC",
    why=(
        "Whoever stands on the way can read or change a session that speaks with "
        "broken algorithms, and administrators type passwords there."
    ),
    impact="Programs that are older than ten years can no longer connect.",
    severity=Severity.MEDIUM,
    tips=("T08",),
    check=only_from_outside(),
    refs=(
        "https://www.rfc-editor.org/rfc/rfc9142",
        "https://nvd.nist.gov/vuln/detail/CVE-2023-48795",
    ),
    note=(
        "Read from sshd's own list before any key is exchanged. HMAC-SHA-1 and "
        "UMAC-64 are OpenSSH's defaults and no finding."
    ),
    outside=STRONG_ALGORITHMS,
    examples=(),
)
