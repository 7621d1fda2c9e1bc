"""Every administrator logs in with a second factor."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import on_directory
from zmward.controls.shapes.second_factor import FOLDER, with_two_factor
from zmward.deviation import Judgement, Layer, deviates, sound
from zmward.facts import Facts
from zmward.sources.accounts import ACCOUNTS, Admin


def _look(facts: Facts) -> Iterator[Judgement]:
    active = [a for a in facts.read(ACCOUNTS).admins if a.status == "active"]
    for admin in active:
        subject = f"account:{admin.name}"
        if admin.two_factor:
            yield sound(Layer.DECLARED, subject)
            continue
        yield deviates(
            Layer.DECLARED,
            subject,
            "not enrolled",
            "zimbraTwoFactorAuthEnabled: TRUE",
            no_cure="The administrator enrols in the web client; no setting does it.",
            source="ldap-accounts",
        )


_SEEN = f"755 root root 4096 1700000000 directory|{FOLDER}\n"
_JAR = (
    f"{_SEEN}444 root root 9000 1700000000 regular file|"
    f"{FOLDER}/twofactorauth/zimbratwofactorauth.jar\n"
)


CONTROL = Control(
    id="administrators-have-second-factor",
    title="Every administrator logs in with a second factor",
    why="One phished password of an administrator is the whole server.",
    impact="Each administrator enrols.",
    severity=Severity.HIGH,
    tips=("T13", "T20"),
    roles=("mailbox",),
    check=with_two_factor(on_directory(Layer.DECLARED, (ACCOUNTS,), _look)),
    refs=(),
    note="zmprov and the principal zimbra are not subject to it.",
    examples=(
        passes(
            raw={"extensions": _JAR},
            admins=(Admin("root@example.com", "active", two_factor=True),),
        ),
        passes(
            raw={"extensions": _JAR},
            admins=(
                Admin("old@example.com", "locked"),
                Admin("root@example.com", "active", two_factor=True),
            ),
        ),
        fails(raw={"extensions": _JAR}, admins=(Admin("root@example.com", "active"),)),
        unconcerned(
            raw={"extensions": _SEEN}, admins=(Admin("root@example.com", "active"),)
        ),
        unsure(missing=("extensions",), admins=(Admin("root@example.com", "active"),)),
    ),
)
