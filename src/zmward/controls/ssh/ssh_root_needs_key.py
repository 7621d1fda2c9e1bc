"""root logs in over SSH with a key only, or not at all."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.sshd import PASSWORDS, every_login, ways_without_key
from zmward.controls.shapes.unittext import unit_text
from zmward.sources.sshd import Case

_SAFE = ("no", "prohibit-password", "without-password", "forced-commands-only")
_FILES = "> /etc/ssh/sshd_config\n UsePAM yes\n"
_DROP_INS = "> /etc/ssh/sshd_config\n Include /etc/ssh/sshd_config.d/*.conf\n"
_KEYS = {
    "units": unit_text("ssh"),
    "own-files": "end\n",
    "key-logins": "user root 0 /bin/bash -\npath 0 700\npath 0 700\npath 0 600\n"
    "key ssh-ed25519\nend\n",
}


def _problem(case: Case) -> str:
    if case.user != "root":
        return ""
    value = case.one("permitrootlogin")
    ways = "" if value in _SAFE else ways_without_key(case)
    return f"permitrootlogin {value or '(not said)'}, {ways}" if ways else ""


CONTROL = Control(
    id="ssh-root-needs-key",
    title="root logs in over SSH with a key only, or not at all",
    why="The name root is known to every guesser, and its password opens everything.",
    impact="root's password no longer works over SSH.",
    severity=Severity.HIGH,
    tips=("T08",),
    locks_out="administrators who log in as root with a password",
    check=every_login(
        ("permitrootlogin", *PASSWORDS),
        _problem,
        "prohibit-password or no",
        lambda _: {"PermitRootLogin": "prohibit-password"},
    ),
    refs=("https://man.openbsd.org/sshd_config#PermitRootLogin",),
    note=(
        "sshd -T shows prohibit-password under its old name without-password. Where "
        "sshd takes keys only, `PermitRootLogin yes` lets no password in either."
    ),
    examples=(
        passes(
            sshd={"permitrootlogin": "without-password"}, raw={"sshd-files": _FILES}
        ),
        passes(
            sshd={"permitrootlogin": "yes", "passwordauthentication": "no"},
            raw={"sshd-files": _FILES},
        ),
        fails(
            sshd={"permitrootlogin": "yes", "passwordauthentication": "yes"},
            raw={"sshd-files": _FILES},
        ),
        fails(
            sshd={"permitrootlogin": "yes", "passwordauthentication": "yes"},
            raw={"sshd-files": f"{_DROP_INS} PermitRootLogin yes\n", **_KEYS},
        ),
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
