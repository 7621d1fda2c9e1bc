"""sshd accepts keys only, for every user and from every address."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.outside_ssh import WITHOUT_PASSWORDS
from zmward.controls.shapes.service import unless_wanted
from zmward.controls.shapes.sshd import (
    PASSWORDS,
    every_login,
    keys_only,
    ways_without_key,
)
from zmward.controls.shapes.unittext import unit_text
from zmward.sources.sshd import UNASKED, Case

_FILES = "> /etc/ssh/sshd_config\n Include /etc/ssh/sshd_config.d/*.conf\n UsePAM yes\n"
_LOGIN = "user root 0 /bin/bash -\npath 0 700\npath 0 700\npath 0 600\n"
_HOST = {"units": unit_text("ssh"), "own-files": "end\n"}
_KEYS = {
    "passwordauthentication": "no",
    "kbdinteractiveauthentication": "no",
    "permitemptypasswords": "no",
    "hostbasedauthentication": "no",
}
_VALUES = {"port": ("22",), **{name: (value,) for name, value in _KEYS.items()}}


CONTROL = Control(
    id="ssh-without-passwords",
    title="sshd accepts keys only, for every user and from every address",
    why="Passwords over SSH are guessed day and night; a key cannot be guessed.",
    impact="Whoever has no key on the server can no longer log in over SSH.",
    severity=Severity.HIGH,
    tips=("T08",),
    locks_out="administrators who log in with a password",
    check=unless_wanted(
        "ssh_passwords",
        every_login(PASSWORDS, ways_without_key, "no for every login", keys_only),
    ),
    refs=("https://man.openbsd.org/sshd_config#PasswordAuthentication",),
    note=(
        "sshd uses the first value that it meets, and a Match overrides it; so sshd "
        "itself is asked, once for each kind of login. It tells what the files say: "
        "a daemon that was not reloaded since may still run with older settings. "
        "Keyboard-interactive is another way to ask for the same password. "
        "AuthenticationMethods that demand a key as well pass."
    ),
    outside=WITHOUT_PASSWORDS,
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
            sshd={**_KEYS, "passwordauthentication": "yes"},
            raw={
                "sshd-files": _FILES,
                "key-logins": f"{_LOGIN}key ssh-ed25519\nend\n",
                **_HOST,
            },
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
        fails(
            sshd={**_KEYS, "challengeresponseauthentication": "yes"},
            raw={
                "sshd-files": _FILES,
                "key-logins": f"{_LOGIN}key ssh-ed25519\nend\n",
                **_HOST,
            },
        ),
        fails(  # a key that only prints whom to log in as
            sshd={**_KEYS, "passwordauthentication": "yes"},
            raw={
                "sshd-files": _FILES,
                "key-logins": f'{_LOGIN}key no-pty,command="echo" ssh-rsa\nend\n',
                **_HOST,
            },
        ),
        unsure(
            sshd=(
                Case("root", "198.51.100.1", {**_VALUES, UNASKED: ("sysadmin",)}),
                Case("zimbra", "198.51.100.1", _VALUES),
            ),
            raw={
                "sshd-files": f"{_FILES} Match Group sysadmin\n"
                " PasswordAuthentication yes\n"
            },
        ),
        unsure(sshd=_KEYS, missing=("sshd-files",)),
        unconcerned(
            sshd={**_KEYS, "passwordauthentication": "yes"},
            profile={"services": {"ssh-passwords": "wanted"}},
        ),
        unsure(missing=("sshd", "sshd-files")),
    ),
)
