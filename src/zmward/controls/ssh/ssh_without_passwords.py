"""sshd accepts keys only, for every user and from every address."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.sshd import every_login
from zmward.sources.sshd import Case

_OPTIONS = (
    "passwordauthentication",
    "kbdinteractiveauthentication",
    "challengeresponseauthentication",
    "permitemptypasswords",
    "hostbasedauthentication",
    "authenticationmethods",
)
_FILES = "> /etc/ssh/sshd_config\n Include /etc/ssh/sshd_config.d/*.conf\n UsePAM yes\n"
_KEYS = {
    "passwordauthentication": "no",
    "kbdinteractiveauthentication": "no",
    "permitemptypasswords": "no",
    "hostbasedauthentication": "no",
}


def _problem(case: Case) -> str:
    """Say by what other than a key this login may succeed."""
    methods = case.one("authenticationmethods").split()
    if methods not in ([], ["any"]) and all("publickey" in way for way in methods):
        return ""
    interactive = case.one(_OPTIONS[1]) or case.one(_OPTIONS[2])
    values = {
        "passwordauthentication": case.one("passwordauthentication"),
        "kbdinteractiveauthentication": interactive,
        "permitemptypasswords": case.one("permitemptypasswords") or "no",
        "hostbasedauthentication": case.one("hostbasedauthentication") or "no",
    }
    wrong = (f"{name} {value}" for name, value in values.items() if value != "no")
    return ", ".join(wrong)


CONTROL = Control(
    id="ssh-without-passwords",
    title="sshd accepts keys only, for every user and from every address",
    why="Passwords over SSH are guessed day and night; a key cannot be guessed.",
    impact="Whoever has no key on the server can no longer log in over SSH.",
    severity=Severity.HIGH,
    tips=("T08",),
    locks_out="administrators who log in with a password",
    check=every_login(_OPTIONS, _problem, "no for every login"),
    refs=("https://man.openbsd.org/sshd_config#PasswordAuthentication",),
    note=(
        "sshd uses the first value that it meets, and a Match overrides it; so sshd "
        "itself is asked, once for each kind of login. It tells what the files say: "
        "a daemon that was not reloaded since may still run with older settings. "
        "Keyboard-interactive is another way to ask for the same password. "
        "AuthenticationMethods that demand a key as well pass."
    ),
    examples=(
        passes(sshd=_KEYS, raw={"sshd-files": _FILES}),
        passes(
            sshd={
                "passwordauthentication": "yes",
                "authenticationmethods": "publickey,password",
            },
            raw={"sshd-files": _FILES},
        ),
        fails(
            sshd={**_KEYS, "passwordauthentication": "yes"}, raw={"sshd-files": _FILES}
        ),
        fails(
            sshd={**_KEYS, "kbdinteractiveauthentication": "yes"},
            raw={"sshd-files": _FILES},
        ),
        unsure(
            sshd=_KEYS,
            raw={
                "sshd-files": f"{_FILES} Match LocalPort 2222\n"
                " PasswordAuthentication yes\n"
            },
        ),
        unsure(sshd=_KEYS, missing=("sshd-files",)),
        unsure(missing=("sshd", "sshd-files")),
    ),
)
