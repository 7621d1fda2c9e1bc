"""root logs in over SSH with a key only, or not at all."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.sshd import every_login
from zmward.sources.sshd import Case

_SAFE = ("no", "prohibit-password", "without-password", "forced-commands-only")
_FILES = "> /etc/ssh/sshd_config\n UsePAM yes\n"


def _problem(case: Case) -> str:
    if case.user != "root":
        return ""
    value = case.one("permitrootlogin")
    return "" if value in _SAFE else f"permitrootlogin {value or '(not said)'}"


CONTROL = Control(
    id="ssh-root-needs-key",
    title="root logs in over SSH with a key only, or not at all",
    why="The name root is known to every guesser, and its password opens everything.",
    impact="root's password no longer works over SSH.",
    severity=Severity.HIGH,
    tips=("T08",),
    locks_out="administrators who log in as root with a password",
    check=every_login(("permitrootlogin",), _problem, "prohibit-password or no"),
    refs=("https://man.openbsd.org/sshd_config#PermitRootLogin",),
    note="sshd -T shows prohibit-password under its old name without-password.",
    examples=(
        passes(
            sshd={"permitrootlogin": "without-password"}, raw={"sshd-files": _FILES}
        ),
        fails(sshd={"permitrootlogin": "yes"}, raw={"sshd-files": _FILES}),
        unsure(missing=("sshd",), raw={"sshd-files": _FILES}),
        unsure(
            sshd={"permitrootlogin": "no"},
            raw={
                "sshd-files": f"{_FILES} Match Address 10.0.0.0/8 User root\n"
                " PermitRootLogin yes\n"
            },
        ),
    ),
)
