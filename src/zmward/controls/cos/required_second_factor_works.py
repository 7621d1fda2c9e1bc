"""Where a second factor is required there is a program that asks for it."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_directory
from zmward.controls.shapes.second_factor import FOLDER, SOURCES, lacking
from zmward.deviation import Judgement, Layer, deviates, sound
from zmward.facts import Facts
from zmward.sources.accounts import ACCOUNTS
from zmward.sources.directory import COSES

_REQUIRED = "zimbraFeatureTwoFactorAuthRequired"


def _look(facts: Facts) -> Iterator[Judgement]:
    classes = [cos.label for cos in facts.coses() if cos.one(_REQUIRED) == "TRUE"]
    own = facts.read(ACCOUNTS).overrides.get(_REQUIRED, {}).get("TRUE")
    accounts = [f"account:{name}" for name in own.names] if own else []
    subjects = (*classes, *accounts)
    without = lacking(facts) if subjects else ()
    if not without:
        seen = f"required for {', '.join(subjects) or 'nobody'}"
        yield sound(Layer.DECLARED, "directory", source="directory", seen=seen)
        return
    for subject in subjects:
        yield deviates(
            Layer.DECLARED,
            subject,
            f"{_REQUIRED}: TRUE, and no extension below {FOLDER} on "
            f"{', '.join(without)}",
            "an extension that implements it",
            no_cure="Install one, or set the attribute FALSE, so that it promises "
            "nothing.",
            source="directory",
        )


_SEEN = f"755 root root 4096 1700000000 directory|{FOLDER}\n"
_JAR = (
    f"{_SEEN}444 root root 9000 1700000000 regular file|"
    f"{FOLDER}/twofactorauth/zimbratwofactorauth.jar\n"
)


CONTROL = Control(
    id="required-second-factor-works",
    title="Where a second factor is required there is a program that asks for it",
    why=(
        "On a server without the extension the attribute does nothing: everybody "
        "believes in a protection that is not there."
    ),
    impact="None.",
    severity=Severity.HIGH,
    tips=("T13",),
    roles=("mailbox",),
    check=on_directory(Layer.DECLARED, (*SOURCES, COSES, ACCOUNTS), _look),
    refs=(),
    examples=(
        passes(
            raw={"extensions": _SEEN},
            cos={"default": {_REQUIRED: "FALSE"}},
            accounts={},
        ),
        passes(
            raw={"extensions": _JAR}, cos={"default": {_REQUIRED: "TRUE"}}, accounts={}
        ),
        fails(
            raw={"extensions": _SEEN}, cos={"default": {_REQUIRED: "TRUE"}}, accounts={}
        ),
        fails(
            raw={"extensions": _SEEN},
            cos={"default": {}},
            accounts={_REQUIRED: {"TRUE": ["boss@example.com"]}},
        ),
        unsure(
            servers={"store.example.com": {"zimbraServiceEnabled": "mailbox"}},
            raw={"extensions": _JAR},
            cos={"default": {_REQUIRED: "TRUE"}},
            accounts={},
        ),
        unsure(
            missing=("extensions",), cos={"default": {_REQUIRED: "TRUE"}}, accounts={}
        ),
    ),
)
