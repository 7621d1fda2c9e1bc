"""As many users have a second factor as the profile asks for."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import on_directory
from zmward.controls.shapes.second_factor import FOLDER, with_two_factor
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.facts import Facts
from zmward.sources.accounts import ACCOUNTS, Accounts, Census


def _look(facts: Facts) -> Iterator[Judgement]:
    wanted = facts.profile.thresholds.two_factor_coverage
    census = facts.read(ACCOUNTS).census
    if not wanted:
        yield not_concerned(Layer.DECLARED, "directory", "the profile asks for none")
        return
    if not census.active:
        yield unknown(Layer.DECLARED, "directory", "no active users were counted")
        return
    text = f"{census.second_factor} of {census.active} active users are enrolled"
    if census.second_factor * 100 >= wanted * census.active:
        yield sound(Layer.DECLARED, "directory", source="ldap-accounts", seen=text)
        return
    yield deviates(
        Layer.DECLARED,
        "directory",
        text,
        f"{wanted} % or more",
        no_cure="Users enrol by themselves: tell them, or require it class by class.",
        source="ldap-accounts",
    )


_HALF = {"thresholds": {"two-factor-coverage": 50}}


def _users(active: int, enrolled: int) -> Accounts:
    census = Census({"user active": active}, {}, enrolled)
    return Accounts(active, (), {}, {}, {}, census)


_SEEN = f"755 root root 4096 1700000000 directory|{FOLDER}\n"
_JAR = (
    f"{_SEEN}444 root root 9000 1700000000 regular file|"
    f"{FOLDER}/twofactorauth/zimbratwofactorauth.jar\n"
)


CONTROL = Control(
    id="second-factor-coverage",
    title="As many users have a second factor as the profile asks for",
    why="A factor that is offered protects nobody; only enrolment does.",
    impact="Users are asked to enrol.",
    severity=Severity.LOW,
    tips=("T13",),
    roles=("mailbox",),
    check=with_two_factor(on_directory(Layer.DECLARED, (ACCOUNTS,), _look)),
    refs=(),
    examples=(
        passes(raw={"extensions": _JAR}, profile=_HALF, ldap_accounts=_users(10, 6)),
        fails(raw={"extensions": _JAR}, profile=_HALF, ldap_accounts=_users(10, 4)),
        unconcerned(raw={"extensions": _JAR}, ldap_accounts=_users(10, 4)),
        unsure(raw={"extensions": _JAR}, profile=_HALF, ldap_accounts=_users(0, 0)),
        unsure(raw={"extensions": _JAR}, profile=_HALF, missing=("ldap-accounts",)),
    ),
)
