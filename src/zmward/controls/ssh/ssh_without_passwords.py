"""sshd accepts keys only, for every user and from every address."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, sound
from zmward.facts import Facts
from zmward.sources.sshd import SSHD

_OPTIONS = ("passwordauthentication", "kbdinteractiveauthentication")
_OLD_NAME = "challengeresponseauthentication"
_NO_CURE = "A change of sshd comes with the repair of files: `zmward plan`."


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    bad: dict[str, list[str]] = {}
    for case in facts.read(SSHD, host):
        for option in _OPTIONS:
            value = case.one(option)
            if not value and option == _OPTIONS[1]:
                value = case.one(_OLD_NAME)
            if value != "no":
                text = f"{option} {value or '(not said)'}"
                bad.setdefault(text, []).append(f"{case.user} from {case.address}")
    if not bad:
        yield sound(
            Layer.RENDERED, host, source="sshd", seen="passwordauthentication no"
        )
    for text, cases in bad.items():
        yield deviates(
            Layer.RENDERED,
            host,
            f"{text} for {', '.join(cases)}",
            "no for every login",
            no_cure=_NO_CURE,
            source="sshd",
        )


CONTROL = Control(
    id="ssh-without-passwords",
    title="sshd accepts keys only, for every user and from every address",
    why="Passwords over SSH are guessed day and night; a key cannot be guessed.",
    impact="Whoever has no key on the server can no longer log in over SSH.",
    severity=Severity.HIGH,
    tips=("T08",),
    locks_out="administrators who log in with a password",
    check=on_hosts(Layer.RENDERED, (SSHD,), _look),
    refs=("https://man.openbsd.org/sshd_config#PasswordAuthentication",),
    note="The seed's command was damaged by translation; sshd uses the first value.",
    examples=(
        passes(
            sshd={"passwordauthentication": "no", "kbdinteractiveauthentication": "no"}
        ),
        fails(
            sshd={"passwordauthentication": "yes", "kbdinteractiveauthentication": "no"}
        ),
        unsure(missing=("sshd",)),
    ),
)
