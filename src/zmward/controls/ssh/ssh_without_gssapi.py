"""sshd does not offer GSSAPI."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.sshd import every_login
from zmward.controls.shapes.unittext import unit_text
from zmward.sources.sshd import Case

_FILES = "> /etc/ssh/sshd_config\n UsePAM yes\n"


def _problem(case: Case) -> str:
    # A build without GSSAPI does not print the option.
    value = case.one("gssapiauthentication") or "no"
    return "" if value == "no" else f"gssapiauthentication {value}"


CONTROL = Control(
    id="ssh-without-gssapi",
    title="sshd does not offer GSSAPI",
    why="It is one more way in, and code before the login, that few sites use.",
    impact="Logins with Kerberos tickets no longer work.",
    severity=Severity.LOW,
    tips=("T08",),
    locks_out="users who log in with Kerberos tickets",
    check=every_login(
        ("gssapiauthentication",),
        _problem,
        "no for every login",
        lambda _: {"GSSAPIAuthentication": "no"},
    ),
    refs=("https://man.openbsd.org/sshd_config#GSSAPIAuthentication",),
    note="Red Hat's packages switch it on in a drop-in.",
    examples=(
        passes(sshd={"gssapiauthentication": "no"}, raw={"sshd-files": _FILES}),
        fails(sshd={"gssapiauthentication": "yes"}, raw={"sshd-files": _FILES}),
        fails(
            sshd={"gssapiauthentication": "yes"},
            raw={
                "sshd-files": f"{_FILES} Include /etc/ssh/sshd_config.d/*.conf\n",
                "units": unit_text("ssh"),
                "own-files": "end\n",
                "key-logins": "user root 0 /bin/bash -\npath 0 700\npath 0 700\n"
                "path 0 600\nkey ssh-ed25519\nend\n",
            },
        ),
        unsure(missing=("sshd",), raw={"sshd-files": _FILES}),
    ),
)
